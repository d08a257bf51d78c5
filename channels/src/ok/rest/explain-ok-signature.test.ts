import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainOkSignature, type OkSignatureMistake } from './explain-ok-signature.ts';
import { md5, signOkCall } from './ok-signature.ts';

const secret = { applicationSecret: 'SECRET', accessToken: 'TOKEN' };
const params = {
  application_key: 'APPKEY',
  method: 'notifications.sendSimple',
  text: 'Привет, мир & = ?',
  text1: 'u',
  __online: 'false',
  Zeta: '1',
  access_token: 'TOKEN',
};
const sign = (base: string, key = md5('TOKENSECRET')) => md5(base + key);
const RIGHT = 'Zeta=1__online=falseapplication_key=APPKEYmethod=notifications.sendSimpletext=Привет, мир & = ?text1=u';

test('a right signature is said to be right, with what was signed and no secret in it', () => {
  const given = sign(RIGHT);
  expect(explainOkSignature({ params, secret, given })).toEqual({
    verdict: 'right',
    expected: given,
    signed: `${RIGHT}‹md5 of access token + application secret key›`,
    mistakes: [],
    signedInstead: null,
  });
});

describe('a wrong signature is explained where', () => {
  const encoded = encodeURIComponent(params.text);
  test.each<[OkSignatureMistake, string]>([
    ['upper-case', sign(RIGHT).toUpperCase()],
    ['secret-order', sign(RIGHT, md5('SECRETTOKEN'))],
    ['application-secret', sign(RIGHT, 'SECRET')],
    ['token-as-secret', sign(RIGHT, 'TOKEN')],
    ['upper-case-secret', sign(RIGHT, md5('TOKENSECRET').toUpperCase())],
    ['no-secret', md5(RIGHT)],
    ['secret-first', md5(md5('TOKENSECRET') + RIGHT)],
    // iconv -f utf8 -t cp1251 | md5sum, sha1sum and sha256sum, of the text to be signed
    ['not-utf-8', 'fef0ccf18aa9db309dec47d4417eada5'],
    ['other-hash', '7897f6f9238a7c43f4ff4b4573c7a68877f9818e'],
    ['other-hash', '52cf200e4031a2b63f5ed0552a3331a1e384638c0c40f7823f77ed59b9e3c21b'],
    ['url-encoded', sign(RIGHT.replace(params.text, encoded))],
    ['form-encoded', sign(RIGHT.replace(params.text, encoded.replaceAll('%20', '+')))],
    ['sorted-by-pair', sign(RIGHT.replace(`text=${params.text}text1=u`, `text1=utext=${params.text}`))],
    [
      'sorted-by-locale',
      sign(`__online=falseapplication_key=APPKEYmethod=notifications.sendSimpletext=${params.text}text1=uZeta=1`),
    ],
    ['not-sorted', sign(`application_key=APPKEYmethod=notifications.sendSimpletext=${params.text}text1=u__online=falseZeta=1`)],
    ['access-token-signed', sign(`Zeta=1__online=falseaccess_token=TOKEN${RIGHT.slice('Zeta=1__online=false'.length)}`)],
    ['parameter-not-signed', sign(RIGHT.replace('__online=false', ''))],
    ['format-not-sent', sign(RIGHT.replace('method=', 'format=jsonmethod='))],
  ])('the mistake is %s', (name, given) => {
    const { verdict, mistakes, signedInstead, ...rest } = explainOkSignature({ params, secret, given });
    expect({ verdict, names: mistakes.map((mistake) => mistake.name) }).toEqual({ verdict: 'explained', names: [name] });
    expect(rest.expected).toBe(sign(RIGHT));
    expect(signedInstead).not.toMatch(/=TOKEN|SECRET/);
  });

  test('the pairs were joined with &', () => {
    const given = md5('application_key=APPKEY&method=m.xSECRET');
    const call = { application_key: 'APPKEY', method: 'm.x' };
    expect(explainOkSignature({ params: call, secret: { applicationSecret: 'SECRET' }, given })).toMatchObject({
      verdict: 'explained',
      mistakes: [{ name: 'separator' }],
      signedInstead: 'application_key=APPKEY&method=m.x‹application secret key›',
    });
  });

  test('a session key was signed: the vector of a client that does so', () => {
    // github marselester/pyodnoklassniki, tests/test_requestor.py.
    const call = { application_key: 'app key', method: 'users.getCurrentUser', session_key: 'session key' };
    const given = 'cb30c5ea3e44779299dbc90e81bd3d36';
    expect(explainOkSignature({ params: call, secret: { sessionSecret: 'session secret key' }, given })).toMatchObject({
      mistakes: [{ name: 'session-key-signed' }],
      expected: '55318f1777f42beb5cc6d6e2e3079e2c',
      signedInstead: 'application_key=app keymethod=users.getCurrentUsersession_key=‹session_key›‹session secret key›',
    });
  });

  test('whole pairs were sorted: a vector of our own, computed by that mistake', () => {
    const call = { application_key: 'APPKEY', format: 'json', method: 'm.x', a: '1', a0: '2', text: 't', text1: 'u' };
    const given = 'b4553096e673d716415d46247234b550';
    expect(explainOkSignature({ params: call, secret, given })).toMatchObject({
      expected: 'fd56176bff76afe5196d3bf896b1ddaa',
      mistakes: [{ name: 'sorted-by-pair' }],
    });
  });

  test('a session with its own secret was signed by the application', () => {
    const session = { ...secret, sessionSecret: 'OWN' };
    const named = (key: string) => explainOkSignature({ params, secret: session, given: sign(RIGHT, key) }).mistakes[0]?.name;
    expect([named('SECRET'), named(md5('TOKENSECRET'))]).toEqual(['application-secret', 'joined-secret']);
  });

  test('two mistakes were made at once', () => {
    const given = sign(RIGHT.replace(params.text, encodeURIComponent(params.text)), md5('SECRETTOKEN'));
    const { mistakes } = explainOkSignature({ params, secret, given });
    expect(mistakes.map(({ name }) => name)).toEqual(['url-encoded', 'secret-order']);
  });
});

test('a signature by an unknown secret stays unexplained', () => {
  const given = signOkCall(params, { applicationSecret: 'OTHER', accessToken: 'TOKEN' });
  expect(explainOkSignature({ params, secret, given })).toMatchObject({
    verdict: 'unexplained',
    mistakes: [],
    signedInstead: null,
  });
});

test('any text as a value, a name or a signature is explained or not, without failing', () => {
  const texts = fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), {
    maxKeys: 4,
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(texts, fc.string(), (given, sig) => {
      const { verdict, expected } = explainOkSignature({ params: given, secret, given: sig });
      expect(verdict).toBe('unexplained');
      expect(explainOkSignature({ params: given, secret, given: expected }).verdict).toBe('right');
    }),
    { numRuns: 20 },
  );
});
