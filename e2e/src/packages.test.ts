import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

// What a stranger gets: the tarball, installed into an empty folder.

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soroka-stranger-'));
  const tarballs = ['simulator', 'bot'].map(async (workspace) => {
    const packed = await run(process.execPath, [join(ROOT, 'scripts/pack.mjs'), workspace, folder]);
    return packed.stdout.trim();
  });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  await run('npm', ['install', '--silent', '--prefer-offline', '--no-audit', '--no-fund', ...(await Promise.all(tarballs))], {
    cwd: folder,
    shell: process.platform === 'win32',
  });
  // The bot's own tools are the stranger's: here those of this repository.
  for (const name of ['vitest', 'vk-io', '@types/node', 'typescript']) {
    await mkdir(join(folder, 'node_modules', name, '..'), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The first block of this language under a heading of a package's README. */
async function blockOf(name: string, heading: string, language: string): Promise<string> {
  const page = await readFile(join(folder, `node_modules/@soroka/${name}/README.md`), 'utf8');
  const [, section = ''] = page.split(`## ${heading}\n`);
  const [, block] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'ms').exec(section) ?? [];
  if (block === undefined) throw new Error(`the README has no ${language} block under "${heading}"`);
  return block;
}

test('the command of the package starts the networks and serves their page', async () => {
  const command = join(folder, 'node_modules/@soroka/simulator/bin/soroka-simulator.mjs');
  const child = spawn(process.execPath, [command, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  try {
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const [url = ''] = /http:\/\/\S+/.exec(line) ?? [];
    const page = await fetch(url);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    // Whatever the page loads from us has to be in the package too.
    const own = [...(await page.text()).matchAll(/(?:src|href)="(\/?[\w./-]+\.(?:js|css|svg))"/g)].map(([, path = '']) => path);
    const statuses = await Promise.all(own.map(async (path) => (await fetch(new URL(path, `${url}/`))).status));
    expect(statuses).toEqual(own.map(() => 200));
    const form = new URLSearchParams({ access_token: 'vk1.demo', v: '5.199', peer_id: '37119444', random_id: '1', message: 'a' });
    const sent = await fetch(`${url}/vk/method/messages.send`, { method: 'POST', body: form });
    expect(await sent.json()).toEqual({ response: expect.any(Number) });
  } finally {
    child.kill();
    await ended;
  }
});

test.each([
  ['simulator', 'bot.test.ts'],
  ['bot', 'rules.test.ts'],
])('the bot and its test of the README of %s pass as they stand there', async (name, file) => {
  await writeFile(join(folder, file), await blockOf(name, 'Test a bot in five lines', 'ts'));
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
  const reporter = ['--reporter=json', '--outputFile.json=report.json'];
  await run(process.execPath, [vitest, 'run', file, '--root', folder, ...reporter], { cwd: folder });
  const report: unknown = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
  expect(report).toMatchObject({ success: true, numPassedTests: 1 });
});

test('the types are those of the sources', async () => {
  const use = `import { readFileSync } from 'node:fs';
    import { readBot } from '@soroka/bot';
    import { startSimulator, type SimulatedPerson } from '@soroka/simulator';
    const networks = await startSimulator();
    const anna: SimulatedPerson = networks.person('79999999999');
    // @ts-expect-error there is no such network
    anna.say('telegram', 'x');
    const read = readBot(readFileSync('node_modules/@soroka/bot/templates/shop.yaml', 'utf8'));
    // @ts-expect-error a bot that could not be read has none
    read.bot.version;`;
  await writeFile(join(folder, 'use.mts'), use);
  const flags = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--types',
    'node',
    '--lib',
    'es2024,esnext.disposable',
  ];
  await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), ...flags, 'use.mts'], { cwd: folder });
});
