import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { createManualClock } from '../../test/manual-clock.ts';
import { type Database, openDatabase, type Queryable } from '../platform/database.ts';
import { createBudgets, createDayCaps, LIMITS } from './limits.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const ANNA_PHONE = 'phone:79999999999';
const ANNA_WORK_PHONE = 'phone:79990000009';
const ANNA = 'user:37119444';

let database: Database;
let drop: () => Promise<void>;
let lanes = 0;
beforeAll(async () => {
  const made = await testDatabase();
  drop = made.drop;
  database = openDatabase(made.url, { connectionsMax: 8 });
});
afterAll(async () => {
  await database.close();
  await drop();
});

/** One group with a clock of its own; `take` says how many of the asked notifications were allowed. */
function group() {
  const clock = createManualClock();
  const caps = createDayCaps({ windowMs: LIMITS.notificationsPerPerson.windowMs });
  const laneId = ++lanes;
  const { max } = LIMITS.notificationsPerPerson;
  return {
    clock,
    caps,
    laneId,
    async take(count: number, ...persons: string[]): Promise<number> {
      const wants = Array.from({ length: count }, () => ({ laneId, persons, max }));
      const answers = await database.transaction((tx) => caps.take(tx, wants, new Date(clock.now())));
      return answers.filter(({ taken }) => taken).length;
    },
  };
}

test('five go out in any 24 hours, and the sixth when the first is a day and a minute old, not at midnight', async () => {
  const { take, clock } = group();
  expect(await take(3, ANNA_PHONE)).toBe(3);
  await clock.advance(14 * HOUR_MS);
  expect(await take(4, ANNA_PHONE)).toBe(2);
  await clock.advance(10 * HOUR_MS + MINUTE_MS - 1); // past midnight of Moscow, a millisecond short of it
  expect(await take(1, ANNA_PHONE)).toBe(0);
  await clock.advance(1);
  expect(await take(5, ANNA_PHONE)).toBe(3);
});

test('two phones of one known person share the five', async () => {
  const { take } = group();
  expect(await take(3, ANNA_PHONE, ANNA)).toBe(3);
  expect(await take(3, ANNA_WORK_PHONE, ANNA)).toBe(2);
});

test('what a phone got before its person was known still counts after', async () => {
  const { take } = group();
  expect(await take(4, ANNA_PHONE)).toBe(4);
  expect(await take(3, ANNA_PHONE, ANNA)).toBe(1);
});

test('a refused one says when it may go', async () => {
  const { caps, clock, laneId, take } = group();
  const firstAt = clock.now();
  await take(5, ANNA_PHONE);
  await clock.advance(HOUR_MS);
  const [answer] = await database.transaction((tx) =>
    caps.take(tx, [{ laneId, persons: [ANNA_PHONE], max: 5 }], new Date(clock.now())),
  );
  expect(answer).toEqual({ taken: false, freeAt: new Date(firstAt + 24 * HOUR_MS + MINUTE_MS) });
});

test('a place given back may be taken again', async () => {
  const { caps, clock, laneId, take } = group();
  await take(5, ANNA_PHONE, ANNA);
  await database.transaction((tx) =>
    caps.giveBack(tx, [{ laneId, persons: [ANNA_PHONE, ANNA], takenAt: new Date(clock.now()) }]),
  );
  // All five bear one time here: the give-back of one must not free the others' places.
  expect(await take(5, ANNA_PHONE, ANNA)).toBe(1);
});

test('places given back together free as many as were given back', async () => {
  const { caps, clock, laneId, take } = group();
  await take(5, ANNA_PHONE, ANNA);
  const place = { laneId, persons: [ANNA_PHONE, ANNA], takenAt: new Date(clock.now()) };
  await database.transaction((tx) => caps.giveBack(tx, [place, place, { ...place, persons: ['phone:79990000001'] }]));
  expect(await take(5, ANNA_PHONE)).toBe(2);
});

test('a notification that is tried again counts from its last try, in the names known by then, and is never refused', async () => {
  const { caps, clock, laneId, take } = group();
  const first = { persons: [ANNA_PHONE], takenAt: new Date(clock.now()) };
  await take(1, ANNA_PHONE);
  await take(5, ANNA);
  await clock.advance(HOUR_MS - MINUTE_MS);
  const again = { laneId, persons: [ANNA_PHONE, ANNA], max: 5, held: first };
  const answers = await database.transaction((tx) => caps.take(tx, [again], new Date(clock.now())));
  expect(answers).toEqual([{ taken: true, persons: [ANNA_PHONE, ANNA] }]);
  await clock.advance(23 * HOUR_MS + 30 * MINUTE_MS);
  expect(await take(5, ANNA_PHONE)).toBe(4);
});

test('a place that a call without an answer took more than an hour ago stays, and its repeat asks for another one', async () => {
  const { take, caps, clock, laneId } = group();
  const held = { persons: [ANNA_PHONE], takenAt: new Date(clock.now()) };
  expect(await take(4, ANNA_PHONE)).toBe(4);
  const repeat = async () => {
    const [answer] = await database.transaction((tx) =>
      caps.take(tx, [{ laneId, persons: [ANNA_PHONE], max: 5, held }], new Date(clock.now())),
    );
    return answer?.taken;
  };
  await clock.advance(HOUR_MS);
  expect(await repeat()).toBe(true);
  expect(await take(1, ANNA_PHONE)).toBe(0);
  expect(await repeat()).toBe(false);
});

test('of two that begin to count one person at the same time, one fails instead of forgetting what the other counted', async () => {
  const { caps, clock, laneId, take } = group();
  const wants = [{ laneId, persons: [ANNA_PHONE], max: 5 }];
  const now = new Date(clock.now());
  const late = database.transaction(async (tx) => {
    // A process that has lost the lane and does not know it yet: it looks before the other has committed, and writes after.
    const slow: Queryable = {
      ...tx,
      run: async (statement, values) => {
        await take(3, ANNA_PHONE);
        return tx.run(statement, values);
      },
    };
    await caps.take(slow, wants, now);
  });
  await expect(late).rejects.toThrow('counted by another process');
  expect(await take(5, ANNA_PHONE)).toBe(2);
});

test('many groups and people are counted at once, each for itself', async () => {
  const [one, other] = [group(), group()];
  const now = new Date(one.clock.now());
  const want = (laneId: number, person: string) => ({ laneId, persons: [person], max: 5 });
  await one.take(4, ANNA);
  const wants = [want(other.laneId, ANNA), want(one.laneId, ANNA), want(one.laneId, ANNA_PHONE), want(one.laneId, ANNA)];
  const answers = await database.transaction((tx) => one.caps.take(tx, wants, now));
  expect(answers.map(({ taken }) => taken)).toEqual([true, true, true, false]);
  const places = [one, other].map(({ laneId }) => ({ laneId, persons: [ANNA], takenAt: now }));
  await database.transaction((tx) => one.caps.giveBack(tx, places));
  expect([await one.take(5, ANNA), await other.take(6, ANNA)]).toEqual([1, 5]);
});

test('groups and people do not share their days', async () => {
  const one = group();
  const other = group();
  expect(await one.take(6, ANNA_PHONE)).toBe(5);
  expect(await other.take(6, ANNA_PHONE)).toBe(5);
  expect(await one.take(6, 'phone:79990000001')).toBe(5);
});

test('concurrent requests never pass a sender’s budget, and the next day of Moscow begins anew', async () => {
  const budgets = createBudgets();
  const account = await database.rows<{ id: number }>({
    name: 'test.account',
    text: "insert into account (name, callback_secret) values ('shop', '') returning id",
  });
  const [sender] = await database.rows<{ id: number }>(
    { name: 'test.sender', text: "insert into sender (account_id, name) values ($1, 's') returning id" },
    [account[0]?.id],
  );
  const senderId = sender?.id as number;
  const take = async (wanted: number, now: Date) => {
    const granted = await database.transaction((tx) => budgets.take(tx, [{ senderId, budgetPerDay: 10, wanted }], now));
    return granted.get(senderId) ?? Number.NaN;
  };
  const evening = new Date('2026-01-15T20:59:59Z');
  const granted = await Promise.all(Array.from({ length: 6 }, () => take(3, evening)));
  expect(granted.reduce((sum, count) => sum + count, 0)).toBe(10);
  expect(await take(3, evening)).toBe(0);
  expect(await take(3, new Date('2026-01-15T21:00:00Z'))).toBe(3);
});
