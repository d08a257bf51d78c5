import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '@soroka/simulator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { readConfig } from '../platform/config.ts';
import { type RunningServer, start } from '../start.ts';
import { runCli } from './run.ts';

// docs/connect-*.md, as somebody follows them: the demo runs, and the commands are typed in another window.

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const ANNA = '79999999999';
const TOKENS = { 'vk.token': 'vk1.demo', 'ok.token': 'tkn18YdUJZe:CQABPOJKAKEKEKEKE' };

let database: TestDatabase;
let simulator: Simulator;
let server: RunningServer;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soroka-guides-'));
  for (const [name, token] of Object.entries(TOKENS)) await writeFile(join(folder, name), `${token}\n`);
});
afterAll(() => rm(folder, { recursive: true }));

async function startDemo(): Promise<void> {
  database = await testDatabase();
  simulator = await startSimulator();
  env = {
    DATABASE_URL: database.url,
    SOROKA_SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
    SOROKA_METRICS_PORT: 'off',
    LOG_LEVEL: 'silent',
    PORT: '0',
  };
  server = await start(readConfig(env), { demo: { simulatorUrl: simulator.url } });
  env['PORT'] = new URL(server.url).port;
}
async function stopDemo(): Promise<void> {
  await server.stop();
  await simulator.stop();
  await database.drop();
}

/** What a person sees in the window. */
async function type(line: string): Promise<string> {
  let seen = '';
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  const here = words.map((word) => (word in TOKENS ? join(folder, word) : word.replace('http://127.0.0.1:8090', simulator.url)));
  await runCli(here, {
    env,
    out: (text) => (seen += text),
    note: (text) => (seen += text),
    tell: (sentence) => (seen += `${sentence}\n`),
    readInput: async () => '',
    isForPeople: true,
    start: () => Promise.reject(new Error('the demo runs already')),
    untilStopped: () => new Promise(() => {}),
  });
  return seen;
}

/** Without what differs from run to run: ports, moments, durations, secrets of addresses. */
function steady(text: string): string {
  return text
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/[\w-]{43}/g, 'SECRET')
    .replaceAll(/\d+ ms/g, 'N ms')
    .replaceAll(/^Looking at .* \.\.\.\n/gm, '');
}

/** The sessions that a page prints: what is typed after `$ npx soroka`, and what is seen then; `...` stands for lines left out. */
function sessionsOf(page: string): { line: string; seen: string[] }[] {
  return [...page.matchAll(/^```text\n\$ npx soroka (.+)\n([\s\S]*?)^```/gm)].map(([, line = '', seen = '']) => ({
    line,
    seen: seen.split(/^\.\.\.\n/m).filter((part) => part !== ''),
  }));
}

describe.each(['vk', 'ok'] as const)('the guides to %s', (network) => {
  const page = read(`docs/connect-${network}.md`);
  const pageInRussian = read(`docs/connect-${network}.ru.md`);

  test('print what the program says', async () => {
    await startDemo();
    try {
      const sessions = sessionsOf(page);
      expect(sessions.map(({ line }) => line.split(' ').slice(0, 2).join(' '))).toEqual([
        'account create',
        'connection add',
        'connection check',
      ]);
      for (const { line, seen } of sessions) {
        if (line.startsWith('connection check')) simulator.person(ANNA).say(network, 'привет');
        const shows = async () => {
          const output = steady(await type(line));
          return seen.map((part) => (output.includes(steady(part)) ? part : output));
        };
        // What Anna wrote is on its way, and the server notes its moment within some seconds.
        if (line.startsWith('connection check')) await expect.poll(shows, { timeout: 60_000 }).toEqual(seen);
        else expect(await shows()).toEqual(seen);
      }
    } finally {
      await stopDemo();
    }
  }, 90_000);

  test('print the same in Russian', () => {
    expect(sessionsOf(pageInRussian)).toEqual(sessionsOf(page));
  });

  test('explain findings that the doctor or the network has', () => {
    const sources = [
      ...readdirSync(new URL('server/src/doctor/', ROOT)).map((name) => `server/src/doctor/${name}`),
      ...SOURCES[network],
    ];
    const said = sources
      .filter((name) => !name.endsWith('.test.ts'))
      .map(read)
      .join('\n');
    const quotes = (text: string) => [...text.matchAll(/^\| «(.+?)» \|/gm)].map(([, quote = '']) => quote);
    expect(quotes(page).length).toBeGreaterThan(8);
    expect(quotes(page).filter((quote) => !quote.split('…').every((part) => said.includes(part.trim())))).toEqual([]);
    expect(quotes(pageInRussian)).toEqual(quotes(page));
  });
});

/** Where the sentences about a connection are written. */
const SOURCES = {
  vk: ['channels/src/vk/vk-check.ts'],
  ok: ['channels/src/ok/graph/ok-set-up.ts', 'channels/src/ok/ok-answer.ts'],
} as const;
