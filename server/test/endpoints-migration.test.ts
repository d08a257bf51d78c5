import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { expect, test } from 'vitest';
import { migrate } from '../src/platform/migrations.ts';
import { testDatabase } from './database.ts';

const MIGRATIONS = new URL('../migrations/', import.meta.url);

test('the two endpoints that one host had become one, and its callbacks keep what they are', async () => {
  await using storage = await testDatabase();
  const before = mkdtempSync(join(tmpdir(), 'migrations-'));
  for (const name of readdirSync(MIGRATIONS).filter((file) => file < '0009'))
    cpSync(new URL(name, MIGRATIONS), join(before, name));
  const client = new pg.Client({ connectionString: storage.url });
  await client.connect();
  await client.query('drop schema public cascade; create schema public');
  await migrate(storage.url, pathToFileURL(`${before}/`));

  await client.query(`
    insert into callback_endpoint (account_id, origin, form, created_at) values
      (1, 'https://a.example', 'status', now()), (1, 'https://a.example', 'incoming', now()), (2, 'https://a.example', 'incoming', now());
    insert into callback (account_id, endpoint_id, url, order_key, body, attempt, due_at, created_at)
      select account_id, id, origin, 'message:' || id, '{}', id - 1, now(), now() from callback_endpoint;
    insert into callback_delivered (id, account_id, endpoint_id, url, order_key, body, attempt, batch_id, created_at, delivered_at)
      select 100 + id, account_id, id, origin, 'message:' || id, '{}', 1, 100 + id, now(), now() from callback_endpoint`);
  await migrate(storage.url);
  const read = async (text: string) => (await client.query<{ line: string }>(text)).rows.map(({ line }) => line);
  const origins = await read("select account_id || ' ' || origin as line from callback_endpoint order by id");
  const waiting = await read("select concat_ws(' ', account_id, endpoint_id, form, again) as line from callback order by id");
  const delivered = await read(
    "select concat_ws(' ', account_id, endpoint_id, form) as line from callback_delivered order by id",
  );
  await client.end();
  rmSync(before, { recursive: true });
  expect(origins).toEqual(['1 https://a.example', '2 https://a.example']);
  expect(waiting).toEqual(['1 1 status f', '1 1 incoming t', '2 3 incoming t']);
  expect(delivered).toEqual(['1 1 status', '1 1 incoming', '2 3 incoming']);
});
