import { type Simulator, startSimulator } from '@soroka/simulator';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Client, COMMAND, type OperatorStand, PASSWORD, startOperatorStand } from './operator-stand.ts';

// The server is reached through what the simulated networks trust as the applications' redirect address.
const PUBLIC_URL = 'http://127.0.0.1:8080';
const ANNA = '79999999999';
const VERA = '79990000002';

let simulator: Simulator;
let stand: OperatorStand;
let accountId: number;
beforeAll(async () => {
  simulator = await startSimulator();
  const ok = { applicationId: '1246100000', applicationKey: 'CBADEMOKEY', applicationSecret: 'DEMOAPPSECRET' };
  stand = await startOperatorStand({
    publicUrl: PUBLIC_URL,
    loginApplications: {
      vk: { applicationId: '51000001', url: `${simulator.url}/vk-id` },
      ok: { ...ok, url: `${simulator.url}/ok`, apiUrl: `${simulator.url}/ok` },
    },
  });
  accountId = (await stand.newAccount()).id;
});
beforeEach(async () => {
  simulator.world.reset();
  await stand.database.run({ name: 'test.identities.empty', text: 'delete from operator_identity' });
});
afterAll(async () => {
  await stand[Symbol.asyncDispose]();
  await simulator.stop();
});

/** Sends the browser to the network, decides there as the person, and comes back. Where it ends. */
async function visit(browser: Client, start: string, person: string, decision: 'allow' | 'deny' = 'allow'): Promise<string> {
  const { body } = await browser.call('POST', start, { returnTo: '/console/inbox' });
  const asked = new URL(body.url);
  const form = new URLSearchParams([...asked.searchParams, ['person', person], ['decision', decision]]);
  const decided = await fetch(`${asked.origin}${asked.pathname}`, { method: 'POST', redirect: 'manual', body: form });
  return comeBack(browser, decided.headers.get('location') ?? '');
}
async function comeBack(browser: Client, location: string): Promise<string> {
  const { pathname, search, hash } = new URL(location);
  const page = await browser.call('GET', `${pathname}${search}`);
  if (hash === '') return String(page.headers['location']);
  // What stands behind the # reaches the server by the page's own script.
  expect(page).toMatchObject({ status: 200, text: expect.stringContaining('name="fragment"') });
  const answer = await browser.call('POST', pathname, new URLSearchParams({ fragment: hash.slice(1) }));
  return String(answer.headers['location']);
}

async function newBrowser(): Promise<{ browser: Client; login: string; id: number }> {
  const { login, id } = await stand.newOperator(accountId, 'operator');
  const browser = stand.client();
  await browser.login(login);
  return { browser, login, id };
}

test.each(['vk', 'ok'])(
  'an operator who has linked a person of %s logs in as that person, and no more once it was unlinked',
  async (network) => {
    const { browser, id } = await newBrowser();
    expect(await visit(stand.client(), `/v1/login/${network}/start`, ANNA)).toBe('/console/inbox#login=unknown');
    expect(await visit(browser, `/v1/me/networks/${network}/start`, ANNA)).toBe('/console/inbox#login=linked');
    expect((await browser.call('GET', '/v1/me')).body.networks).toEqual([network]);

    const other = stand.client();
    expect(await visit(other, `/v1/login/${network}/start`, ANNA)).toBe('/console/inbox');
    expect((await other.call('GET', '/v1/me')).body).toMatchObject({ id, session: { kind: 'web' } });
    const second = await newBrowser();
    expect(await visit(second.browser, `/v1/me/networks/${network}/start`, ANNA)).toBe('/console/inbox#login=taken');

    expect((await browser.call('DELETE', `/v1/me/networks/${network}`)).body).toEqual({ removed: 1 });
    expect((await browser.call('DELETE', `/v1/me/networks/${network}`)).status).toBe(404);
    expect(await visit(stand.client(), `/v1/login/${network}/start`, ANNA)).toBe('/console/inbox#login=unknown');
  },
);

test('a person who refuses is not logged in, wherever the network writes it, and neither is somebody disabled', async () => {
  const { browser, id } = await newBrowser();
  expect(await visit(stand.client(), '/v1/login/ok/start', ANNA, 'deny')).toBe('/console/inbox#login=refused');
  await visit(browser, '/v1/me/networks/vk/start', VERA);
  expect(await visit(stand.client(), '/v1/login/vk/start', VERA, 'deny')).toBe('/console/inbox#login=refused');
  await stand.operators.staff.change(accountId, COMMAND, id, { isDisabled: true });
  expect(await visit(stand.client(), '/v1/login/vk/start', VERA)).toBe('/console/inbox#login=unknown');
});

test('an answer counts in the browser that asked for it, once, and nothing else counts', async () => {
  const { browser } = await newBrowser();
  await visit(browser, '/v1/me/networks/vk/start', ANNA);
  const [asker, thief] = [stand.client(), stand.client()];
  const { body } = await asker.call('POST', '/v1/login/vk/start', {});
  const form = new URLSearchParams([...new URL(body.url).searchParams, ['person', ANNA], ['decision', 'allow']]);
  const decided = await fetch(`${simulator.url}/vk-id/authorize`, { method: 'POST', redirect: 'manual', body: form });
  const location = decided.headers.get('location') ?? '';
  expect(await comeBack(thief, location)).toBe('/console/#login=stranger');
  expect(await comeBack(asker, location)).toBe('/console/');
  expect(await comeBack(asker, location)).toBe('/console/#login=stranger');
  expect(body.url).not.toMatch(/verifier|secret/i);
});

test('the second factor is asked for after a login by a network too', async () => {
  const { browser, login } = await newBrowser();
  await visit(browser, '/v1/me/networks/vk/start', ANNA);
  const set = { name: 'test.factor', text: 'update operator set totp_confirmed = true where login = $1' };
  await stand.database.run(set, [login]);
  const other = stand.client();
  expect(await visit(other, '/v1/login/vk/start', ANNA)).toBe('/console/inbox#login=code');
  expect((await other.call('GET', '/v1/me')).body.error.code).toBe('code.needed');
});

test.each(['//evil.example', 'https://evil.example', '/\\evil.example', '/console/?next=//evil', 'console'])(
  'nobody is sent to %s afterwards',
  async (returnTo) => {
    const answer = await stand.client().call('POST', '/v1/login/vk/start', { returnTo });
    expect(answer.body.error).toMatchObject({ code: 'parameter.invalid', field: 'returnTo' });
  },
);

test('a network without an application is not offered', async () => {
  await using bare = await startOperatorStand({ publicUrl: PUBLIC_URL });
  expect((await bare.client().call('GET', '/v1/login')).body).toEqual({ password: true, networks: [] });
  expect((await bare.client().call('POST', '/v1/login/ok/start', {})).status).toBe(404);
  expect((await stand.client().call('GET', '/v1/login')).body.networks).toEqual(['vk', 'ok']);
  expect((await stand.client().call('POST', '/v1/login/max/start', {})).status).toBe(400);
});

test('by plain http, for trying out, the cookie has a name that browsers take', async () => {
  const { login } = await stand.newOperator(accountId, 'analyst');
  const answer = await stand.client().login(login, { password: PASSWORD });
  expect(answer.headers['set-cookie']).toMatch(/^soroka=soroka_session_[^;]+; Path=\/; HttpOnly; SameSite=Lax; Expires=[^;]+$/);
});
