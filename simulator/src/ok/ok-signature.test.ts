import { expect, test } from 'vitest';
import { sessionSecret, signatureMatches, signatureOf } from './ok-signature.ts';

// Vectors V1-V13 of contracts/ok.md 1.3. V1, V2, V3-V8 were published by others (named there); V2b and V9-V13 are ours,
// computed by the algorithm of apiok.ru, not OK's.

const SESSION = sessionSecret('TOKEN', 'SECRET');
const appKey = { application_key: 'APPKEY', format: 'json' };
const sendSimple = { ...appKey, method: 'notifications.sendSimple', text: 'Привет, мир & = ?', uid: '5' };
const aiookru = { application_key: 'ABCDEFGHIGKLMNOPK', format: 'json', method: 'events.get' };

test.each([
  ['V1', { application_key: 'app key', method: 'users.getCurrentUser' }, 'app secret key', 'a6a34ee469a3aa62199c9d174966c7c8'],
  [
    'V2b',
    { application_key: 'app key', method: 'users.getCurrentUser', session_key: 'session key' },
    'session secret key',
    '55318f1777f42beb5cc6d6e2e3079e2c',
  ],
  [
    'V3',
    { application_key: 'app key', method: 'users.getCurrentUser', access_token: 'access token' },
    sessionSecret('access token', 'app secret key'),
    '8a41a73bcef600b6a3464158b2059549',
  ],
  [
    'V5',
    { application_key: '1', format: 'json', method: 'friends.get' },
    sessionSecret('3', '2'),
    'd7348fe0d7d735aa2156fa5c596ab8cc',
  ],
  ['V6', { application_key: 'application_key' }, sessionSecret('token', 'client_secret'), '4784959f6620c78221bff139d6cf9309'],
  [
    'V7',
    aiookru,
    sessionSecret('-s-84W-s3egarWUsbkq-IWTucuedzTKT8VUXIA.s4Xx8IW7', 'ABC123DEF456GHI789JKL123'),
    '232c8eb921951c4dba9b72606f9ddb4c',
  ],
  ['V8', aiookru, 'ae5362b5b588cc7294c2414d71b74d5d', '03a41413523ea8092507949d6e711963'],
  ['V9a', sendSimple, 'SECRET', '99a6848aa5cd4f401b8fa450016147b8'],
  ['V9b', sendSimple, SESSION, '8e699bca47d14298ff51ba46b84c1971'],
  ['V9c', { ...sendSimple, mark: '' }, 'SECRET', '9f06aa8c501a8c25368ebc93315067a8'],
  ['V10', { ...appKey, a: '1', a0: '2', method: 'm.x', text: 't', text1: 'u' }, SESSION, 'fd56176bff76afe5196d3bf896b1ddaa'],
  [
    'V12',
    { ...appKey, method: 'mediatopic.post', attachment: '{"media":[{"type":"text","text":"a&b"}]}' },
    SESSION,
    'e2232d536d1fd770b0b5b431cb6c9590',
  ],
  [
    'V13',
    { ...appKey, Zeta: '1', alpha: '2', __online: 'false', call_id: '7', method: 'm.x' },
    SESSION,
    '060c5c049b29323e201404c36facf968',
  ],
])('vector %s is signed as published', (_name, parameters, secret, signature) => {
  expect(signatureOf(parameters, secret)).toBe(signature);
});

test('V2: the form of the JavaScript SDK signs the session key too, and both forms are accepted', () => {
  const parameters = { application_key: 'app key', method: 'users.getCurrentUser', session_key: 'session key' };
  const included = 'cb30c5ea3e44779299dbc90e81bd3d36';
  expect(signatureOf(parameters, 'session secret key', { withSessionKey: true })).toBe(included);
  expect(signatureMatches({ ...parameters, sig: included }, 'session secret key')).toBe(true);
  expect(signatureMatches({ ...parameters, sig: '55318f1777f42beb5cc6d6e2e3079e2c' }, 'session secret key')).toBe(true);
});

test('V4: the secret of a session is the hash of token and application secret', () => {
  expect(sessionSecret('3', '2')).toBe('6364d3f0f495b6ab9dcf8d3b5c6e0b01');
  expect(SESSION).toBe('8afde8c21fa64b07aa9b55707b174a7b');
});

test('V11: a signature over sorted pairs instead of sorted names is refused', () => {
  const parameters = { ...appKey, a: '1', a0: '2', method: 'm.x', text: 't', text1: 'u' };
  expect(signatureMatches({ ...parameters, sig: 'b4553096e673d716415d46247234b550' }, SESSION)).toBe(false);
});

test('an access token inside the signature, upper-case hex and a missing signature are refused', () => {
  const parameters = { application_key: 'app key', method: 'users.getCurrentUser', access_token: 'access token' };
  const secret = sessionSecret('access token', 'app secret key');
  const right = signatureOf(parameters, secret);
  expect(signatureMatches({ ...parameters, sig: right }, secret)).toBe(true);
  expect(signatureMatches({ ...parameters, sig: right.toUpperCase() }, secret)).toBe(false);
  expect(signatureMatches(parameters, secret)).toBe(false);
  const { access_token: token, ...rest } = parameters;
  expect(signatureMatches({ ...parameters, sig: signatureOf({ ...rest, token }, secret) }, secret)).toBe(false);
});
