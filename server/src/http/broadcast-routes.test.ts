import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../test/dispatch-town.ts';
import { startIncomingTown } from '../../test/incoming-town.ts';
import { type Stand, startStand } from './http-stand.ts';

let town: Awaited<ReturnType<typeof startIncomingTown>>;
let stand: Stand;
let key: string;
beforeAll(async () => {
  town = await startIncomingTown();
  town.dispatch.run();
  town.broadcasts.run();
  const { accounts, contacts, broadcasts, account } = town;
  stand = await startStand({ accounts, contacts, broadcasts });
  key = (await accounts.createKey(account.id, { name: 'all', scopes: ['send'] })).key;
});
afterAll(async () => {
  await stand[Symbol.asyncDispose]();
  await town.broadcasts.stopRunning();
  await town[Symbol.asyncDispose]();
});

const call = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: object) =>
  stand.call({
    ...{
      method,
      url,
      headers: { authorization: `Key ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    },
    ...(body !== undefined && { payload: JSON.stringify(body) }),
  });
const draft = (more: object = {}) => ({
  name: 'Меню',
  variants: [{ text: 'Меню: https://pizzeria.example/menu' }],
  audience: { segment: {} },
  ways: [{ kind: 'message', group: `VK:${town.groupIds.vk}` }],
  ...more,
});

test('a broadcast is drafted, changed, looked at beforehand, tried, started and reported; its link leads on', async () => {
  await town.post('vk', town.vkMessage('Добрый день'));
  await town.settled();
  const { id, ...made } = (await call('POST', '/v1/broadcasts', draft())).body;
  expect(made).toMatchObject({ name: 'Меню', state: 'draft', audience: { segment: {} }, winner: null, startedAt: null });
  const path = `/v1/broadcasts/${id}`;
  expect((await call('PATCH', path, { name: 'Новое меню' })).body).toMatchObject({ name: 'Новое меню', variants: made.variants });
  expect((await call('GET', `${path}/preview`)).body).toMatchObject({ contacts: 1, gets: 1, getsNot: 0, ways: [1] });
  const [person] = await town.contacts.list(town.account.id, { beforeId: Number.MAX_SAFE_INTEGER, limit: 1 });
  expect((await call('POST', `${path}/test`, { contactId: person?.id })).body).toMatchObject({ messageId: expect.any(Number) });
  expect((await call('POST', `${path}/start`, {})).body).toMatchObject({ state: 'running' });
  await eventually(async () => (await call('GET', path)).body.state === 'finished');
  const link = town.networks.vk.taken.at(-1)?.text.split('soroka.example')[1] ?? '';
  expect((await stand.app.inject({ url: link })).headers['location']).toBe('https://pizzeria.example/menu');
  expect((await stand.app.inject({ url: link.replace(/.$/, '') })).statusCode).toBe(404);
  expect((await call('GET', `${path}/report`)).body).toMatchObject({ recipients: 1, funnel: { sent: 1, clicked: 1 } });
  expect((await call('GET', `${path}/recipients`)).body).toMatchObject({
    items: [{ contactId: person?.id, state: 'given', status: 'SENT', clickedAt: expect.any(String) }],
    nextCursor: null,
  });
  expect((await call('DELETE', path)).body.error).toMatchObject({ code: 'broadcast.state' });
  expect((await call('GET', '/v1/broadcasts')).body.items).toMatchObject([{ id, state: 'finished' }]);
});

test('phones of a list become contacts, each once', async () => {
  const { body } = await call(
    'POST',
    '/v1/broadcasts',
    draft({ audience: { phones: ['+7 999 000-00-01', '79990000001', '89990000002'] } }),
  );
  expect(body.audience).toEqual({ contacts: 2 });
});

test.each([
  [{ variants: [] }, 'variants'],
  [{ variants: [{ text: 'Привет, {{ name' }] }, 'variants[0].text'],
  [{ variants: [{ text: 'x\u0000' }] }, 'variants[0].text'],
  [{ ways: [{ kind: 'message', group: 'VK:1' }] }, 'ways[0].group'],
  [{ ways: [{ kind: 'template', service: 'Nobody', templateId: 4 }] }, 'ways[0].service'],
  [{ ways: [{ kind: 'template', service: 'Group_name', templateId: 5 }] }, 'ways[0].templateId'],
  [{ audience: { segmentId: 999_999 } }, 'audience.segmentId'],
  [{ audience: { phones: ['123'] } }, 'audience.phones[0]'],
  [{ windows: [{ weekdays: [1], from: '20:00', to: '10:00' }] }, 'windows[0].to'],
  [{ timeZone: 'Mars/Base' }, 'timeZone'],
  [{ trial: { share: 20, minutes: 5, by: 'clicked' } }, 'trial'],
])('%j is refused', async (more, field) => {
  const { status, body } = await call('POST', '/v1/broadcasts', draft(more));
  expect([status, body.error.code, body.error.field]).toEqual([400, 'parameter.invalid', field]);
});
