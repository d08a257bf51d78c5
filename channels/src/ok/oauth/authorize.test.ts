import { expect, test } from 'vitest';
import { makeOkAuthorizeUrl, readOkRedirect } from './authorize.ts';

const asked = { applicationId: '1246100000', redirectUri: 'https://soroka.example/oauth/ok?a=1', scopes: [], state: 'абв&=' };

test('the address to send a person to joins the scopes by semicolons and encodes what it carries', () => {
  const url = new URL(makeOkAuthorizeUrl({ ...asked, scopes: ['VALUABLE_ACCESS', 'LONG_ACCESS_TOKEN'], layout: 'm' }));
  expect(url.origin + url.pathname).toBe('https://connect.ok.ru/oauth/authorize');
  expect(url.search).toContain('scope=VALUABLE_ACCESS%3BLONG_ACCESS_TOKEN');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    client_id: '1246100000',
    scope: 'VALUABLE_ACCESS;LONG_ACCESS_TOKEN',
    response_type: 'code',
    redirect_uri: 'https://soroka.example/oauth/ok?a=1',
    layout: 'm',
    state: 'абв&=',
  });
});

test('without a layout it is the desktop’s, and a page without a server asks for a token', () => {
  const { searchParams } = new URL(makeOkAuthorizeUrl({ ...asked, baseUrl: 'http://127.0.0.1:1/ok', responseType: 'token' }));
  expect([searchParams.get('layout'), searchParams.get('response_type')]).toEqual(['w', 'token']);
});

test.each([
  ['?code=c%2B1&state=s', { kind: 'code', code: 'c+1', state: 's' }],
  ['?a=1&code=c', { kind: 'code', code: 'c', state: null }],
  ['?state=s#error=access_denied', { kind: 'refused', error: 'access_denied', description: null, state: 's' }],
  [
    '?error=access_denied&error_description=The+user+has+refused&state=s',
    { kind: 'refused', error: 'access_denied', description: 'The user has refused', state: 's' },
  ],
  ['?code=c#error=invalid_request&state=s', { kind: 'refused', error: 'invalid_request', description: null, state: 's' }],
  [
    '#access_token=t&session_secret_key=k&expires_in=1800&state=s',
    { kind: 'token', accessToken: 't', sessionSecretKey: 'k', expiresInSeconds: 1_800, state: 's' },
  ],
  [
    '#access_token=t&expires_in=soon',
    { kind: 'token', accessToken: 't', sessionSecretKey: null, expiresInSeconds: null, state: null },
  ],
  ['?code=', { kind: 'empty' }],
  ['', { kind: 'empty' }],
])('a browser that comes back with %s is read', (tail, expected) => {
  expect(readOkRedirect(`https://soroka.example/oauth/ok${tail}`)).toEqual(expected);
  expect(readOkRedirect(`okauth://ok1246100000${tail}`)).toEqual(expected);
});
