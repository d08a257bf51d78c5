import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Compile } from 'typebox/compile';
import { afterAll, expect, test } from 'vitest';
import {
  type CodeBot,
  lintBot,
  OutsideRequest,
  readBot,
  readBotTests,
  readOutsideAnswer,
  runBotTests,
  testBot,
} from '../src/bot.ts';

// Each block runs as it stands on its page.

const folder = mkdtempSync(join(tmpdir(), 'bot-pages-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function blockOf(page: string, fence: string): string {
  const text = readFileSync(new URL(`../../docs/bots/${page}.md`, import.meta.url), 'utf8');
  const [, block] = new RegExp(`^\`\`\`${fence}\n(.*?)^\`\`\``, 'ms').exec(text) ?? [];
  if (block === undefined) throw new Error(`${page}.md has no block ${fence}`);
  return block;
}

/** Runs a block as a module beside the others of this test; the package is the sources. */
async function run(file: string, block: string): Promise<Record<string, unknown>> {
  const path = join(folder, file);
  writeFileSync(path, block.replace("'@soroka/bot'", `'${new URL('../src/bot.ts', import.meta.url).href}'`));
  return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
}

const linesOf = (block: string): number => block.trim().split('\n').length;

test('the bot of ten lines answers on both networks', async () => {
  const block = blockOf('code', 'ts bot-10');
  expect(linesOf(block)).toBe(10);
  const { bot } = (await run('ten.ts', block)) as { bot: CodeBot };
  for (const network of ['vk', 'ok'] as const) {
    const t = testBot(bot, { network });
    await t.start();
    await t.press('Часы');
    await t.user('а курьером можно?');
    await t.user('вы открыты?');
    expect([t.expectReply(), t.expectReply(), t.expectReply(), t.expectReply()]).toEqual([
      'Здравствуйте! Что подсказать?',
      'С 10 до 23 каждый день.',
      'Привезём за 45 минут.',
      'С 10 до 23 каждый день.',
    ]);
  }
});

test('the scene of fifty lines passes the test of the page about tests', async () => {
  const block = blockOf('code', 'ts bot-50');
  expect(linesOf(block)).toBeLessThanOrEqual(50);
  await run('bot.ts', block);
  await run('bot-test.ts', blockOf('testing', 'ts test'));
});

test.each(['rules', 'scenarios'])('the file of the page about %s is read, passes lint, and its own tests', async (page) => {
  const yaml = blockOf(page, 'yaml');
  const [read, tests] = [readBot(yaml), readBotTests(yaml)];
  if (!read.ok || !tests.ok) throw new Error(JSON.stringify([read, tests]));
  expect(lintBot(read.bot)).toEqual([]);
  expect((await runBotTests(read.bot, tests.tests)).filter(({ ok }) => !ok)).toEqual([]);
});

test('the server of thirty lines answers what is posted to it, as the schemas say', async () => {
  const block = blockOf('outside-bots', 'ts outside');
  expect(linesOf(block)).toBeLessThanOrEqual(35);
  const before = process.env['PORT'];
  process.env['PORT'] = '0';
  const { server } = (await run('outside.ts', block)) as { server: Server };
  if (before === undefined) delete process.env['PORT'];
  else process.env['PORT'] = before;
  if (!server.listening) await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    let session: unknown;
    const kinds: string[][] = [];
    for (const text of ['привет', '77', '100500']) {
      const request: OutsideRequest = {
        id: text,
        type: 'bot.event',
        botVersion: '1',
        dialogId: '7',
        now: 0,
        network: 'vk',
        groupId: '1',
        isWorkingHours: true,
        person: { id: '1', variables: {}, labels: [] },
        event: { kind: 'message', text, attachments: [] },
        ...(session !== undefined && { session }),
      };
      expect(Compile(OutsideRequest).Check(request)).toBe(true);
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: JSON.stringify(request) });
      const read = readOutsideAnswer(await response.json());
      if (!read.ok) throw new Error(read.problems.join('; '));
      session = read.answer.session;
      kinds.push(read.answer.actions.map(({ kind }) => kind));
    }
    expect(kinds).toEqual([['say'], ['say'], ['set', 'say', 'handoff']]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test.each([
  [{ actions: [{ kind: 'call', id: '1', method: 'GET', url: 'http://127.0.0.1/', headers: {} }] }, '/actions/0'],
  [{ actions: 'x' }, '/actions must be array'],
  [null, 'the answer must be object'],
])('an answer that is none is refused, naming the place: %j', (body, problem) => {
  const read = readOutsideAnswer(body);
  expect(read.ok ? [] : read.problems.join('; ')).toContain(problem);
});
