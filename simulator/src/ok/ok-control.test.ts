import { afterAll, beforeAll, expect, test } from 'vitest';
import { createManualClock } from '../world/world.ts';
import { OK_SETTINGS } from './ok-settings.ts';
import { read, type SimulatedOk, startOk } from './test/start-ok.ts';

let ok: SimulatedOk;
beforeAll(async () => {
  ok = await startOk(createManualClock());
});
afterAll(() => ok[Symbol.asyncDispose]());

const settings = async () =>
  (await read(fetch(`${new URL(ok.url).origin}/control/ok/settings`))).body as unknown as {
    name: string;
    value: unknown;
    about: string;
  }[];
const settingOf = async (name: string) => (await settings()).find((setting) => setting.name === name)?.value;

test('every setting is shown with its value, its default, what it may be and where it comes from', async () => {
  const shown = await settings();
  expect(shown.map(({ name }) => name)).toEqual(Object.keys(OK_SETTINGS));
  expect(shown[0]).toEqual({
    name: 'textCharactersMax',
    value: 4_000,
    default: 4_000,
    min: 1,
    max: 100_000,
    about: expect.stringContaining('ok.md 3.3'),
  });
  expect(shown.filter(({ about }) => !/\(ok\.md \d/.test(about))).toEqual([]);
});

test.each([
  [{ textCharactersMax: 0 }, 'textCharactersMax', 'from 1 to 100000'],
  [{ textCharactersMax: 1.5 }, 'textCharactersMax', 'whole number'],
  [{ textCharactersMax: 'many' }, 'textCharactersMax', 'whole number'],
  [{ oauthErrorsIn: 'header' }, 'oauthErrorsIn', 'fragment, query'],
  [{ colour: 'red' }, 'colour', 'not known here'],
])('%j is refused by name, and nothing is changed', async (changes, field, text) => {
  const { status, body } = await ok.control('settings', { recipientsMax: 7, ...changes });
  expect([status, body]).toMatchObject([
    400,
    { error: { code: 'field.invalid', field, message: expect.stringContaining(text) } },
  ]);
  expect(await settingOf('recipientsMax')).toBe(100);
});

test('a change stands until the world is reset', async () => {
  await ok.set({ recipientsMax: 7 });
  expect(await settingOf('recipientsMax')).toBe(7);
  ok.world.reset();
  expect(await settingOf('recipientsMax')).toBe(100);
});

test('a body that is no JSON, a person who is nobody and an event that is none are explained', async () => {
  const post = (name: string, body: string) =>
    read(fetch(`${new URL(ok.url).origin}/control/ok/${name}`, { method: 'POST', body }));
  expect((await post('settings', '{')).body).toMatchObject({ error: { message: expect.stringContaining('not JSON') } });
  expect((await post('revoke', '{"phone":"1"}')).status).toBe(404);
  expect((await post('application-event', '{"event":5}')).body).toMatchObject({ error: { field: 'event' } });
});
