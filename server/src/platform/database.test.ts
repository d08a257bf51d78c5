import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { type Database, isDatabaseAway, openDatabase } from './database.ts';

const TIMEOUT_MS = 500;
const LOCK = { name: 'test.lock', text: 'select pg_advisory_xact_lock(1)' };
const SLEEP = { name: 'test.sleep', text: 'select pg_sleep(60)' };
const SLEEPERS = {
  name: 'test.sleepers',
  text: `select pid from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
};

let own: TestDatabase;
let impatient: Database;
let patient: Database;
beforeAll(async () => {
  own = await testDatabase();
  impatient = openDatabase(own.url, { timeoutMs: TIMEOUT_MS });
  patient = openDatabase(own.url);
});
afterAll(async () => {
  await impatient.close();
  await patient.close();
  await own.drop();
});

test('a statement that is not answered in time fails as one whose database is away, and PostgreSQL has ended it, too', async () => {
  const failed = await impatient
    .transaction((tx) => tx.run(SLEEP))
    .then(
      () => null,
      (error: unknown) => error,
    );
  expect(isDatabaseAway(failed)).toBe(true);
  await expect.poll(() => patient.rows(SLEEPERS), { timeout: 10_000 }).toEqual([]);
});

test('who begins a transaction and falls silent holds its locks no longer than the time-out', async () => {
  const silence = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const silent = impatient.transaction(async (tx) => {
    await tx.run(LOCK);
    locked.resolve();
    await silence.promise;
    await tx.run(LOCK);
  });
  await locked.promise;
  await patient.transaction((tx) => tx.run(LOCK)); // waits for the lock, for ever if need be
  silence.resolve();
  await expect(silent).rejects.toThrow();
});

test('after a time-out the pool answers again', async () => {
  await expect(impatient.run(SLEEP)).rejects.toThrow();
  expect(await impatient.rows({ name: 'test.one', text: 'select 1 as one' })).toEqual([{ one: 1 }]);
});

test('what is left for the end of a transaction runs in order, inside of it, and others are told when they can see it', async () => {
  await patient.run({ name: 'test.make', text: 'create table seen (what text)' });
  const insert = { name: 'test.insert', text: 'insert into seen values ($1)' };
  const read = { name: 'test.read', text: 'select what from seen' };
  const order: string[] = [];
  const result = await patient.transaction(async (tx) => {
    tx.beforeCommit(async () => {
      await tx.run(insert, ['first']);
      order.push('first');
      tx.beforeCommit(async () => void order.push('added on the way'));
    });
    tx.beforeCommit(async () => void order.push('second'));
    tx.afterCommit(() => order.push('told'));
    order.push('work');
    return 'answer';
  });
  expect(result).toBe('answer');
  expect(order).toEqual(['work', 'first', 'second', 'added on the way', 'told']);
  expect(await patient.rows(read)).toEqual([{ what: 'first' }]);

  const failed = patient.transaction(async (tx) => {
    tx.afterCommit(() => order.push('told of nothing'));
    tx.beforeCommit(async () => {
      await tx.run(insert, ['not to be']);
      throw new Error('no');
    });
  });
  await expect(failed).rejects.toThrow('no');
  expect(order.at(-1)).toBe('told');
  expect(await patient.rows(read)).toEqual([{ what: 'first' }]);
});

// What a PostgreSQL that is being stopped does to who has just come: "Message Formats" of its documentation, protocol 3.0.
const GREETING = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]); // AuthenticationOk, ReadyForQuery (idle)
const FAREWELL_FIELDS = 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0';
const farewell = Buffer.alloc(5 + FAREWELL_FIELDS.length);
farewell.write('E');
farewell.writeInt32BE(4 + FAREWELL_FIELDS.length, 1);
farewell.write(FAREWELL_FIELDS, 5);

test('an end that PostgreSQL announces in one breath with its greeting fails the statement, and nothing else', async () => {
  const stopping = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(Buffer.concat([GREETING, farewell])));
  });
  await once(stopping.listen(0, '127.0.0.1'), 'listening');
  const database = openDatabase(`postgres://nobody@127.0.0.1:${(stopping.address() as AddressInfo).port}/nothing`);
  try {
    // Not the words of the error, whose order of arrival is the driver's affair: without a listener vitest fails for an uncaught error.
    const failed = await database.run({ name: 'test.greeted', text: 'select 1' }).catch((error: unknown) => error);
    expect(isDatabaseAway(failed)).toBe(true);
    const failedTransaction = await database.transaction(async () => {}).catch((error: unknown) => error);
    expect(isDatabaseAway(failedTransaction)).toBe(true);
  } finally {
    await database.close();
    stopping.close();
  }
});
