import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { runCli } from './run.ts';
import { testTerminal } from './test-terminal.ts';
import { openWorkplace } from './workplace.ts';

// The program as it is run in production, on a database in which somebody has played with the demo world.

const PROGRAM = fileURLToPath(new URL('../../bin/soroka.mjs', import.meta.url));
let database: TestDatabase;
let server: ChildProcess;
let url: string;
/** A real key of the account `demo`. */
let key: string;
const env = () => ({
  ...process.env,
  DATABASE_URL: database.url,
  SOROKA_SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
  SOROKA_HOST: '127.0.0.1',
  SOROKA_METRICS_PORT: 'off',
  PORT: '0',
});

beforeAll(async () => {
  database = await testDatabase();
  const terminal = testTerminal(env());
  expect(await runCli(['demo', 'reset'], terminal)).toBe(0);
  {
    await using place = await openWorkplace(terminal);
    const demo = await place.account('demo');
    key = (await place.accounts.createKey(demo.id, { name: 'real', scopes: ['send', 'read', 'admin'] })).key;
  }
  server = spawn(process.execPath, [PROGRAM, 'serve'], { env: env(), stdio: ['ignore', 'ignore', 'pipe'] });
  const lines = createInterface({ input: server.stderr as NodeJS.ReadableStream });
  const said: string[] = [];
  url = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      said.push(line);
      const address = /^Soroka listens on (\S+)$/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
    server.once('exit', (code) => reject(new Error(`serve ended with ${code}: ${said.join('\n')}`)));
  });
});
afterAll(async () => {
  if (server.exitCode === null && server.kill('SIGKILL')) await once(server, 'exit');
  await database.drop();
});

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
const message = (more: object = {}) => ({
  phone: '79999999999',
  service: 'Group_name',
  templateId: 4,
  tmpl_data: { name: 'Anna', pizza: 'Margarita' },
  ...more,
});

test("the demo's key is no key", async () => {
  for (const authorization of ['Key demo', `Basic ${Buffer.from('demo:demo').toString('base64')}`]) {
    const answer = await post('/vk/messages', [message()], { authorization });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ result: [{ reasons: [{ key: 'login.must.be.not.null' }] }] });
  }
  const account = { headers: { authorization: `Key ${key}` } };
  expect((await fetch(`${url}/v1/account`, account)).status).toBe(200);
});

test("the demo's hooks are closed, even to who knows its secret", async () => {
  const event = { type: 'message_new', group_id: 213243638, event_id: 'e1', v: '5.199', secret: 'vk-demo-secret', object: {} };
  const statuses: Record<string, number> = {};
  for (const hook of ['vk/demo', 'ok/demo', 'notify/demo/incoming', 'notify/demo/statuses']) {
    statuses[hook] = (await post(`/hooks/${hook}`, event)).status;
  }
  // OK's comes no further than the address: loopback is on its list in the demo alone.
  expect(statuses).toEqual({ 'vk/demo': 404, 'ok/demo': 403, 'notify/demo/incoming': 404, 'notify/demo/statuses': 404 });
});

test('callbacks to loopback are refused', async () => {
  const answer = await post('/vk/messages', [message({ status_url: 'http://127.0.0.1:8090/control/receiver/demo' })], {
    authorization: `Key ${key}`,
  });
  expect(await answer.json()).toMatchObject({ result: [{ code: 'REJECTED', reasons: [{ key: 'status_url.invalid' }] }] });
});

test('a second server on the same port says so in one sentence and fails', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  try {
    const second = spawn(process.execPath, [PROGRAM, 'serve'], {
      env: { ...env(), PORT: String(port) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    second.stderr.on('data', (chunk) => (said += chunk));
    const [code] = await once(second, 'close');
    expect(code).toBe(1);
    expect(said).toBe(`Port ${port} is in use: stop what listens there, or choose another with PORT or SOROKA_METRICS_PORT.\n`);
  } finally {
    taken.close();
  }
});

test('the first owner, made by the command line, logs in to the running server until the password is reset there', async () => {
  const terminal = testTerminal(env());
  expect(
    await runCli(['operator', 'add', 'owner@demo.example', '--account', 'demo', '--name', 'Owner', '--role', 'owner'], terminal),
  ).toBe(0);
  const login = await post('/v1/login', { login: 'owner@demo.example', password: terminal.printed.out.trim() });
  const [cookie = ''] = (login.headers.get('set-cookie') ?? '').split(';');
  expect(login.status).toBe(200);
  const statusOf = async (path: string) => (await fetch(url + path, { headers: { cookie } })).status;
  for (const path of ['/v1/me', '/v1/dialogs', '/vk/messages', '/v1/account', '/v1/audit'])
    expect(await statusOf(path), path).toBe(200);
  expect((await post('/v1/logout', {}, { cookie, origin: 'https://evil.example' })).status).toBe(403);

  expect(await runCli(['operator', 'password', 'owner@demo.example'], terminal)).toBe(0);
  await expect.poll(() => statusOf('/v1/me')).toBe(401);
});

test('SIGTERM stops it cleanly', async () => {
  server.kill('SIGTERM');
  const [code, signal] = await once(server, 'exit');
  expect({ code, signal }).toEqual({ code: 0, signal: null });
});
