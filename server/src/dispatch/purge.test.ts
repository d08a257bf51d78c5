import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { eventually } from '../../test/dispatch-town.ts';
import { createManualClock } from '../../test/manual-clock.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { createPurge } from './dispatch.ts';

const HOUR_MS = 3_600_000;

let database: Database;
let drop: () => Promise<void>;
beforeAll(async () => {
  const made = await testDatabase();
  drop = made.drop;
  database = openDatabase(made.url);
});
afterAll(async () => {
  await database.close();
  await drop();
});

const fill = async (name: string, text: string, values: unknown[]): Promise<void> => {
  await database.run({ name: `test.purge.${name}`, text }, values);
};
const left = async (what: string): Promise<string[]> => {
  const text = {
    clientMessages: 'select client_message_id as id from client_message order by 1',
    keys: 'select key as id from idempotency_key order by 1',
    sent: 'select network_id as id from sent_message order by 1',
    people: 'select person as id from day_window order by 1',
    budgets: 'select day::text as id from sender_budget_use order by 1',
    workers: 'select count(*)::text as id from worker',
  }[what];
  return (await database.rows<{ id: string }>({ name: `test.purge.left.${what}`, text: text as string })).map(({ id }) => id);
};

test('what nothing can ask for any more goes, in as many batches as it takes, and everything younger stays', async () => {
  const clock = createManualClock(Date.UTC(2026, 0, 15, 9));
  const ago = (hours: number): Date => new Date(clock.now() - hours * HOUR_MS);
  const young = ago(23.99);
  for (let index = 0; index < 7; index += 1) {
    await fill('client', `insert into client_message values (1, $1, '', 1, $2)`, [`old ${index}`, ago(24)]);
    await fill('key', `insert into idempotency_key values (1, $1, '', '', $2)`, [`old ${index}`, ago(24)]);
    await fill('sent', 'insert into sent_message values (1, $1, $2, 0, $3)', [`old ${index}`, index, ago(72)]);
    await fill('people', 'insert into day_window values (1, $1, $2)', [`old ${index}`, [ago(30), ago(24.02)]]);
  }
  await fill('client', `insert into client_message values (1, $1, '', 1, $2)`, ['young', young]);
  await fill('key', `insert into idempotency_key values (1, $1, '', '', $2)`, ['young', young]);
  await fill('sent', 'insert into sent_message values (1, $1, $2, 0, $3)', ['young', 8, ago(71.99)]);
  await fill('people', 'insert into day_window values (1, $1, $2)', ['young', [ago(30), young]]);
  await fill('people', 'insert into day_window values (1, $1, $2)', ['a nobody', []]);
  await fill('account', `insert into account (id, name, callback_secret) overriding system value values (1, 'shop', '')`, []);
  await fill('sender', `insert into sender (id, account_id, name) overriding system value values (1, 1, 's')`, []);
  for (const day of ['2026-01-12', '2026-01-13', '2026-01-15'])
    await fill('budget', 'insert into sender_budget_use values (1, $1, 1)', [day]);
  await fill(
    'worker',
    `insert into worker select gen_random_uuid(), now() - interval '1 minute' * m from unnest($1::int[]) as m`,
    [[1, 61]],
  );

  const purge = createPurge({ database, clock, batchMax: 3 });
  purge.run();
  await eventually(async () => {
    await clock.advance(100);
    return (await left('workers'))[0] === '1';
  });
  await purge.stop();
  expect(await left('clientMessages')).toEqual(['young']);
  expect(await left('keys')).toEqual(['young']);
  expect(await left('sent')).toEqual(['young']);
  expect(await left('people')).toEqual(['young']);
  expect(await left('budgets')).toEqual(['2026-01-13', '2026-01-15']);
});

test('a person whom a claim is just counting is left alone', async () => {
  const clock = createManualClock(Date.UTC(2026, 0, 20, 9));
  await fill('people', 'insert into day_window values (1, $1, $2)', ['claimed', [new Date(clock.now() - 48 * HOUR_MS)]]);
  const purge = createPurge({ database, clock });
  await database.transaction(async (tx) => {
    await tx.rows({ name: 'test.purge.claim', text: `select from day_window where person = 'claimed' for update` });
    await fill(
      'worker',
      `insert into worker select gen_random_uuid(), now() - interval '1 minute' * m from unnest($1::int[]) as m`,
      [[90]],
    );
    purge.run();
    await eventually(async () => (await left('workers'))[0] === '1');
    expect(await left('people')).toContain('claimed');
  });
  await purge.stop();
});

test('old rows are found by the block range index, however many the planner expects', async () => {
  await database.transaction(async (tx) => {
    await tx.run({ name: 'test.purge.off', text: 'set local enable_seqscan = off' });
    for (const [table, time] of [
      ['client_message', 'created_at'],
      ['idempotency_key', 'created_at'],
      ['sent_message', 'sent_at'],
    ]) {
      const text = `explain select ctid from ${table} where ${time} <= now() limit 5 for update skip locked`;
      const plan = await tx.rows<{ 'QUERY PLAN': string }>({ name: `test.purge.plan.${table}`, text });
      expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toMatch(/Bitmap Index Scan on \w+_(created|sent)/);
    }
  });
});
