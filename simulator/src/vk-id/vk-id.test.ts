import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock, type Simulator, startSimulator } from '../simulator.ts';

const VERIFIER = 'v'.repeat(43);
const ASK = {
  client_id: '51000001',
  response_type: 'code',
  redirect_uri: 'http://127.0.0.1:8080/v1/login/vk/callback',
  state: 'a&b',
  code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
  code_challenge_method: 'S256',
};
const ANNA = { phone: '79999999999', vkId: 37_119_444 };

let simulator: Simulator;
let clock: ManualClock;
beforeAll(async () => {
  clock = createManualClock();
  simulator = await startSimulator({ clock });
});
beforeEach(() => simulator.world.reset());
afterAll(() => simulator.stop());

const send = (path: string, fields: Record<string, string>) =>
  fetch(`${simulator.url}/vk-id${path}`, { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) });
const decide = async (decision: 'allow' | 'deny') => {
  const answer = await send('/authorize', { ...ASK, person: ANNA.phone, decision });
  return Object.fromEntries(new URL(answer.headers.get('location') ?? '').searchParams);
};
const exchange = async (changes: Record<string, string> = {}) => {
  const { code = '', device_id: deviceId = '' } = await decide('allow');
  const fields = {
    grant_type: 'authorization_code',
    client_id: ASK.client_id,
    code,
    device_id: deviceId,
    code_verifier: VERIFIER,
  };
  const answer = await send('/oauth2/auth', { ...fields, redirect_uri: ASK.redirect_uri, ...changes });
  return (await answer.json()) as Record<string, unknown>;
};

test('the page asks by name, in the language of the browser, and hands the request on', async () => {
  const html = await (await fetch(`${simulator.url}/vk-id/authorize?${new URLSearchParams(ASK)}`)).text();
  expect(html).toContain('Пиццерия «Сорока»');
  expect(html).toContain('name="state" value="a&amp;b"');
  expect(html).toContain(`<option value="${ANNA.phone}">Анна Белова</option>`);
});

test('who allows it comes back with a code and a device, who does not with an error', async () => {
  expect(await decide('allow')).toMatchObject({ code: expect.any(String), device_id: expect.any(String), state: 'a&b' });
  expect(await decide('deny')).toEqual({ error: 'access_denied', state: 'a&b' });
});

test('a code with its verifier and device says who it is, once', async () => {
  expect(await exchange()).toMatchObject({ user_id: ANNA.vkId, token_type: 'Bearer' });
  const { code = '' } = await decide('allow');
  expect(await exchange({ code, device_id: 'device-of-another' })).toMatchObject({ error: 'invalid_request' });
  expect(await exchange({ code })).toMatchObject({ error: 'invalid_grant' });
});

test.each([
  [{ code_verifier: 'w'.repeat(43) }, 'invalid_grant'],
  [{ code_verifier: '' }, 'invalid_grant'],
  [{ redirect_uri: 'http://localhost:8080/v1/login/vk/callback' }, 'invalid_grant'],
  [{ client_id: '1' }, 'invalid_client'],
  [{ grant_type: 'password' }, 'invalid_request'],
])('an exchange with %j is refused as %s', async (changes, error) => {
  expect(await exchange(changes)).toMatchObject({ error });
});

test.each([
  [{ redirect_uri: 'https://evil.example/v1/login/vk/callback' }, 'redirect_uri'],
  [{ redirect_uri: 'http://127.0.0.1:8080/elsewhere' }, 'redirect_uri'],
  [{ code_challenge: 'short' }, 'code_challenge'],
  [{ code_challenge_method: 'plain' }, 'code_challenge_method'],
  [{ response_type: 'token' }, 'response_type'],
])('a request with %j never comes to the person', async (changes, field) => {
  const answer = await fetch(`${simulator.url}/vk-id/authorize?${new URLSearchParams({ ...ASK, ...changes })}`);
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(`${field}:`)]);
});
