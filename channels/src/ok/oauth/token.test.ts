import { afterEach, describe, expect, test } from 'vitest';
import { closedPort, type Played, playAnswers } from '../../../test/play-answers.ts';
import { createOkOAuth, type OkOAuth } from './token.ts';

const never = new AbortController().signal;
const open: OkOAuth[] = [];
const oauthAt = (baseUrl: string, timeoutMs = 5_000): OkOAuth => {
  const oauth = createOkOAuth({ baseUrl, applicationId: '1246100000', applicationSecret: 'APPSECRET', timeoutMs });
  open.push(oauth);
  return oauth;
};
afterEach(() => Promise.all(open.splice(0).map((oauth) => oauth.close())));
const exchange = (baseUrl: string, timeoutMs?: number) =>
  oauthAt(baseUrl, timeoutMs).exchangeCode({ code: 'CODE', redirectUri: 'https://soroka.example/ok' }, never);

test('a code becomes tokens', async () => {
  await using server = await playAnswers({
    body: '{"access_token":"AT","refresh_token":"RT","token_type":"session","expires_in":"1800"}',
  });
  expect(await exchange(server.url)).toEqual({
    kind: 'granted',
    tokens: { accessToken: 'AT', refreshToken: 'RT', expiresInSeconds: 1_800 },
  });
  expect(server.requests).toMatchObject([{ method: 'POST', path: '/oauth/token.do' }]);
  expect(Object.fromEntries(new URLSearchParams(server.requests[0]?.body))).toEqual({
    code: 'CODE',
    redirect_uri: 'https://soroka.example/ok',
    grant_type: 'authorization_code',
    client_id: '1246100000',
    client_secret: 'APPSECRET',
  });
});

test('a refresh keeps the refresh token that was there, unless OK gives a new one', async () => {
  await using server = await playAnswers(
    { body: '{"access_token":"AT2","token_type":"session","expires_in":1800}' },
    { body: '{"access_token":"AT3","refresh_token":"RT2"}' },
  );
  const oauth = oauthAt(server.url);
  const tokens = { accessToken: 'AT2', refreshToken: 'RT', expiresInSeconds: 1_800 };
  expect(await oauth.refresh('RT', never)).toEqual({ kind: 'granted', tokens });
  expect(await oauth.refresh('RT', never)).toMatchObject({ tokens: { refreshToken: 'RT2', expiresInSeconds: null } });
  expect(new URLSearchParams(server.requests[0]?.body).get('grant_type')).toBe('refresh_token');
});

describe('no token is given where OK', () => {
  test.each<[string, Played, object]>([
    [
      'refuses',
      { status: 401, body: '{"error":"invalid_token","error_description":"CODE is old"}' },
      { kind: 'refused', error: 'invalid_token' },
    ],
    ['refuses as the REST API does', { body: '{"error_code":101,"error_msg":"x"}' }, { kind: 'refused', error: '101' }],
    ...[1, 2, 8, 9999].map((code): [string, Played, object] => [
      `answers with error ${code}, which passes`,
      { body: `{"error_code":${code},"error_data":null,"error_msg":"SERVICE : CODE must wait"}` },
      { kind: 'failed', detail: `OK gave no token for now (${code}: SERVICE : … must wait); try again later` },
    ]),
    ['is out of order, in its own form', { status: 400, body: '{"error":"server_error"}' }, { kind: 'failed' }],
    [
      'has a front that fails in JSON',
      { status: 500, body: '{"status":500,"error":"Internal Server Error"}' },
      { kind: 'failed' },
    ],
    // Both pages: github gazay/odnoklassniki, test/vcr_cassettes.
    ['shows a page with 400', { status: 400, body: '<html>Provide OAUTH request parameters!</html>' }, { kind: 'failed' }],
    ['shows a page with 200', { body: '<html>Error : Failed to convert value</html>' }, { kind: 'failed' }],
    ['fails', { status: 502, body: '' }, { kind: 'failed', detail: expect.stringContaining('try again later') }],
    [
      'answers with something else',
      { body: '[]' },
      { kind: 'failed', detail: expect.stringContaining('neither a token nor an error') },
    ],
    ['is silent', 'hang', { kind: 'failed', detail: 'OK did not answer (timeout)' }],
  ])('%s, and nothing secret is told', async (_, answer, expected) => {
    await using server = await playAnswers(answer);
    const outcome = await exchange(server.url, answer === 'hang' ? 500 : undefined);
    expect(outcome).toMatchObject(expected);
    expect(JSON.stringify(outcome)).not.toMatch(/CODE|APPSECRET/);
  });

  test('is not there', async () => {
    expect(await exchange(await closedPort())).toEqual({ kind: 'failed', detail: 'OK could not be reached (ECONNREFUSED)' });
  });
});
