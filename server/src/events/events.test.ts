import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { createManualClock } from '../../test/manual-clock.ts';
import { systemClock } from '../platform/clock.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { createEvents, type EventEntry, type Events, type Frame, type Viewer } from './events.ts';

const ALL: Viewer = { operatorId: null, groups: null };
const DAY_MS = 86_400_000;
const log = pino({ level: 'silent' });
const ACCOUNT = {
  name: 'test.account',
  text: `insert into account (name, callback_secret) values ('account ' || gen_random_uuid(), '\\x00') returning id`,
};
const ROWS = { name: 'test.rows', text: 'select count(*)::int as rows from event_log where account_id = $1' };
const AGE = { name: 'test.age', text: 'update event_log set created_at = $2 where account_id = $1 and sequence <= $3' };

let own: TestDatabase;
let database: Database;
let accountId: number;
beforeAll(async () => {
  own = await testDatabase();
  database = openDatabase(own.url);
});
afterAll(async () => {
  await database.close();
  await own.drop();
});
beforeEach(async () => {
  const [account] = await database.rows<{ id: number }>(ACCOUNT);
  accountId = account?.id as number;
});

/** A process with a log of its own on the same database. */
async function startLog(changes: { clock?: typeof systemClock; cleansUp?: boolean } = {}) {
  const { clock = systemClock, cleansUp = false } = changes;
  const events = createEvents({ database, clock, log, keepDays: 7 });
  await events.run({ cleansUp });
  return Object.assign(events, { [Symbol.asyncDispose]: () => events.stop() });
}

const entry = (n: number, more: Partial<EventEntry> = {}): EventEntry => ({ kind: 'test', body: { n }, ...more });
const happen = (events: Events, ...entries: EventEntry[]) =>
  database.transaction(async (tx) => events.note(tx, accountId, entries));

function read(frame: Frame) {
  return JSON.parse(frame.bytes.toString()) as {
    type: string;
    sequence: number;
    after: number;
    asOf: number;
    reason: string;
    entries: { kind: string; dialogId?: number; body: { n: number } }[];
  };
}

/** Listens like a screen does: each frame must go on from the one before. */
function screen(events: Events, viewer: Viewer = ALL, after = 0) {
  const seen: number[] = [];
  const state = { seen, cursor: after, frames: 0, resets: [] as string[] };
  const listening = events.listen({
    ...{ accountId, viewer, after },
    deliver(frame) {
      const { type, sequence, after: from, entries, asOf, reason } = read(frame);
      state.frames += 1;
      if (type === 'reset') {
        state.resets.push(reason);
        state.cursor = asOf;
        return;
      }
      if (from !== state.cursor) throw new Error(`a gap: ${from} after ${state.cursor}`);
      state.cursor = sequence;
      seen.push(...entries.map(({ body }) => body.n));
    },
  });
  return Object.assign(state, listening);
}

test('what a transaction noted is one event, and a transaction that failed left none', async () => {
  await using events = await startLog();
  await database.transaction(async (tx) => {
    events.note(tx, accountId, [entry(1)]);
    events.note(tx, accountId, [entry(2, { dialogId: 7 })]);
    events.note(tx, accountId, []);
  });
  const failed = database.transaction(async (tx) => {
    events.note(tx, accountId, [entry(3)]);
    throw new Error('no');
  });
  await expect(failed).rejects.toThrow('no');
  await happen(events, entry(4));
  await expect.poll(() => events.head(accountId)).toBe(2);
  expect(read(await events.after(accountId, 0, ALL))).toEqual({
    type: 'event',
    sequence: 2,
    after: 0,
    entries: [
      { kind: 'test', body: { n: 1 } },
      { kind: 'test', dialogId: 7, body: { n: 2 } },
      { kind: 'test', body: { n: 4 } },
    ],
  });
  expect(read(await events.after(accountId, 2, ALL))).toEqual({ type: 'event', sequence: 2, after: 2, entries: [] });
});

test('events of many transactions at once, written by several processes, reach all screens in one order without a gap', async () => {
  await using one = await startLog();
  await using other = await startLog();
  const early = [screen(one), screen(other)];
  const numbers = Array.from({ length: 200 }, (_, index) => index);
  await Promise.all(numbers.map((n) => happen(n % 2 === 0 ? one : other, entry(n))));
  const late = [screen(one), screen(other, ALL, 50)];
  for (const { seen } of early) await expect.poll(() => seen.length).toBe(200);
  for (const { cursor } of [...early]) expect(cursor).toBe(200);
  const [first, second] = early;
  expect(second?.seen).toEqual(first?.seen);
  expect([...(first?.seen ?? [])].sort((a, b) => a - b)).toEqual(numbers);
  await expect.poll(() => late[0]?.seen).toEqual(first?.seen);
  await expect.poll(() => late[1]?.seen).toEqual(first?.seen.slice(50));
});

test('of two transactions of which one saw the other, the later one has the higher number, also where a third is open meanwhile', async () => {
  await using events = await startLog();
  const { seen } = screen(events);
  const open = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  const slow = database.transaction(async (tx) => {
    events.note(tx, accountId, [entry(1)]);
    tx.beforeCommit(async () => {
      written.resolve(); // the row has its id, and nobody can see it
      await open.promise;
    });
  });
  await written.promise;
  await happen(events, entry(2));
  await expect.poll(() => seen).toEqual([2]);
  open.resolve();
  await slow;
  await happen(events, entry(3));
  await expect.poll(() => seen).toEqual([2, 1, 3]);
});

test('an operator sees what is for everybody, for its groups and for itself; its cursor moves over the rest', async () => {
  await using events = await startLog();
  const vera = screen(events, { operatorId: 5, groups: ['VK:1'] });
  const whole = screen(events);
  await happen(events, entry(1, { group: 'VK:2' }), entry(2, { group: 'VK:1' }));
  await happen(events, entry(3, { group: 'VK:2' }));
  await happen(events, entry(4, { operatorId: 6 }), entry(5, { operatorId: 5 }), entry(6));
  await happen(events, entry(7, { group: 'OK:1' }));
  await expect.poll(() => whole.seen).toEqual([1, 2, 3, 6, 7]);
  await expect.poll(() => vera.seen).toEqual([2, 5, 6]);
  await expect.poll(() => read(vera.beat()).sequence).toBe(4);
  expect(read(await events.after(accountId, 0, { operatorId: 5, groups: [] })).entries.map(({ body }) => body.n)).toEqual([5, 6]);
});

test('a batch of a thousand entries comes in rows that can be read one by one', async () => {
  await using events = await startLog();
  await happen(events, ...Array.from({ length: 1_000 }, (_, n) => entry(n)));
  const { seen } = screen(events);
  await expect.poll(() => seen).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
  expect(await database.rows(ROWS, [accountId])).toEqual([{ rows: 5 }]);
});

test('a flood is read in several frames, none of which leaves anything out', async () => {
  await using events = await startLog();
  const long = 'x'.repeat(20_000);
  for (let n = 0; n < 120; n += 1) await happen(events, { ...entry(n), body: { n, text: long } });
  const state = screen(events);
  await expect.poll(() => state.seen.length).toBe(120);
  expect(state.frames).toBeGreaterThan(8);
});

test('a cursor older than what is kept, and one of another history, are told to begin anew', async () => {
  const clock = createManualClock();
  await using events = await startLog();
  for (let n = 1; n <= 3; n += 1) {
    await happen(events, entry(n));
    await expect.poll(() => events.head(accountId)).toBe(n);
  }
  await database.run(AGE, [accountId, new Date(clock.now() - 8 * DAY_MS), 2]);
  {
    await using _cleaner = await startLog({ clock, cleansUp: true });
    await expect.poll(() => database.rows(ROWS, [accountId])).toEqual([{ rows: 1 }]);
  }
  const gone = screen(events, ALL, 1);
  const future = screen(events, ALL, 9);
  const current = screen(events, ALL, 2);
  await expect.poll(() => gone.resets).toEqual(['expired']);
  await expect.poll(() => future.resets).toEqual(['ahead']);
  await expect.poll(() => current.seen).toEqual([3]);
  await happen(events, entry(4));
  for (const state of [gone, future]) await expect.poll(() => state.seen).toEqual([4]);
});

test('who has left hears nothing more', async () => {
  await using events = await startLog();
  const left = screen(events);
  const stays = screen(events);
  left.stop();
  await happen(events, entry(1));
  await expect.poll(() => stays.seen).toEqual([1]);
  expect(left.seen).toEqual([]);
});

test('a ticket is good for one use, for 30 seconds', async () => {
  const clock = createManualClock();
  const events = createEvents({ database, clock, log, keepDays: 7 });
  const seat = { accountId, viewer: { operatorId: 5, groups: ['VK:1'] } };
  const { ticket, expiresAt } = await events.issueTicket(seat);
  expect(expiresAt.getTime()).toBe(clock.now() + 30_000);
  expect(await events.redeemTicket(ticket)).toEqual(seat);
  expect(await events.redeemTicket(ticket)).toBeNull();
  expect(await events.redeemTicket('unknown')).toBeNull();
  const late = await events.issueTicket(seat);
  await clock.advance(30_001);
  expect(await events.redeemTicket(late.ticket)).toBeNull();
});
