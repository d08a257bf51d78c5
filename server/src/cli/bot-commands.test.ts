import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { runCli } from './run.ts';
import { testTerminal } from './test-terminal.ts';

let url: string;
let drop: () => Promise<void>;
beforeAll(async () => {
  ({ url, drop } = await testDatabase());
  await run('', 'account', 'create', 'pizzeria');
});
afterAll(() => drop());

async function run(input: string, ...words: string[]) {
  const env = { DATABASE_URL: url, SOROKA_SECRET_KEY: Buffer.alloc(32, 7).toString('base64') };
  const terminal = testTerminal(env, { readInput: async () => input });
  const code = await runCli(words, terminal);
  return { code, ...terminal.printed };
}
const SHOP = fileURLToPath(new URL('../../../bot/templates/shop.yaml', import.meta.url));
const HELLO = 'rules: [{name: hello, when: {keywords: [привет]}, reply: Добрый день}]';

test('a bot is tried by the tests in its file, without a database', async () => {
  const terminal = testTerminal({});
  expect(await runCli(['bot', 'test', SHOP], terminal)).toBe(0);
  expect(terminal.printed.out).toContain('passes');
  const failing = `${HELLO}\ntests: [{name: greets, dialog: [{say: привет}, {expect: До свидания}]}]`;
  expect(await run(failing, 'bot', 'test', '-')).toMatchObject({
    ...{ code: 1, note: expect.stringMatching(/Greets: dialog\[1\] expect: .+Добрый день.+1 of 1 tests fail/) },
  });
  expect((await run(HELLO, 'bot', 'test', '-')).note).toContain('holds no tests');
});

test('lint warns of what may be meant, and fails for what will trouble people', async () => {
  expect(await run(HELLO, 'bot', 'lint', '-')).toMatchObject({ code: 0, note: expect.stringContaining('Nothing was found') });
  const unpressed = HELLO.replace('keywords: [привет]', 'payload: {do: greet}');
  const unreached = `${HELLO}\nscenarios: {lost: [{say: Меня не найти}]}`;
  expect(await run(unpressed, 'bot', 'lint', '-')).toMatchObject({ code: 0, out: expect.stringContaining('warning') });
  expect(await run(unreached, 'bot', 'lint', '-')).toMatchObject({ code: 1, note: expect.stringContaining('lost') });
});

test('a file is published as the next version of a bot, made where there is none, and rolled back', async () => {
  const first = await run(HELLO, 'bot', 'publish', 'Shop', '-', '--group', 'VK:213243638', '--json');
  expect(JSON.parse(first.out)).toMatchObject({ name: 'Shop', published: 1, groups: ['VK:213243638'] });
  const second = await run(HELLO.replace('Добрый', 'Хороший'), 'bot', 'publish', 'Shop', '-', '--json');
  expect(JSON.parse(second.out)).toMatchObject({ published: 2, latest: 2, groups: ['VK:213243638'] });
  await run('', 'bot', 'rollback', 'Shop', '1');
  expect(JSON.parse((await run('', 'bot', 'list', '--json')).out)).toMatchObject([{ name: 'Shop', published: 1, latest: 2 }]);
  expect(await run('', 'bot', 'rollback', 'Shop', '9')).toMatchObject({
    code: 1,
    note: expect.stringContaining('no such version'),
  });
  expect(await run('rules: 1', 'bot', 'publish', 'Shop', '-')).toMatchObject({ code: 1, note: expect.stringMatching(/rules/i) });
});
