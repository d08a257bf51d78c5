import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../world/world.ts';
import { SESSION_LIFETIME } from '../application.ts';
import { sessionSecret } from '../ok-signature.ts';
import { ANNA, BORIS, read, type SimulatedOk, startOk } from '../test/start-ok.ts';

const REDIRECT = 'http://localhost:8080/oauth/ok/callback';
const ASK = {
  client_id: '1246100000',
  response_type: 'code',
  redirect_uri: REDIRECT,
  state: 'a&b',
  scope: 'VALUABLE_ACCESS;GET_EMAIL',
};
const CLIENT = { client_id: '1246100000', client_secret: 'DEMOAPPSECRET' };
const BY_CODE = { ...CLIENT, grant_type: 'authorization_code', code: 'demo-code-anna', redirect_uri: REDIRECT };
const SESSION = sessionSecret('ok-user-anna', 'DEMOAPPSECRET');
const CURRENT_USER = { method: 'users.getCurrentUser', access_token: 'ok-user-anna' };

let ok: SimulatedOk;
let clock: ManualClock;
beforeAll(async () => {
  clock = createManualClock();
  ok = await startOk(clock);
});
beforeEach(() => ok.world.reset());
afterAll(() => ok[Symbol.asyncDispose]());

const page = async (query: Record<string, string>, language = 'ru-RU,ru') => {
  const answer = await fetch(`${ok.url}/oauth/authorize?${new URLSearchParams(query)}`, {
    headers: { 'accept-language': language },
  });
  return { status: answer.status, html: await answer.text() };
};
/** Where the person's browser is sent after the form was posted. */
const decide = async (form: Record<string, string>): Promise<string | null> => {
  const body = new URLSearchParams(form);
  return (await fetch(`${ok.url}/oauth/authorize`, { method: 'POST', body, redirect: 'manual' })).headers.get('location');
};
const token = (form: Record<string, string>) =>
  read(fetch(`${ok.url}/oauth/token.do`, { method: 'POST', body: new URLSearchParams(form) }));

test('the consent page is a form with the request, the scopes and the people of OK, in Russian or English', async () => {
  const { status, html } = await page(ASK);
  expect(status).toBe(200);
  expect(html).toContain('<form method="post">');
  expect(html).toContain('<input type="hidden" name="state" value="a&amp;b">');
  expect(html).toContain('<li>GET_EMAIL</li>');
  expect(html).toContain(`<option value="${ANNA.phone}">Анна Белова</option>`);
  expect(html).not.toContain('Вера');
  expect(html).toContain('Разрешить');
  expect((await page(ASK, 'en-GB')).html).toContain('Allow');
});

test('the layout for phones without a header has none', async () => {
  expect((await page({ ...ASK, layout: 'm' })).html).toContain('<header>');
  expect((await page({ ...ASK, layout: 'a' })).html).not.toContain('<header>');
});

test('who allows comes back with the code and the state', async () => {
  expect(await decide({ ...ASK, person: ANNA.phone, decision: 'allow' })).toBe(`${REDIRECT}?code=demo-code-anna&state=a%26b`);
  expect(await decide({ ...ASK, person: BORIS.phone, decision: 'allow' })).toContain(`code=demo-code-${BORIS.id}`);
});

test('who refuses comes back with an error', async () => {
  const location = new URL((await decide({ ...ASK, person: ANNA.phone, decision: 'deny' })) ?? '');
  expect(Object.fromEntries(location.searchParams)).toMatchObject({ error: 'access_denied', state: 'a&b' });
});

test('the query of a registered address is kept and not compared', async () => {
  const location = await decide({ ...ASK, redirect_uri: `${REDIRECT}?from=ok`, person: ANNA.phone, decision: 'allow' });
  expect(location).toBe(`${REDIRECT}?from=ok&code=demo-code-anna&state=a%26b`);
});

test('the client flow gives the token and its session secret in the fragment', async () => {
  const location = await decide({ ...ASK, response_type: 'token', person: ANNA.phone, decision: 'allow' });
  const fragment = new URLSearchParams(new URL(location ?? '').hash.slice(1));
  expect(Object.fromEntries(fragment)).toEqual({
    access_token: 'ok-user-anna',
    session_secret_key: 'ok-session-secret-anna',
    expires_in: '1800',
    state: 'a&b',
  });
  expect((await ok.rest(CURRENT_USER, 'ok-session-secret-anna')).body).toMatchObject({ uid: ANNA.id });
});

test.each([
  ['an unknown application', { client_id: '5' }, 'client_id'],
  ['an address that is not registered', { redirect_uri: `${REDIRECT}/more` }, 'redirect_uri'],
  ['an unknown response type', { response_type: 'id' }, 'response_type'],
])('%s is shown as an error and sent nowhere', async (_name, change, named) => {
  const { status, html } = await page({ ...ASK, ...change });
  expect(status).toBe(400);
  expect(html).toContain(named);
  expect(await decide({ ...ASK, ...change, person: ANNA.phone, decision: 'allow' })).toBeNull();
});

test('markup in a request is shown as text', async () => {
  const { html } = await page({ ...ASK, scope: '<script>alert(1)</script>', state: '"><script>' });
  expect(html).not.toContain('<script>');
});

test('a code gives access and refresh token; a refresh gives no new refresh token', async () => {
  const { body } = await token(BY_CODE);
  expect(body).toEqual({
    access_token: 'ok-user-anna',
    refresh_token: 'ok-refresh-anna',
    token_type: 'session',
    expires_in: '1800',
  });
  const refreshed = await token({ ...CLIENT, grant_type: 'refresh_token', refresh_token: 'ok-refresh-anna' });
  expect(refreshed.body).toEqual({ access_token: 'ok-user-anna', token_type: 'session', expires_in: '1800' });
});

test('the token may be asked for in the query', async () => {
  const query = new URLSearchParams(BY_CODE);
  expect((await read(fetch(`${ok.url}/oauth/token.do?${query}`, { method: 'POST' }))).body).toMatchObject({
    access_token: 'ok-user-anna',
  });
});

test('an issued token expires with error 102 and lives again after a refresh', async () => {
  await token(BY_CODE);
  clock.advance(SESSION_LIFETIME.shortMs);
  expect((await ok.rest(CURRENT_USER, SESSION)).body.error_code).toBe(102);
  await token({ ...CLIENT, grant_type: 'refresh_token', refresh_token: 'ok-refresh-anna' });
  expect((await ok.rest(CURRENT_USER, SESSION)).body).toMatchObject({ uid: ANNA.id });
});

test('a long token lives 30 days from the last touch', async () => {
  await decide({ ...ASK, scope: 'LONG_ACCESS_TOKEN', person: ANNA.phone, decision: 'allow' });
  await token(BY_CODE);
  clock.advance(SESSION_LIFETIME.longMs - 1);
  expect((await ok.rest({ method: 'auth.touchSession', access_token: 'ok-user-anna' }, SESSION)).body).toEqual({ success: true });
  clock.advance(SESSION_LIFETIME.longMs - 1);
  expect((await ok.rest(CURRENT_USER, SESSION)).body).toMatchObject({ uid: ANNA.id });
});

test.each([
  ['a wrong secret', { ...BY_CODE, client_secret: 'no' }, 'access_denied'],
  ['a wrong code', { ...BY_CODE, code: 'no' }, 'access_denied'],
  ['a wrong refresh token', { ...CLIENT, grant_type: 'refresh_token', refresh_token: 'no' }, 'invalid_token'],
  ['another grant', { ...CLIENT, grant_type: 'password' }, 'access_denied'],
])('%s gets an error in JSON', async (_name, form, error) => {
  expect((await token(form)).body).toEqual({ error, error_description: expect.any(String) });
});

test('nothing given and a client_id in words get the pages recorded from OK', async () => {
  const nothing = await token({});
  expect([nothing.status, nothing.headers.get('content-type')]).toEqual([400, 'text/html;charset=utf-8']);
  expect(nothing.text).toContain('Provide OAUTH request parameters!');
  const words = await token({ ...BY_CODE, client_id: 'abc' });
  expect(words.status).toBe(200);
  expect(words.text).toContain('Error : Failed to convert value of type');
});
