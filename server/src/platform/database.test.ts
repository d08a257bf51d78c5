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
