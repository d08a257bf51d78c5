import { afterEach, expect, test } from 'vitest';
import { closedPort, playAnswers } from '../../test/play-answers.ts';
import { createVkId, makeVkIdAuthorizeUrl, readVkIdRedirect, type VkId } from './vk-id.ts';

const open: VkId[] = [];
afterEach(() => Promise.all(open.splice(0).map((vkId) => vkId.close())));
const identify = (baseUrl: string) => {
  const vkId = createVkId({ baseUrl, applicationId: '51000001', timeoutMs: 5_000 });
  open.push(vkId);
  const given = {
    code: 'CODE',
    deviceId: 'DEVICE',
    codeVerifier: 'VERIFIER',
    redirectUri: 'https://soroka.example/cb',
    state: 's',
  };
  return vkId.identify(given, new AbortController().signal);
};

test('a person is asked by the address that VK ID documents', () => {
  const asked = {
    baseUrl: 'https://id.vk.ru',
    applicationId: '51000001',
    redirectUri: 'https://soroka.example/cb',
    state: 'a&b',
  };
  const url = new URL(makeVkIdAuthorizeUrl({ ...asked, codeChallenge: 'CHALLENGE' }));
  expect(url.origin + url.pathname).toBe('https://id.vk.ru/authorize');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    response_type: 'code',
    client_id: '51000001',
    redirect_uri: 'https://soroka.example/cb',
    state: 'a&b',
    code_challenge: 'CHALLENGE',
    code_challenge_method: 'S256',
    scope: 'vkid.personal_info',
  });
});

test.each([
  ['?code=c&device_id=d&state=s', { kind: 'code', code: 'c', deviceId: 'd', state: 's' }],
  ['?error=access_denied&state=s', { kind: 'refused', error: 'access_denied', state: 's' }],
  ['', { kind: 'empty' }],
])('a browser that comes back with "%s" is read', (tail, expected) => {
  expect(readVkIdRedirect(`https://soroka.example/cb${tail}`)).toEqual(expected);
});

test('a code is exchanged in a form, with the verifier and the device, and says whose it is', async () => {
  await using server = await playAnswers({ body: '{"access_token":"AT","refresh_token":"RT","user_id":37119444,"state":"s"}' });
  expect(await identify(server.url)).toEqual({ kind: 'person', userId: '37119444' });
  expect(server.requests).toMatchObject([{ method: 'POST', path: '/oauth2/auth' }]);
  expect(Object.fromEntries(new URLSearchParams(server.requests[0]?.body))).toEqual({
    grant_type: 'authorization_code',
    client_id: '51000001',
    code: 'CODE',
    code_verifier: 'VERIFIER',
    device_id: 'DEVICE',
    redirect_uri: 'https://soroka.example/cb',
    state: 's',
  });
});

test.each([
  ['refuses', { status: 400, body: '{"error":"invalid_grant","error_description":"CODE is old"}' }, 'refused'],
  ['is out of order', { status: 500, body: '{"error":"server_error"}' }, 'failed'],
  ['shows a page', { body: '<html></html>' }, 'failed'],
  ['names nobody', { body: '{"access_token":"AT"}' }, 'failed'],
])('nobody is named where VK ID %s, and nothing secret is told', async (_, answer, kind) => {
  await using server = await playAnswers(answer);
  const outcome = await identify(server.url);
  expect(outcome.kind).toBe(kind);
  expect(JSON.stringify(outcome)).not.toMatch(/CODE|VERIFIER|AT/);
});

test('a VK ID that cannot be reached is a failure, not an error', async () => {
  expect(await identify(await closedPort())).toEqual({ kind: 'failed', detail: 'VK ID could not be reached (ECONNREFUSED)' });
});
