import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { totpCode } from '../operators/operators.ts';
import { type Client, COMMAND, type OperatorStand, PASSWORD, startOperatorStand } from './operator-stand.ts';

let stand: OperatorStand;
let accountId: number;
beforeAll(async () => {
  stand = await startOperatorStand();
  accountId = (await stand.newAccount()).id;
});
afterAll(() => stand[Symbol.asyncDispose]());

const codeOf = (answer: { status: number; body: { error?: { code: string } } }) => [answer.status, answer.body?.error?.code];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const base32 = (text: string): Buffer => {
  const bits = [...text]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
};
const codeNow = (secret: string): string => totpCode(base32(secret), Math.floor(stand.clock.now() / 30_000));

/** Gives the operator a second factor; the next code is one step later. */
async function setUpTotp(client: Client): Promise<{ secret: string; recoveryCodes: string[] }> {
  const { secret } = (await client.call('POST', '/v1/me/totp', { password: PASSWORD })).body;
  const confirmed = await client.call('POST', '/v1/me/totp/confirm', { code: codeNow(secret) });
  expect(confirmed.status).toBe(200);
  await stand.clock.advance(30_000);
  return { secret, recoveryCodes: confirmed.body.recoveryCodes };
}

describe('logging in with a password', () => {
  test('gives a browser a cookie that scripts and other hosts never see, and no token', async () => {
    const { login, id } = await stand.newOperator(accountId, 'operator');
    const browser = stand.client();
    const answer = await browser.login(` ${login.toUpperCase()} `);
    expect(answer).toMatchObject({ status: 200, body: { awaitsCode: false } });
    expect(answer.body.token).toBeUndefined();
    expect(answer.headers['set-cookie']).toMatch(
      /^__Host-soroka=soroka_session_[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Expires=.*; Secure$/,
    );
    expect((await browser.call('GET', '/v1/me')).body).toMatchObject({ id, login, role: 'operator', account: { id: accountId } });
  });

  test('gives an app a token for the Authorization header', async () => {
    const { login } = await stand.newOperator(accountId, 'analyst');
    const app = stand.client();
    const answer = await app.login(login, { form: 'token' });
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect((await app.call('GET', '/v1/me')).body).toMatchObject({ session: { kind: 'device' }, rights: ['self', 'catalog'] });
  });

  test('is refused in the same words for a wrong password, an unknown login and somebody disabled', async () => {
    const { login, id } = await stand.newOperator(accountId, 'operator');
    const wrong = await stand.client().login(login, { password: 'not the password' });
    const unknown = await stand.client().login('nobody-at-all');
    await stand.operators.staff.change(accountId, COMMAND, id, { isDisabled: true });
    const disabled = await stand.client().login(login);
    expect(codeOf(wrong)).toEqual([401, 'login.refused']);
    expect([unknown.text, disabled.text]).toEqual([wrong.text, wrong.text]);
    for (const odd of ['a\u0000b', '\ud800x']) expect((await stand.client().login(odd)).status).toBe(400);
  });

  test('needs ever more patience after five wrong tries, and never from where the operator has been before', async () => {
    const { login } = await stand.newOperator(accountId, 'operator');
    const home = stand.client({ address: '198.51.100.1' });
    expect((await home.login(login)).status).toBe(200);
    const thief = stand.client({ address: '198.51.100.66' });
    for (let tries = 0; tries < 5; tries++) expect((await thief.login(login, { password: 'guess number n' })).status).toBe(401);
    const slowed = await thief.login(login, { password: 'guess number n' });
    expect(codeOf(slowed)).toEqual([429, 'rate.limit']);
    expect(slowed.headers['retry-after']).toBe('60');
    await stand.clock.advance(MINUTE_MS);
    expect((await thief.login(login, { password: 'guess number n' })).status).toBe(401);
    expect((await thief.login(login)).status).toBe(429); // the right password does not pass either

    // Others join in, each from an address of its own, until the login is closed to strangers.
    for (let other = 0; other < 25; other++)
      await stand.client({ address: `2001:db8:0:${other}::1` }).login(login, { password: 'x' });
    expect((await stand.client({ address: '2001:db8:0:99::1' }).login(login)).status).toBe(429);
    expect((await stand.client({ address: '198.51.100.1' }).login(login)).status).toBe(200);
  });

  test('is not for pages of other sites', async () => {
    const { login } = await stand.newOperator(accountId, 'operator');
    const foreign = { origin: 'https://evil.example' };
    const browser = stand.client();
    expect(codeOf(await browser.call('POST', '/v1/login', { login, password: PASSWORD }, foreign))).toEqual([
      403,
      'origin.foreign',
    ]);
    await browser.login(login);
    expect(codeOf(await browser.call('PATCH', '/v1/me', { availability: 'pause' }, foreign))).toEqual([403, 'origin.foreign']);
    expect((await browser.call('PATCH', '/v1/me', { availability: 'pause', availabilityComment: 'обед' })).body).toMatchObject({
      availability: 'pause',
      availabilityComment: 'обед',
    });
    expect((await browser.call('PATCH', '/v1/me', { availability: 'online' })).body.availabilityComment).toBeNull();
  });
});

describe('a second factor', () => {
  test('is asked for after the password, and each code counts once', async () => {
    const { login } = await stand.newOperator(accountId, 'admin');
    const browser = stand.client();
    await browser.login(login);
    const { secret } = await setUpTotp(browser);
    expect(codeOf(await browser.call('POST', '/v1/me/totp', { password: PASSWORD }))).toEqual([409, 'second.factor.on']);

    const other = stand.client();
    expect((await other.login(login)).body).toMatchObject({ awaitsCode: true });
    const halfway = other.cookies.get('__Host-soroka');
    expect(codeOf(await other.call('GET', '/v1/me'))).toEqual([401, 'code.needed']);
    expect(codeOf(await other.call('POST', '/v1/login/code', { code: '000000' }))).toEqual([401, 'login.refused']);
    const code = codeNow(secret);
    expect((await other.call('POST', '/v1/login/code', { code })).body).toMatchObject({ awaitsCode: false });
    expect(other.cookies.get('__Host-soroka')).not.toBe(halfway);
    expect((await other.call('GET', '/v1/me')).body.secondFactor).toEqual({ isOn: true, isRequired: false });

    const third = stand.client();
    await third.login(login);
    expect(codeOf(await third.call('POST', '/v1/login/code', { code }))).toEqual([401, 'login.refused']);
    await stand.clock.advance(30_000);
    expect((await third.call('POST', '/v1/login/code', { code: codeNow(secret) })).status).toBe(200);
  });

  test('has codes for the day on which the phone is lost, each good once', async () => {
    const { login } = await stand.newOperator(accountId, 'operator');
    const app = stand.client();
    await app.login(login, { form: 'token' });
    const { recoveryCodes } = await setUpTotp(app);
    expect(new Set(recoveryCodes).size).toBe(10);
    const [first = ''] = recoveryCodes;
    for (const expected of [200, 401]) {
      const browser = stand.client();
      await browser.login(login);
      expect((await browser.call('POST', '/v1/login/code', { code: first.toLowerCase().replaceAll('-', ' ') })).status).toBe(
        expected,
      );
    }
    expect(codeOf(await app.call('POST', '/v1/me/totp/remove', { password: 'not the password' }))).toEqual([
      401,
      'login.refused',
    ]);
    expect((await app.call('POST', '/v1/me/totp/remove', { password: PASSWORD })).body.secondFactor.isOn).toBe(false);
    expect((await stand.client().login(login)).body.awaitsCode).toBe(false);
  });

  test('cannot be guessed: after five wrong codes one has to wait', async () => {
    const { login } = await stand.newOperator(accountId, 'operator');
    const browser = stand.client();
    await browser.login(login);
    await setUpTotp(browser);
    const thief = stand.client();
    await thief.login(login);
    const tries = Array.from({ length: 6 }, (_, index) => `00000${index}`);
    const statuses: number[] = [];
    for (const code of tries) statuses.push((await thief.call('POST', '/v1/login/code', { code })).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
  });

  test('can be asked of all who see phones: until they have one, they reach their profile alone', async () => {
    const { id } = await stand.newAccount();
    const [owner, operator, analyst] = [
      await stand.newOperator(id, 'owner'),
      await stand.newOperator(id, 'operator'),
      await stand.newOperator(id, 'analyst'),
    ];
    const clients = new Map<string, Client>();
    for (const { login } of [owner, operator, analyst]) {
      const client = stand.client();
      await client.login(login);
      clients.set(login, client);
    }
    const of = (who: { login: string }) => clients.get(who.login) as Client;
    expect((await of(owner).call('PATCH', '/v1/security', { secondFactorRequired: true })).status).toBe(200);
    expect(codeOf(await of(operator).call('GET', '/v1/dialogs'))).toEqual([403, 'second.factor.needed']);
    expect((await of(operator).call('GET', '/v1/me')).body).toMatchObject({
      rights: ['self'],
      secondFactor: { isRequired: true },
    });
    expect((await of(analyst).call('GET', '/v1/operators')).status).toBe(200);
    await setUpTotp(of(operator));
    expect((await of(operator).call('GET', '/v1/dialogs')).status).toBe(200);
  });
});

describe('sessions', () => {
  test('are listed with device and address, and ended one by one or all others at once', async () => {
    const { login } = await stand.newOperator(accountId, 'operator');
    const [laptop, phone, tablet] = [
      stand.client({ userAgent: 'Firefox', address: '192.0.2.1' }),
      stand.client({ userAgent: 'Pixel 9', address: '192.0.2.2' }),
      stand.client({ userAgent: 'iPad', address: '192.0.2.3' }),
    ];
    await laptop.login(login);
    await phone.login(login, { form: 'token' });
    await tablet.login(login);
    const { items } = (await laptop.call('GET', '/v1/sessions')).body;
    expect(items).toMatchObject([
      { device: 'iPad', address: '192.0.2.3', isCurrent: false },
      { device: 'Pixel 9', kind: 'device' },
      { device: 'Firefox', isCurrent: true, kind: 'web' },
    ]);
    expect((await laptop.call('DELETE', `/v1/sessions/${items[1].id}`)).body).toEqual({ removed: 1 });
    expect(codeOf(await phone.call('GET', '/v1/me'))).toEqual([401, 'login.must.be.not.null']);
    expect((await laptop.call('DELETE', '/v1/sessions')).body).toEqual({ removed: 1 });
    expect((await tablet.call('GET', '/v1/me')).status).toBe(401);
    expect((await laptop.call('POST', '/v1/logout')).body).toEqual({ removed: 1 });
    expect(laptop.cookies.size).toBe(0);
  });

  test('end after twelve hours without use, and after thirty days in any case', async () => {
    const { login } = await stand.newOperator(accountId, 'operator');
    const [idle, busy] = [stand.client(), stand.client()];
    await idle.login(login);
    await busy.login(login);
    for (let hours = 0; hours < 30 * 24; hours += 8) {
      if (hours === 16) expect((await idle.call('GET', '/v1/me')).status).toBe(401);
      expect((await busy.call('GET', '/v1/me')).status).toBe(200);
      await stand.clock.advance(8 * HOUR_MS);
    }
    expect((await busy.call('GET', '/v1/me')).status).toBe(401);
  });

  test('all others end with a new password, which the old one has to be known for', async () => {
    const { login } = await stand.newOperator(accountId, 'operator');
    const [here, there] = [stand.client(), stand.client()];
    await here.login(login);
    await there.login(login);
    const change = (password: string, newPassword: string) => here.call('POST', '/v1/me/password', { password, newPassword });
    expect(codeOf(await change('not the password', 'nine white magpies'))).toEqual([401, 'login.refused']);
    expect((await change(PASSWORD, 'short')).body.error).toMatchObject({ code: 'parameter.invalid', field: 'newPassword' });
    expect((await change(PASSWORD, `${login} is my login`)).body.error).toMatchObject({ field: 'newPassword' });
    expect((await change(PASSWORD, 'nine white magpies')).status).toBe(200);
    expect([(await here.call('GET', '/v1/me')).status, (await there.call('GET', '/v1/me')).status]).toEqual([200, 401]);
    expect((await stand.client().login(login)).status).toBe(401);
    expect((await stand.client().login(login, { password: 'nine white magpies' })).status).toBe(200);
  });
});

describe('a phone', () => {
  test('is let in by a QR code once, and the browser that showed it learns of it', async () => {
    const { login, id } = await stand.newOperator(accountId, 'operator');
    const [browser, phone] = [stand.client(), stand.client({ userAgent: 'okhttp' })];
    await browser.login(login);
    const pairing = (await browser.call('POST', '/v1/pairings')).body;
    const code = pairing.url.split('#pairing=')[1];
    expect((await browser.call('GET', `/v1/pairings/${pairing.id}`)).body).toMatchObject({ state: 'waiting', sessionId: null });
    const redeemed = await phone.call('POST', '/v1/pairings/redeem', { code, device: 'Pixel 9' });
    expect((await phone.call('GET', '/v1/me')).body).toMatchObject({ id, session: { kind: 'device' } });
    expect((await browser.call('GET', `/v1/pairings/${pairing.id}`)).body).toMatchObject({
      state: 'redeemed',
      sessionId: redeemed.body.sessionId,
    });
    expect(codeOf(await stand.client().call('POST', '/v1/pairings/redeem', { code }))).toEqual([410, 'link.dead']);
  });

  test('is not let in by a code that is older than two minutes', async () => {
    const { login } = await stand.newOperator(accountId, 'operator');
    const browser = stand.client();
    await browser.login(login);
    const { id, url } = (await browser.call('POST', '/v1/pairings')).body;
    await stand.clock.advance(2 * MINUTE_MS);
    const late = await stand.client().call('POST', '/v1/pairings/redeem', { code: url.split('#pairing=')[1] });
    expect(codeOf(late)).toEqual([410, 'link.dead']);
    expect((await browser.call('GET', `/v1/pairings/${id}`)).body.state).toBe('expired');
  });
});
