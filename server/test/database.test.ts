import { readdirSync } from 'node:fs';
import pg from 'pg';
import { expect, test } from 'vitest';
import { testDatabase } from './database.ts';

async function query<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

test('a test database has every migration applied', async () => {
  await using database = await testDatabase();
  const rows = await query<{ name: string }>(database.url, 'select name from migration order by name');
  const files = readdirSync(new URL('../migrations/', import.meta.url)).filter((name) => name.endsWith('.sql'));
  expect(rows.map(({ name }) => name)).toEqual(files.sort());
});

test('two test databases do not see each other', async () => {
  await using one = await testDatabase();
  await using other = await testDatabase();
  await query(one.url, "insert into account (name, callback_secret) values ('only here', '\\x00')");
  expect(await query(one.url, 'select name from account')).toEqual([{ name: 'only here' }]);
  expect(await query(other.url, 'select name from account')).toEqual([]);
});

test('a dropped test database is gone, even with a connection left open', async () => {
  const database = await testDatabase();
  const forgotten = new pg.Client({ connectionString: database.url });
  forgotten.on('error', () => {}); // the drop ends it
  await forgotten.connect();
  await database.drop();
  await expect(query(database.url, 'select 1')).rejects.toThrow(/does not exist/);
});
