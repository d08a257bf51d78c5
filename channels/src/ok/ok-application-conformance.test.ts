import { describe, expect, test } from 'vitest';
import { useSimulatedNetworks } from '../../test/use-simulated-networks.ts';
import { createOkChannel, createOkOAuth, createOkRest, makeOkAuthorizeUrl, readOkRedirect } from './ok.ts';

// An application of OK against the simulator, over HTTP only: its REST API, and the access that people give it.

const GROUP = '70000000000001';
const ANNA = { phone: '79999999999', ok: '123456789012' };
const APPLICATION = { applicationKey: 'CBADEMOKEY', applicationSecret: 'DEMOAPPSECRET' };
const TIMEOUT_MS = 10_000;

const never = new AbortController().signal;
const networks = useSimulatedNetworks({ subscriptions: true });

const rest = (applicationSecret = APPLICATION.applicationSecret, callForm: 'fb.do' | 'api' = 'fb.do') => {
  const options = { baseUrl: `${networks.url}/ok`, ...APPLICATION, applicationSecret, callForm, timeoutMs: TIMEOUT_MS };
  return networks.opening(createOkRest(options));
};
/** Of a group, with the application beside it. */
const channelWith = (applicationSecret = APPLICATION.applicationSecret) => {
  const graphToken = 'tkn18YdUJZe:CQABPOJKAKEKEKEKE';
  const application = { ...APPLICATION, applicationSecret };
  const options = { baseUrl: `${networks.url}/ok`, graphToken, groupId: GROUP, timeoutMs: TIMEOUT_MS, application };
  return networks.opening(createOkChannel(options));
};

describe('the REST API', () => {
  test.each(['fb.do', 'api'] as const)('takes our signature in the form %s, and no other', async (callForm) => {
    const text = 'Привет, мир & = ?';
    expect(await rest(undefined, callForm).sendSimple({ uid: ANNA.ok, text }, never)).toMatchObject({ kind: 'sent' });
    const refused = await rest('WRONG', callForm).sendSimple({ uid: ANNA.ok, text }, never);
    expect(refused).toMatchObject({ kind: 'stopped', networkCode: '104' });
  });

  test('lets a look at the connection tell a right signature from a wrong one', async () => {
    const signatureWith = async (applicationSecret: string) => {
      const steps = await channelWith(applicationSecret).check(null, never);
      return steps.find(({ name }) => name === 'signature');
    };
    expect(await signatureWith(APPLICATION.applicationSecret)).toMatchObject({ state: 'good' });
    expect(await signatureWith('WRONG')).toMatchObject({ state: 'bad', found: expect.stringContaining('104') });
  });

  test('tells each person’s fate, and how many calls are left', async () => {
    const application = rest();
    const left = async () => application.getCallsLeft(['notifications.sendMessage'], never, { userId: ANNA.ok });
    const method = 'notifications.sendMessage';
    expect(await left()).toEqual({ kind: 'done', result: [{ method, available: true, callsLeft: 1 }] });
    expect(await application.sendMessage({ userIds: [ANNA.ok, '1'], message: 'Готово' }, never)).toEqual({
      kind: 'done',
      result: [
        { userId: ANNA.ok, status: 'OK' },
        { userId: '1', status: 'FAILED' },
      ],
    });
    expect(await left()).toEqual({ kind: 'done', result: [{ method, available: false, callsLeft: 0 }] });
  });

  test('forbids a session for a notification, as OK documents', async () => {
    const session = { accessToken: 'ok-user-anna' };
    const answer = await rest().call('notifications.sendSimple', { uid: ANNA.ok, text: 'x' }, never, { session });
    expect(answer).toMatchObject({ kind: 'error', code: 451 });
  });

  test('gives names with an application', async () => {
    const profiles = await channelWith().profiles?.([ANNA.ok, '1'], never);
    expect(profiles).toMatchObject({ kind: 'done', result: [{ userId: ANNA.ok, name: expect.stringContaining('Анна') }] });
  });

  test('tells who uses the application and who is in a group', async () => {
    const application = rest();
    expect(await application.isAppUser(ANNA.ok, never)).toEqual({ kind: 'done', result: true });
    expect(await application.getMemberships(GROUP, [ANNA.ok], never)).toMatchObject({
      kind: 'done',
      result: [{ userId: ANNA.ok, membership: 'ACTIVE' }],
    });
  });

  test('notifies many until it is stopped', async () => {
    const application = rest();
    const { now } = (await networks.control('GET', '/clock')) as { now: number };
    const mass = await application.sendMass({ text: 'Скидки', expiresAt: new Date(now + 86_400_000) }, never);
    if (mass.kind !== 'done') throw new Error(mass.detail);
    expect(await application.stopSendMass(mass.result.id, never)).toMatchObject({ kind: 'done' });
  });
});

describe('access that a person gives', () => {
  const REDIRECT = 'http://localhost:8080/oauth/ok/callback';
  const decide = async (decision: 'allow' | 'deny', responseType: 'code' | 'token' = 'code') => {
    const url = makeOkAuthorizeUrl({
      baseUrl: `${networks.url}/ok`,
      applicationId: '1246100000',
      redirectUri: REDIRECT,
      scopes: ['VALUABLE_ACCESS', 'LONG_ACCESS_TOKEN'],
      state: 'unguessable',
      responseType,
    });
    expect((await fetch(url)).status).toBe(200);
    const body = new URLSearchParams([...new URL(url).searchParams, ['person', ANNA.phone], ['decision', decision]]);
    const answer = await fetch(`${networks.url}/ok/oauth/authorize`, { method: 'POST', body, redirect: 'manual' });
    return readOkRedirect(answer.headers.get('location') ?? '');
  };
  const oauth = (applicationId = '1246100000') =>
    networks.opening(
      createOkOAuth({
        baseUrl: `${networks.url}/ok`,
        applicationId,
        applicationSecret: APPLICATION.applicationSecret,
        timeoutMs: TIMEOUT_MS,
      }),
    );

  test('comes as a code, becomes tokens, and is renewed', async () => {
    const back = await decide('allow');
    if (back.kind !== 'code') throw new Error(`no code but ${back.kind}`);
    expect(back.state).toBe('unguessable');
    const exchanged = await oauth().exchangeCode({ code: back.code, redirectUri: REDIRECT }, never);
    if (exchanged.kind !== 'granted') throw new Error(exchanged.detail);
    const { accessToken, refreshToken } = exchanged.tokens;
    expect(await rest().getCurrentUser({ accessToken }, never)).toMatchObject({ kind: 'done', result: { userId: ANNA.ok } });
    expect(await rest().touchSession({ accessToken }, never)).toMatchObject({ kind: 'done' });
    const renewed = await oauth().refresh(refreshToken ?? '', never);
    expect(renewed).toMatchObject({ kind: 'granted', tokens: { refreshToken } });
    expect(await oauth().exchangeCode({ code: back.code, redirectUri: REDIRECT }, never)).toMatchObject({ kind: 'refused' });
  });

  test('comes to a page as a token with a secret of its own, which signs', async () => {
    const back = await decide('allow', 'token');
    if (back.kind !== 'token') throw new Error(`no token but ${back.kind}`);
    const session = { accessToken: back.accessToken, sessionSecret: back.sessionSecretKey ?? '' };
    expect(await rest('UNKNOWN TO A PAGE').getCurrentUser(session, never)).toMatchObject({ kind: 'done' });
  });

  test('is refused by the person, wherever OK writes that', async () => {
    expect(await decide('deny')).toMatchObject({ kind: 'refused', error: 'access_denied', state: 'unguessable' });
  });

  test('fails for a wrong application with what to check', async () => {
    const outcome = await oauth('no number').exchangeCode({ code: 'x', redirectUri: REDIRECT }, never);
    expect(outcome).toMatchObject({ kind: 'failed', detail: expect.stringContaining('check the application id') });
  });
});
