import { type Simulator, startSimulator } from '@soroka/simulator';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { readConfig } from '../platform/config.ts';
import { type RunningServer, start } from '../start.ts';
import { runCli, type Terminal } from './run.ts';
import { testTerminal } from './test-terminal.ts';

// Connecting a group as its owner does it: with the program, against networks that answer. The server runs beside it.

const VK_TOKEN = 'vk1.demo';
const OK_TOKEN = 'tkn18YdUJZe:CQABPOJKAKEKEKEKE';

let database: TestDatabase;
let simulator: Simulator;
let server: RunningServer | null = null;

const env = (): Record<string, string> => ({
  DATABASE_URL: database.url,
  SOROKA_SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
  SOROKA_HOST: '127.0.0.1',
  SOROKA_METRICS_PORT: 'off',
  SOROKA_OK_SOURCE_CIDRS: '127.0.0.0/8',
  LOG_LEVEL: 'silent',
  PORT: server === null ? '9' : '0', // nothing listens on 9
  ...(server !== null && { SOROKA_PUBLIC_URL: server.url }),
});

async function soroka(words: readonly string[], more: Partial<Terminal> = {}) {
  const unstopped = { tell: () => {}, isForPeople: true, untilStopped: () => new Promise<void>(() => {}) };
  const terminal = testTerminal(env(), { ...unstopped, ...more });
  return { code: await runCli(words, terminal), ...terminal.printed };
}
const json = async (...words: string[]) => JSON.parse((await soroka([...words, '--json'])).out);
const vk = (...more: string[]) =>
  soroka(['connection', 'add', 'vk', '--token', VK_TOKEN, '--base-url', `${simulator.url}/vk`, ...more]);
const ok = (...more: string[]) =>
  soroka(['connection', 'add', 'ok', '--token', OK_TOKEN, '--base-url', `${simulator.url}/ok`, ...more]);
async function startServer(): Promise<void> {
  server = await start(readConfig({ ...env(), PORT: '0' }));
}

beforeAll(async () => {
  simulator = await startSimulator();
});
beforeEach(async () => {
  simulator.world.reset();
  database = await testDatabase();
  await soroka(['account', 'create', 'pizzeria']);
});
afterEach(async () => {
  await server?.stop();
  server = null;
  await database.drop();
});
afterAll(() => simulator.stop());

describe('a token alone is enough', () => {
  test('VK: the community is found, the callback server is added and confirmed, and all of it is told', async () => {
    await startServer();
    const { code, out, note } = await vk('--receive', 'webhook');
    expect({ code, note }).toEqual({ code: 0, note });
    expect(out).toMatch(/^group +213243638$/m);
    expect(note).toMatch(/^Connected VK group “.+” \(213243638\) as connection 1\.$/m);
    expect(note).toContain('Added the callback server “Soroka” to the community.');
    expect(note).toContain('VK sends its events to our address.');
    expect(note).toContain('soroka connection check 1');
    const servers = await fetch(
      `${simulator.url}/vk/method/groups.getCallbackServers?group_id=213243638&access_token=${VK_TOKEN}&v=5.199`,
    );
    expect(await servers.json()).toMatchObject({ response: { items: [{ title: 'Soroka', status: 'ok' }] } });
  });

  test('OK: the group is found and our address subscribed', async () => {
    await startServer();
    const { code, out, note } = await ok('--receive', 'webhook');
    expect({ code, note }).toEqual({ code: 0, note });
    expect(out).toMatch(/^group +70000000000001$/m);
    expect(note).toMatch(/^Connected OK group “.+” \(70000000000001\) as connection 1\.$/m);
    const hook = /^hook +(\S+)$/m.exec(out)?.[1];
    const listed = await fetch(`${simulator.url}/ok/graph/me/subscriptions?access_token=${OK_TOKEN}`);
    expect(JSON.stringify(await listed.json())).toContain(`${hook}`);
  });

  test.each([
    ['vk', vk],
    ['ok', ok],
  ])('%s: long polling is switched on', async (_, add) => {
    const { code, note } = await add('--receive', 'long-poll');
    expect({ code, note }).toEqual({ code: 0, note });
    expect(note).toContain('Long polling is on');
  });

  test('a server that does not run is what is left to do', async () => {
    const { code, note } = await vk('--receive', 'webhook');
    expect(code).toBe(0);
    expect(note).toMatch(/^To do: The server does not answer at http:\/\/127\.0\.0\.1:9\. Start it \("soroka serve"\)/m);
  });

  test('a program gets the same as fields', async () => {
    const answer = JSON.parse((await vk('--json')).out);
    expect(answer).toMatchObject({ id: 1, kind: 'vk', group: '213243638', receive: 'off' });
    expect(answer.did).toContain('VK accepts the token.');
    expect(answer.left[0]).toMatch(/^It receives nothing yet/);
  });

  test('changing the way of receiving says what it did', async () => {
    await startServer();
    await vk();
    const { note } = await soroka(['connection', 'set', '1', '--receive', 'webhook']);
    expect(note).toContain('Added the callback server “Soroka” to the community.');
    const deaf = await soroka(['connection', 'set', '1', '--receive', 'off']);
    expect(deaf.note).not.toContain('To do');
    expect(deaf.out).toMatch(/^receive +off$/m);
  });
});

describe('what is wrong is told before anything is written', () => {
  test.each([
    ['vk', 'VK does not accept the token'],
    ['ok', 'OK does not accept the token'],
  ])('a wrong token of %s', async (network, sentence) => {
    const words = ['connection', 'add', network, '--token', 'wrong:token', '--base-url', `${simulator.url}/${network}`];
    const { code, note } = await soroka(words);
    expect(code).toBe(1);
    expect(note).toContain(sentence);
    expect(note).not.toContain('wrong:token');
    expect(await json('connection', 'list')).toEqual([]);
  });

  test('a group that the token is not of', async () => {
    const { code, note } = await vk('--group', '5');
    expect(code).toBe(2);
    expect(note).toMatch(/^--group is 5, the token is of the group ".+" \(213243638\): leave --group out/);
    expect(await json('connection', 'list')).toEqual([]);
  });

  test('a network that cannot be asked', async () => {
    const { code, note } = await soroka(['connection', 'add', 'vk', '--token', 'x', '--base-url', 'http://127.0.0.1:9']);
    expect(code).toBe(1);
    expect(note).toMatch(/^VK could not be asked which group the token is of .*: try again, or give --group and --offline\./);
  });
});

test('the history of a group comes in, with nobody asked', async () => {
  simulator.person('79999999999').say('vk', 'Здравствуйте');
  await vk();
  const { code, out } = await soroka(['connection', 'import', '1', '--days', '30', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({ connection: 1, dialogs: 1, messages: 1, skipped: 0 });
});

test('an import that is ended says how far it came, and fails', async () => {
  await vk();
  const { code, note } = await soroka(['connection', 'import', '1'], { untilStopped: async () => {} });
  expect(code).toBe(1);
  expect(note).toMatch(/^The import stopped after 0 dialogs and 0 messages \(.+\): run it again, it goes on from there\.$/m);
});

test('a connection in the name of a person begins with an address to open', async () => {
  const words = ['connection', 'add', 'ok-user', '--application-id', '1246100000', '--application-key', 'CBADEMOKEY'];
  const { code, out, note } = await soroka([
    ...words,
    '--application-secret',
    'DEMOAPPSECRET',
    '--scopes',
    'VALUABLE_ACCESS,GET_EMAIL',
  ]);
  expect({ code, note }).toEqual({ code: 0, note });
  expect(out).toMatch(/^http:\/\/127\.0\.0\.1:9\/oauth\/ok\/start\?flow=[\w-]{43}\n$/);
  expect(note).toContain('redirect address in the settings of the application: http://127.0.0.1:9/oauth/ok/callback');
  const wrong = await soroka([...words, '--application-secret', 'x', '--scopes', 'valuable']);
  expect(wrong).toMatchObject({ code: 1, note: 'Scopes are names such as VALUABLE_ACCESS, not "valuable".\n' });
  expect((await soroka(['connection', 'authorize', '7'])).note).toBe('There is no connection 7 on behalf of a user.\n');
});
