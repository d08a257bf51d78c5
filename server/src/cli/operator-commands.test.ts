import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { openDatabase } from '../platform/database.ts';
import { runCli } from './run.ts';
import { testTerminal } from './test-terminal.ts';

const SECRET_KEY = Buffer.alloc(32, 7).toString('base64');
let url: string;
let drop: () => Promise<void>;
beforeAll(async () => {
  ({ url, drop } = await testDatabase());
  await run('account', 'create', 'pizzeria');
});
afterAll(() => drop());

/** What the program printed, and how it ended. `input` is standard input. */
async function runWith(input: string, ...words: string[]) {
  const terminal = testTerminal({ DATABASE_URL: url, SOROKA_SECRET_KEY: SECRET_KEY }, { readInput: async () => input });
  const code = await runCli(words, terminal);
  return { code, ...terminal.printed };
}
const run = (...words: string[]) => runWith('', ...words);
const listed = async () => JSON.parse((await run('operator', 'list', '--json')).out);

test('the first owner is made with a password that goes alone into a pipe', async () => {
  const made = await run('operator', 'add', 'anna@pizzeria.example', '--name', 'Анна', '--role', 'owner');
  expect(made).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^[\w-]{20}\n$/),
    note: expect.stringContaining('owner of pizzeria'),
  });
  expect(await listed()).toMatchObject([{ login: 'anna@pizzeria.example', role: 'owner', groups: 'all', disabled: false }]);
});

test('a password from standard input is taken and not printed, and one on the command line is refused', async () => {
  const given = await runWith('nine white magpies\n', 'operator', 'add', 'petr', '--name', 'Пётр', '--password', '-');
  expect(given).toMatchObject({ code: 0, out: '' });
  expect(given.note).not.toContain('magpies');
  const shown = await run('operator', 'password', 'petr', '--password', 'nine white magpies');
  expect(shown).toMatchObject({ code: 2, note: expect.stringContaining('standard input') });
  expect((await runWith('short', 'operator', 'password', 'petr', '--password', '-')).note).toContain('10 to 200 characters');
});

test('operators are changed and disabled by their login; the last owner is not', async () => {
  expect((await run('operator', 'set', 'petr', '--groups', 'VK:213243638,OK:7', '--capacity', '5')).code).toBe(0);
  expect((await run('operator', 'disable', 'PETR')).note).toContain('petr is disabled');
  expect(await listed()).toMatchObject([{}, { login: 'petr', groups: ['VK:213243638', 'OK:7'], capacity: 5, disabled: true }]);
  expect((await run('operator', 'set', 'petr', '--enable', '--groups', 'all', '--capacity', 'none')).code).toBe(0);
  expect(await listed()).toMatchObject([{}, { groups: 'all', capacity: null, disabled: false }]);
  expect((await run('operator', 'disable', 'anna@pizzeria.example')).note).toContain('without an owner');
  expect((await run('operator', 'set', 'nobody', '--role', 'admin')).note).toContain('There is no operator "nobody"');
  expect((await run('operator', 'set', 'petr')).code).toBe(2);
});

test('the audit log is found whole, and broken once somebody has been at it', async () => {
  expect(await run('audit', 'check')).toMatchObject({ code: 0, note: expect.stringContaining('is whole') });
  const database = openDatabase(url, { connectionsMax: 1 });
  await database.run({ name: 'test.tamper', text: "update audit_entry set object = 'operator:99' where number = 2" });
  await database.close();
  expect(await run('audit', 'check')).toMatchObject({ code: 1, note: expect.stringContaining('Entry 2') });
});
