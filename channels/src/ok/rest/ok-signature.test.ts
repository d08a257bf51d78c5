import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signingKey, signOkCall } from './ok-signature.ts';

describe('published vectors', () => {
  // github marselester/pyodnoklassniki, tests/test_requestor.py.
  const call = { application_key: 'app key', method: 'users.getCurrentUser' };

  test('without a session the application secret signs', () => {
    expect(signOkCall(call, { applicationSecret: 'app secret key' })).toBe('a6a34ee469a3aa62199c9d174966c7c8');
  });

  test('in a session of server OAuth the token is left out and joins the secret', () => {
    const params = { ...call, access_token: 'access token' };
    expect(signOkCall(params, { applicationSecret: 'app secret key', accessToken: 'access token' })).toBe(
      '8a41a73bcef600b6a3464158b2059549',
    );
  });

  test('the token comes before the secret, with nothing between them', () => {
    // github alternativshik/python-odnoklassniki, tests (pull request 3).
    expect(signingKey({ accessToken: '3', applicationSecret: '2' })).toBe('6364d3f0f495b6ab9dcf8d3b5c6e0b01');
  });

  test('the data of OK’s own request calculator', () => {
    // github alternativshik/python-odnoklassniki, tests (pull request 3): token 3, secret 2.
    const params = { application_key: '1', format: 'json', method: 'friends.get' };
    expect(signOkCall(params, { applicationSecret: '2', accessToken: '3' })).toBe('d7348fe0d7d735aa2156fa5c596ab8cc');
  });

  test('the /api/ form has no method to sign', () => {
    // github gazay/odnoklassniki, test/vcr_cassettes.
    const params = { application_key: 'application_key' };
    expect(signOkCall(params, { applicationSecret: 'client_secret', accessToken: 'token' })).toBe(
      '4784959f6620c78221bff139d6cf9309',
    );
  });

  test('a call in session, and one signed by a session secret', () => {
    // konstantintogoi.github.io/aiookru/api, "Server-Server signature generation circuit"; recomputed independently.
    const accessToken = '-s-84W-s3egarWUsbkq-IWTucuedzTKT8VUXIA.s4Xx8IW7';
    const params = { method: 'events.get', format: 'json', application_key: 'ABCDEFGHIGKLMNOPK', access_token: accessToken };
    expect(signOkCall(params, { accessToken, applicationSecret: 'ABC123DEF456GHI789JKL123' })).toBe(
      '232c8eb921951c4dba9b72606f9ddb4c',
    );
    expect(signOkCall(params, { sessionSecret: 'ae5362b5b588cc7294c2414d71b74d5d' })).toBe('03a41413523ea8092507949d6e711963');
  });
});

describe('vectors of our own, computed by the documented algorithm', () => {
  const session = { applicationSecret: 'SECRET', accessToken: 'TOKEN' };
  const base = { application_key: 'APPKEY', format: 'json' };
  const simple = { ...base, method: 'notifications.sendSimple', text: 'Привет, мир & = ?', uid: '5' };

  test('a session key is left out, as OK’s page has it', () => {
    // Independent clients sign it as well (cb30c5ea3e44779299dbc90e81bd3d36 with these values); we never send one.
    const params = { application_key: 'app key', method: 'users.getCurrentUser', session_key: 'session key' };
    expect(signOkCall(params, { sessionSecret: 'session secret key' })).toBe('55318f1777f42beb5cc6d6e2e3079e2c');
  });

  test('text is signed as UTF-8 before URL encoding', () => {
    expect(signOkCall(simple, { applicationSecret: 'SECRET' })).toBe('99a6848aa5cd4f401b8fa450016147b8');
    expect(signOkCall(simple, session)).toBe('8e699bca47d14298ff51ba46b84c1971');
  });

  test('an empty value is signed if it is sent', () => {
    expect(signOkCall({ ...simple, mark: '' }, { applicationSecret: 'SECRET' })).toBe('9f06aa8c501a8c25368ebc93315067a8');
  });

  test('keys are sorted, not pairs: text before text1', () => {
    // Sorting whole pairs gives b4553096e673d716415d46247234b550.
    const params = { ...base, text1: 'u', text: 't', method: 'm.x', a0: '2', a: '1' };
    expect(signOkCall(params, session)).toBe('fd56176bff76afe5196d3bf896b1ddaa');
  });

  test('nested JSON is signed as the text that is sent', () => {
    const attachment = '{"media":[{"type":"text","text":"a&b"}]}';
    expect(signOkCall({ ...base, method: 'mediatopic.post', attachment }, session)).toBe('e2232d536d1fd770b0b5b431cb6c9590');
  });

  test('capitals come before underscores, underscores before small letters', () => {
    const params = { ...base, alpha: '2', Zeta: '1', __online: 'false', call_id: '7', method: 'm.x' };
    expect(signOkCall(params, session)).toBe('060c5c049b29323e201404c36facf968');
  });
});

test('the order in which parameters are given, and a signature among them, change nothing', () => {
  const params = fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true });
  fc.assert(
    fc.property(params, fc.string(), fc.string(), (given, applicationSecret, sig) => {
      const { sig: _, ...unsigned } = given;
      const reversed = Object.fromEntries(Object.entries(unsigned).reverse());
      expect(signOkCall({ ...reversed, sig }, { applicationSecret })).toBe(signOkCall(unsigned, { applicationSecret }));
      expect(signOkCall(unsigned, { applicationSecret })).toMatch(/^[0-9a-f]{32}$/);
    }),
  );
});
