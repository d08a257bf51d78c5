import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../world/world.ts';
import { sessionSecret } from '../ok-signature.ts';
import { LONG_TOKEN_MS } from '../sessions.ts';
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

/** A call of the user whose token it is, signed as their server signs it. */
const currentUser = (accessToken = 'ok-user-anna') =>
  ok.rest({ method: 'users.getCurrentUser', access_token: accessToken }, sessionSecret(accessToken, 'DEMOAPPSECRET'));
const haveLongToken = async () => {
  await decide({ ...ASK, scope: 'VALUABLE_ACCESS;LONG_ACCESS_TOKEN', person: ANNA.phone, decision: 'allow' });
  expect((await token(BY_CODE)).body).toMatchObject({ expires_in: '2592000' });
};
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

test('who refuses comes back with an error: in the fragment, or in the query where it is set so', async () => {
  const refused = async (more: Record<string, string> = {}) =>
    new URL((await decide({ ...ASK, ...more, person: ANNA.phone, decision: 'deny' })) ?? '');
  const error = { error: 'access_denied', error_description: 'The user has refused', state: 'a&b' };
  const inFragment = await refused();
  expect([Object.fromEntries(new URLSearchParams(inFragment.hash.slice(1))), inFragment.search]).toEqual([error, '']);
  await ok.set({ oauthErrorsIn: 'query' });
  const inQuery = await refused();
  expect([Object.fromEntries(inQuery.searchParams), inQuery.hash]).toEqual([error, '']);
  expect((await refused({ response_type: 'token' })).hash).toContain('error=access_denied');
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

test('another address can be registered for the application', async () => {
  const change = { redirect_uri: 'http://127.0.0.1:5000/back' };
  expect((await page({ ...ASK, ...change })).status).toBe(400);
  await ok.control('redirect-uris', { uri: change.redirect_uri });
  expect((await page({ ...ASK, ...change })).status).toBe(200);
  expect((await ok.control('redirect-uris', { uri: 'back?a=b' })).status).toBe(400);
});

test('what was granted in this browser is not asked again, until it is taken back or more is asked for', async () => {
  const form = new URLSearchParams({ ...ASK, person: ANNA.phone, decision: 'allow' });
  const allowed = await fetch(`${ok.url}/oauth/authorize`, { method: 'POST', body: form, redirect: 'manual' });
  const cookie = (allowed.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const again = async (more: Record<string, string> = {}) => {
    const answer = await fetch(`${ok.url}/oauth/authorize?${new URLSearchParams({ ...ASK, ...more })}`, {
      headers: { cookie },
      redirect: 'manual',
    });
    return answer.headers.get('location');
  };
  expect(await again({ scope: 'GET_EMAIL' })).toBe(`${REDIRECT}?code=demo-code-anna-2&state=a%26b`);
  expect(await again({ scope: 'GET_EMAIL;PHOTO_CONTENT' })).toBeNull();
  await ok.control('revoke', { phone: ANNA.phone });
  expect(await again()).toBeNull();
});

test('markup in a request is shown as text', async () => {
  const { html } = await page({ ...ASK, scope: '<script>alert(1)</script>', state: '"><script>' });
  expect(html).not.toContain('<script>');
});

test('a code gives access and refresh token; a refresh gives another access token and no new refresh token', async () => {
  const { body } = await token(BY_CODE);
  expect(body).toEqual({
    access_token: 'ok-user-anna',
    refresh_token: 'ok-refresh-anna',
    token_type: 'session',
    expires_in: '1800',
  });
  const refreshed = await token({ ...CLIENT, grant_type: 'refresh_token', refresh_token: 'ok-refresh-anna' });
  expect(refreshed.body).toEqual({ access_token: 'ok-user-anna-2', token_type: 'session', expires_in: '1800' });
});

test('the token may be asked for in the query', async () => {
  const query = new URLSearchParams(BY_CODE);
  expect((await read(fetch(`${ok.url}/oauth/token.do?${query}`, { method: 'POST' }))).body).toMatchObject({
    access_token: 'ok-user-anna',
  });
});

test('a code is good for one exchange, within two minutes, with the address that it was sent to', async () => {
  const exchange = async (more: Record<string, string>) => (await token({ ...BY_CODE, ...more })).body;
  const consent = async () => {
    const location = new URL((await decide({ ...ASK, person: ANNA.phone, decision: 'allow' })) ?? '');
    return { code: location.searchParams.get('code') ?? '' };
  };
  const first = await consent();
  expect(await exchange({ ...first, redirect_uri: 'https://api.ok.ru/blank.html' })).toMatchObject({ error: 'access_denied' });
  expect(await exchange(first)).toMatchObject({ access_token: 'ok-user-anna' });
  expect(await exchange(first)).toMatchObject({ error: 'access_denied', error_description: 'The code was used already' });
  const second = await consent();
  clock.advance(120_000);
  expect(await exchange(second)).toMatchObject({ error_description: 'The code has expired' });
});

test('an issued token expires with error 102, and a refresh brings the next', async () => {
  await token(BY_CODE);
  clock.advance(1_799_999);
  expect((await currentUser()).body).toMatchObject({ uid: ANNA.id });
  clock.advance(1);
  expect((await currentUser()).body.error_code).toBe(102);
  await token({ ...CLIENT, grant_type: 'refresh_token', refresh_token: 'ok-refresh-anna' });
  expect((await currentUser('ok-user-anna-2')).body).toMatchObject({ uid: ANNA.id });
  expect((await currentUser()).body.error_code).toBe(102);
});

test('a long token lives 30 days from the last touch', async () => {
  await haveLongToken();
  clock.advance(LONG_TOKEN_MS - 1);
  expect((await ok.rest({ method: 'auth.touchSession', access_token: 'ok-user-anna' }, SESSION)).body).toEqual({ success: true });
  clock.advance(LONG_TOKEN_MS - 1);
  expect((await currentUser()).body).toMatchObject({ uid: ANNA.id });
});

test('any call extends a long token, but at most once a day', async () => {
  await haveLongToken();
  const HOUR_MS = 3_600_000;
  clock.advance(24 * HOUR_MS);
  await currentUser(); // extends: from here 30 days
  clock.advance(23 * HOUR_MS);
  await currentUser(); // within a day of the last extension: does not
  clock.advance(LONG_TOKEN_MS - 23 * HOUR_MS - 1);
  clock.advance(1);
  expect((await currentUser()).body.error_code).toBe(102);
});

test('a token without the scope of a method is refused by it, and good for the rest', async () => {
  const location = await decide({ ...ASK, scope: 'GET_EMAIL', response_type: 'token', person: ANNA.phone, decision: 'allow' });
  const accessToken = new URLSearchParams(new URL(location ?? '').hash.slice(1)).get('access_token') ?? '';
  expect((await currentUser(accessToken)).body).toMatchObject({ uid: ANNA.id });
  expect((await ok.rest({ method: 'friends.get', access_token: accessToken }, SESSION)).body).toMatchObject({
    error_code: 10,
    error_msg: "PERMISSION_DENIED : User must grant an access to permission 'VALUABLE_ACCESS'",
  });
});

test('a session can be ended, and a person can take all back', async () => {
  await token(BY_CODE);
  expect((await ok.rest({ method: 'auth.expireSession', access_token: 'ok-user-anna' }, SESSION)).body).toEqual({
    success: true,
  });
  expect((await currentUser()).body.error_code).toBe(102);
  await ok.control('revoke', { phone: ANNA.phone });
  expect((await currentUser()).body.error_code).toBe(103);
  const refreshed = await token({ ...CLIENT, grant_type: 'refresh_token', refresh_token: 'ok-refresh-anna' });
  expect(refreshed.body).toMatchObject({ error: 'invalid_token' });
});

test.each([
  ['a wrong secret', { ...BY_CODE, client_secret: 'no' }, 'access_denied'],
  ['a wrong code', { ...BY_CODE, code: 'no' }, 'access_denied'],
  ['a code of nobody', { ...BY_CODE, code: 'demo-code-1' }, 'access_denied'],
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
