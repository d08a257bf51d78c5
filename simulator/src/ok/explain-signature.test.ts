import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { explainSignature, type SigningContext } from './explain-signature.ts';
import { sessionSecret, signatureOf } from './ok-signature.ts';

const md5 = (text: string | Uint8Array) => createHash('md5').update(text).digest('hex');
const SECRET = sessionSecret('TOKEN', 'SECRET');

/** A call in session as a client sends it, with the signature it made. */
function explain(parameters: Record<string, string>, sig: string, more: Partial<SigningContext> = {}) {
  const given = { application_key: 'APPKEY', access_token: 'TOKEN', ...parameters, sig };
  return explainSignature({
    given,
    methodInPath: null,
    applicationKey: 'APPKEY',
    applicationSecret: 'SECRET',
    token: 'TOKEN',
    secrets: [SECRET],
    ...more,
  });
}

const call = { method: 'm.x', text: 'Привет, мир', uid: '5' };
const signed = { application_key: 'APPKEY', ...call };
const base = 'application_key=APPKEYmethod=m.xtext=Привет, мирuid=5';

// Each right-hand side is what a client with that mistake computes, written out by hand.
test.each<[mistake: string, sig: string, parameters?: Record<string, string>]>([
  ['lower case', signatureOf(signed, SECRET).toUpperCase()],
  ['not sorted', md5(`application_key=APPKEYuid=5method=m.x${SECRET}`), { uid: '5', method: 'm.x' }],
  ['pairs "key=value" were sorted', md5(`a0=2a=1application_key=APPKEY${SECRET}`), { a: '1', a0: '2' }],
  ['without regard to case', md5(`alpha=2application_key=APPKEYZeta=1${SECRET}`), { Zeta: '1', alpha: '2' }],
  ['access_token was signed', md5(`access_token=TOKEN${base}${SECRET}`)],
  ['the token comes first', md5(base + md5('SECRETTOKEN'))],
  ['used as it is', md5(`${base}SECRET`)],
  ['without md5', md5(`${base}TOKENSECRET`)],
  ['in upper case', md5(base + SECRET.toUpperCase())],
  ['application_key was used as the secret', md5(base + md5('TOKENAPPKEY'))],
  ['no secret', md5(base)],
  ['it comes last', md5(SECRET + base)],
  ['URL-encoded', md5(`application_key=APPKEYmethod=m.xtext=${encodeURIComponent('Привет, мир')}uid=5${SECRET}`)],
  [
    'URL-encoded',
    md5(`application_key=APPKEYmethod=m.xtext=${new URLSearchParams({ t: 'Привет, мир' }).toString().slice(2)}uid=5${SECRET}`),
  ],
  ['joined with "&"', md5(`application_key=APPKEY&method=m.x&text=Привет, мир&uid=5${SECRET}`)],
  ['another encoding', md5(Buffer.from(base + SECRET, 'latin1'))],
  ['empty values', md5(`application_key=APPKEYuid=5${SECRET}`), { mark: '', text: '', uid: '5', mask: '' }],
  ['uid was not signed', signatureOf({ application_key: 'APPKEY', method: 'm.x', text: 'Привет, мир' }, SECRET)],
  ['method and uid were not signed', signatureOf({ application_key: 'APPKEY', text: 'Привет, мир' }, SECRET)],
  ['sig is missing', ''],
])('a client that got it wrong reads: %s', (mistake, sig, parameters = call) => {
  expect(explain(parameters, sig).looksLike).toContain(mistake);
});

test('a method of the path that was signed is found', () => {
  const { looksLike } = explain({ uid: '5' }, signatureOf({ application_key: 'APPKEY', method: 'm.x', uid: '5' }, SECRET), {
    methodInPath: 'm.x',
  });
  expect(looksLike).toContain('method was signed');
});

test('an unknown mistake is not guessed at, and the right text is shown with its secret by name', () => {
  expect(explain(call, 'f'.repeat(32))).toEqual({
    looksLike: null,
    shouldSign: `${base}{md5(access_token + application_secret_key)}`,
  });
  const { shouldSign } = explain(call, '', { token: null, secrets: ['SECRET'] });
  expect(shouldSign).toBe(`${base}{application_secret_key}`);
});
