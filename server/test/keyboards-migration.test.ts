import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { expect, test } from 'vitest';
import { migrate } from '../src/platform/migrations.ts';
import { testDatabase } from './database.ts';

const MIGRATIONS = new URL('../migrations/', import.meta.url);

test('buttons stored before keyboards had kinds become text buttons under their message, in their order', async () => {
  await using storage = await testDatabase();
  const before = mkdtempSync(join(tmpdir(), 'migrations-'));
  for (const name of readdirSync(MIGRATIONS).filter((file) => file < '0006'))
    cpSync(new URL(name, MIGRATIONS), join(before, name));
  const client = new pg.Client({ connectionString: storage.url });
  await client.connect();
  await client.query('drop schema public cascade; create schema public');
  await migrate(storage.url, pathToFileURL(`${before}/`));

  const rows = [
    [
      { label: 'Доставка', payload: '{"n":1}' },
      { label: 'Часы', payload: '{"n":2}' },
    ],
    [{ label: 'Заказ', payload: '"order"' }],
  ];
  const insert = `
    insert into message (id, account_id, kind, text, buttons, steps, created_at, expires_at, channel)
    values ($1, 1, 'reply', 'text', $2, '[]', now(), now(), 'VK')`;
  for (const [id, buttons] of [rows, [], null].entries()) {
    await client.query(insert, [id, buttons === null ? null : JSON.stringify(buttons)]);
  }
  await migrate(storage.url);
  const { rows: stored } = await client.query<{ keyboard: unknown }>('select keyboard from message order by id');
  await client.end();
  rmSync(before, { recursive: true });
  const texts = rows.map((row) => row.map((button) => ({ kind: 'text', ...button })));
  expect(stored.map(({ keyboard }) => keyboard)).toEqual([{ place: 'message', rows: texts }, null, null]);
});
