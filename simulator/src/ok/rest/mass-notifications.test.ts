import { afterEach, beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../world/world.ts';
import { ANNA, BORIS, DINA, type SimulatedOk, startOk } from '../test/start-ok.ts';

const SECRET = 'DEMOAPPSECRET';
const DAY_MS = 86_400_000;

let ok: SimulatedOk;
let clock: ManualClock;
beforeEach(async () => {
  clock = createManualClock();
  ok = await startOk(clock);
});
afterEach(() => ok[Symbol.asyncDispose]());

/** `yyyy.MM.dd HH:mm` of Moscow, some hours from now. */
const inHours = (hours: number) =>
  new Date(clock.now() + (hours + 3) * 3_600_000).toISOString().slice(0, 16).replace('T', ' ').replaceAll('-', '.');
const sendMass = async (given: Record<string, string> = {}) =>
  (await ok.rest({ method: 'notifications.sendMass', text: 'Скидка', expires: inHours(24), ...given }, SECRET)).body as unknown;
const texts = (phone: string) => {
  clock.advance(100);
  return ok.world.inbox(ok.person(phone)).map(({ text }) => text);
};

test('it reaches everybody who has launched the application, each with their own name', async () => {
  expect(
    await sendMass({ text: `\${user.first-name} \${user.last-name} (\${user.age}), \${user.full-name}: \${user.shoe-size}` }),
  ).toBe(1);
  expect(texts(ANNA.phone)).toEqual([`Анна Белова (30), Анна Белова: \${user.shoe-size}`]);
  expect(texts(BORIS.phone)).toHaveLength(1);
  expect(texts(DINA.phone)).toEqual([]);
});

test.each<[Record<string, string>, string[]]>([
  [{ gender: 'F' }, ['Анна']],
  [{ gender: 'male' }, ['Борис']],
  [{ age_range: '30-30' }, ['Анна']],
  [{ age_range: '30-31' }, ['Анна', 'Борис']],
  [{ birthday_range: '01.01-01.01' }, ['Анна']],
  [{ birthday_range: '12.30-01.01' }, ['Анна']],
  [{ city: 'москва' }, ['Анна']],
  [{ country: 'RU' }, ['Анна', 'Борис']],
  [{ has_email: 'true' }, ['Анна']],
  [{ last_access_range: '2026.09.20-2026.09.20' }, ['Анна', 'Борис']],
  [{ last_access_range: '2026.09.21-2026.09.22' }, []],
  [{ first_access_range: '2026.06.13-2026.06.14' }, ['Анна', 'Борис']],
  [{ mask: '1' }, []],
  [{ gender: 'F', has_email: 'false' }, []],
  [{ status: 'ADMINS_ONLY' }, ['Анна']],
])('%j chooses %j', async (filters, expected) => {
  await sendMass(filters);
  const reached = { Анна: texts(ANNA.phone), Борис: texts(BORIS.phone) };
  expect(Object.entries(reached).flatMap(([name, got]) => (got.length === 0 ? [] : [name]))).toEqual(expected);
});

test('the sixth public one hides the oldest; those for administrators are not counted', async () => {
  for (let n = 1; n <= 5; n += 1) await sendMass({ text: `№ ${n}` });
  await sendMass({ text: 'Нам', status: 'A' });
  expect(texts(ANNA.phone)).toEqual(['№ 1', '№ 2', '№ 3', '№ 4', '№ 5', 'Нам']);
  await sendMass({ text: '№ 6' });
  expect(texts(ANNA.phone)).toEqual(['№ 2', '№ 3', '№ 4', '№ 5', 'Нам', '№ 6']);
});

test('the 31st of a day is refused', async () => {
  for (let n = 1; n <= 30; n += 1) await sendMass();
  expect(await sendMass()).toMatchObject({ error_code: 26 });
  clock.advance(DAY_MS);
  expect(await sendMass()).toBe(31);
});

test('it goes out of sight when its time is over, and when it is stopped', async () => {
  await sendMass({ text: 'на день' });
  await sendMass({ text: 'на два', expires: inHours(48) });
  const stop = () => ok.rest({ method: 'notifications.stopSendMass', id: '2' }, SECRET);
  clock.advance(DAY_MS);
  expect(texts(ANNA.phone)).toEqual(['на два']);
  expect((await stop()).body).toBe(true);
  expect(texts(ANNA.phone)).toEqual([]);
  expect((await stop()).body.error_code).toBe(300);
});

test('a notification to one person leaves it where it is', async () => {
  await sendMass({ text: 'всем' });
  for (const text of ['раз', 'два']) await ok.rest({ method: 'notifications.sendSimple', uid: ANNA.id, text }, SECRET);
  expect(texts(ANNA.phone)).toEqual(['всем', 'два']);
});
