import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { runCli } from './run.ts';
import { testTerminal } from './test-terminal.ts';
import { openWorkplace } from './workplace.ts';

let database: TestDatabase;
let first: Buffer;
const envOf = (key: Buffer) => ({ DATABASE_URL: database.url, SOROKA_SECRET_KEY: key.toString('base64') });

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  first = randomBytes(32);
  await using place = await openWorkplace(testTerminal(envOf(first)));
  await place.database.run({ name: 'test_no_accounts', text: 'truncate account cascade' });
  const { id: accountId } = await place.accounts.create('pizzeria');
  const credentials = { token: 'token-of-the-group' };
  const group = { accountId, kind: 'vk', groupId: '1', baseUrl: 'http://127.0.0.1:9' } as const;
  await place.connections.add({ ...group, credentials, receive: 'off', settings: {} });
});

/** `key`: of SOROKA_SECRET_KEY. */
async function rotate(key: Buffer, to: Buffer | string) {
  const text = typeof to === 'string' ? to : `${to.toString('base64')}\n`;
  const terminal = testTerminal(envOf(key), { readInput: async () => text });
  const code = await runCli(['secrets', 'rotate', '--new-key-file', '-', '--json'], terminal);
  return { code, ...terminal.printed };
}

async function tokenUnder(key: Buffer): Promise<string> {
  await using place = await openWorkplace(testTerminal(envOf(key)));
  const [connection] = await place.connections.list();
  return (await place.connections.credentials(connection?.id as number)).token;
}

test('what is sealed opens with the new key afterwards, and not with the old one', async () => {
  const second = randomBytes(32);
  const { code, out, note } = await rotate(first, second);
  expect({ code, note }).toEqual({ code: 0, note });
  const { changed, already, columns, left } = JSON.parse(out);
  expect({ changed, already }).toEqual({ changed: 2, already: 0 });
  expect(columns).toEqual(expect.arrayContaining(['account.callback_secret: 1', 'connection.credentials: 1']));
  expect(left).toEqual(['Put the new key into SOROKA_SECRET_KEY of every server, then start them.']);
  expect(await tokenUnder(second)).toBe('token-of-the-group');
  await expect(tokenUnder(first)).rejects.toThrow();
});

test('run again, it takes what was sealed under the old key meanwhile', async () => {
  const second = randomBytes(32);
  await rotate(first, second);
  {
    await using place = await openWorkplace(testTerminal(envOf(first)));
    await place.accounts.create('late');
  }
  expect(JSON.parse((await rotate(first, second)).out)).toMatchObject({ changed: 1, already: 2 });
});

test('with a wrong old key nothing is changed', async () => {
  const { code, note } = await rotate(randomBytes(32), randomBytes(32));
  expect(code).toBe(1);
  expect(note).toMatch(/a value of account\.callback_secret opens with neither key/i);
  expect(await tokenUnder(first)).toBe('token-of-the-group');
});

test('a new key that is none, or the one in use, is refused before anything is read', async () => {
  expect(await rotate(first, 'short')).toMatchObject({ code: 2, note: expect.stringContaining('--new-key-file must hold') });
  expect(await rotate(first, first)).toMatchObject({ code: 2, note: expect.stringContaining('the key that is in use') });
});

test('every column of bytes is a hash, a body of a network, or known as sealed', async () => {
  await using place = await openWorkplace(testTerminal(envOf(first)));
  const columns = await place.database.rows<{ name: string }>({
    name: 'test_bytes',
    text: `
      select table_name || '.' || column_name as name from information_schema.columns
      where table_schema = 'public' and data_type = 'bytea'
        and col_description(format('%I', table_name)::regclass, ordinal_position) is distinct from 'sealed'
        and column_name !~ '(sha256|hash)$'
      order by 1`,
  });
  const known = [
    'broadcast.link_key', // tells a press of a link from a made-up one, and opens nothing
    'file.thumbnail',
    'file_part.bytes', // what people sent, as their words
    'login_throttle.key', // a hash too
    'raw_event.body',
  ];
  expect(columns.map(({ name }) => name)).toEqual(known);
});
