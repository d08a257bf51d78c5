import { createHash, randomBytes } from 'node:crypto';
import { createManualClock, type ManualClock, type Simulator, startSimulator } from '@soroka/simulator';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { createManualClock as createServerClock, type ManualClock as ServerClock } from '../../test/manual-clock.ts';
import { createAccounts } from '../accounts/accounts.ts';
import { type Connections, createConnections } from '../connections/connections.ts';
import { createOAuth, type OAuth } from '../oauth/oauth.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { createSecrets } from '../platform/secrets.ts';
import { createLogger } from '../platform/telemetry.ts';
import { startStand } from './http-stand.ts';

// The server is reached through what the simulated OK has registered as the application's redirect address.
const PUBLIC_URL = 'http://127.0.0.1:8080';
const ANNA = { phone: '79999999999', id: '123456789012' };
const BORIS = { phone: '79990000001' };
const LONG = ['VALUABLE_ACCESS', 'LONG_ACCESS_TOKEN'];
const DAY_MS = 86_400_000;

let database: Database;
let drop: () => Promise<void>;
let simulator: Simulator;
let okClock: ManualClock;
let clock: ServerClock;
let connections: Connections;
let oauth: OAuth;
let app: FastifyInstance;
let closeStand: () => PromiseLike<void>;
let accountId: number;
let count = 0;
const secrets = createSecrets(randomBytes(32));

beforeAll(async () => {
  const made = await testDatabase();
  drop = made.drop;
  database = openDatabase(made.url, { connectionsMax: 6 });
  okClock = createManualClock();
  simulator = await startSimulator({ clock: okClock });
});
beforeEach(async () => {
  simulator.world.reset();
  // What earlier tests have connected is nobody's any more in the new world.
  await database.run({ name: 'test.upkeep.empty', text: 'delete from oauth_upkeep' });
  clock = createServerClock();
  const log = createLogger('silent');
  connections = createConnections({ database, secrets, publicUrl: () => PUBLIC_URL, sendTimeoutMs: 5_000 });
  oauth = createOAuth({ database, connections, secrets, publicUrl: () => PUBLIC_URL, clock, log, timeoutMs: 5_000 });
  const stand = await startStand({ oauth: { oauth, publicUrl: () => PUBLIC_URL } });
  app = stand.app;
  closeStand = () => stand[Symbol.asyncDispose]();
  accountId = (await createAccounts({ database, secrets, clock }).create(`shop ${++count}`)).id;
});
afterEach(async () => {
  await oauth.stop();
  await closeStand();
  await connections.close();
});
afterAll(async () => {
  await simulator.stop();
  await database.close();
  await drop();
});

const request = (scopes: readonly string[] = ['VALUABLE_ACCESS']) => ({
  accountId,
  application: { applicationId: '1246100000', applicationKey: 'CBADEMOKEY', applicationSecret: 'DEMOAPPSECRET' },
  baseUrl: `${simulator.url}/ok`,
  consentUrl: `${simulator.url}/ok`,
  scopes,
  layout: 'm' as const,
});
const signal = () => AbortSignal.timeout(5_000);

/** A browser: keeps one cookie, and sends to us what is addressed to PUBLIC_URL. */
function browser() {
  let cookie = '';
  const open = async (url: string, form?: Record<string, string>) => {
    const answer = await app.inject({
      method: form === undefined ? 'GET' : 'POST',
      url: url.replace(PUBLIC_URL, '').split('#')[0] ?? '',
      headers: { cookie, 'accept-language': 'en', ...(form && { 'content-type': 'application/x-www-form-urlencoded' }) },
      ...(form && { payload: new URLSearchParams(form).toString() }),
    });
    const set = answer.headers['set-cookie'];
    if (typeof set === 'string') cookie = set.split(';')[0] ?? '';
    return { status: answer.statusCode, text: answer.body, location: answer.headers.location ?? '', headers: answer.headers };
  };
  return {
    open,
    /** Presses Allow (or not) on OK's page; returns the address that OK sends the browser to. */
    async decide(consentUrl: string, person: string, decision: 'allow' | 'deny' = 'allow') {
      const body = new URLSearchParams({ ...Object.fromEntries(new URL(consentUrl).searchParams), person, decision });
      const answer = await fetch(consentUrl.split('?')[0] as string, { method: 'POST', body, redirect: 'manual' });
      return answer.headers.get('location') ?? '';
    },
  };
}

/** All of it, as a person does it. */
async function connect(person = ANNA.phone, scopes?: readonly string[]) {
  const { url } = await oauth.begin(request(scopes));
  const { open, decide } = browser();
  const { location } = await open(url);
  const answer = await open(await decide(location, person));
  const [connection] = await connections.users(accountId);
  return { answer, connection, id: connection?.id ?? 0 };
}

describe('asking a person', () => {
  test('Anna allows it, and the account has a connection in her name that knows names and pictures', async () => {
    const { answer, connection, id } = await connect(ANNA.phone, LONG);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('Access is granted');
    expect(connection).toMatchObject({ userId: ANNA.id, scopes: LONG, pausedReason: null });
    expect(await oauth.profile(id, signal())).toMatchObject({ kind: 'done', result: { userId: ANNA.id } });
    const { kind, result } = (await oauth.profiles(id, [ANNA.id], signal())) as { kind: string; result: unknown };
    expect({ kind, result }).toMatchObject({
      kind: 'done',
      result: [{ userId: ANNA.id, name: expect.stringContaining('Анна') }],
    });
  });

  test('OK is asked with the rights, the layout and the registered address', async () => {
    const { url, redirectUri } = await oauth.begin(request(LONG));
    const { location } = await browser().open(url);
    expect(Object.fromEntries(new URL(location).searchParams)).toMatchObject({
      client_id: '1246100000',
      scope: 'VALUABLE_ACCESS;LONG_ACCESS_TOKEN',
      layout: 'm',
      response_type: 'code',
      redirect_uri: redirectUri,
    });
    expect(await browser().decide(location, ANNA.phone)).toContain(`${redirectUri}?code=demo-code-anna&state=`);
  });

  test('who refuses is told so and may think again', async () => {
    const { url } = await oauth.begin(request());
    const { open, decide } = browser();
    const refusal = await decide((await open(url)).location, ANNA.phone, 'deny');
    const answer = refusal.includes('#')
      ? await open(refusal, { fragment: refusal.split('#')[1] as string })
      : await open(refusal);
    expect(answer.text).toContain('Access was not granted');
    expect(answer.text).toContain('access_denied');
    expect(await connections.users(accountId)).toEqual([]);
    expect((await open(await decide((await open(url)).location, ANNA.phone))).text).toContain('Access is granted');
  });

  test('what stands behind the # is handed over by a page that may run one script and leads nowhere else', async () => {
    const { open } = browser();
    const page = await open(`${PUBLIC_URL}/oauth/ok/callback#access_token=x`);
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none';.*form-action 'self'; script-src 'sha256-[\w+/=]+'/,
    );
    const script = /<script>([\s\S]*?)<\/script>/.exec(page.text)?.[1] ?? '';
    const digest = createHash('sha256').update(script).digest('base64');
    expect(page.headers['content-security-policy']).toContain(`'sha256-${digest}'`);
    expect(page.text).toContain('name="fragment"');
  });

  test('a token in the fragment is taken as well, with the secret of its session', async () => {
    const { url } = await oauth.begin(request());
    const { open, decide } = browser();
    const consent = (await open(url)).location.replace('response_type=code', 'response_type=token');
    const target = await decide(consent, ANNA.phone);
    expect(target).toContain('#access_token=');
    await open(target, { fragment: target.split('#')[1] as string });
    const [connection] = await connections.users(accountId);
    expect(await oauth.profile(connection?.id as number, signal())).toMatchObject({ kind: 'done', result: { userId: ANNA.id } });
  });

  test('the same person twice is one connection', async () => {
    const first = await connect();
    expect((await connect()).id).toBe(first.id);
    expect(await connections.users(accountId)).toHaveLength(1);
  });

  test('another person cannot take the place of the one whose access is renewed', async () => {
    const { id } = await connect();
    const { url } = await oauth.beginAnew(accountId, id);
    const { open, decide } = browser();
    const answer = await open(await decide((await open(url)).location, BORIS.phone));
    expect(answer.status).toBe(409);
    expect(await connections.users(accountId)).toMatchObject([{ id, userId: ANNA.id }]);
  });

  test('no secret stands in the database or in what browsers get', async () => {
    const { answer, id } = await connect();
    const credentials = await connections.userCredentials(id);
    const rows = await database.rows({
      name: 'test.flow.all',
      text: 'select f::text, c::text as c from oauth_flow f, connection c',
    });
    const seen = JSON.stringify([answer.text, answer.headers, rows]);
    for (const secret of [credentials.accessToken, credentials.refreshToken as string, 'DEMOAPPSECRET']) {
      expect(seen).not.toContain(secret);
    }
  });
});

describe('nobody else gets in', () => {
  test('an answer in another browser than the one that was sent off is refused', async () => {
    const { url } = await oauth.begin(request());
    const anna = browser();
    const target = await anna.decide((await anna.open(url)).location, ANNA.phone);
    const answer = await browser().open(target);
    expect(answer.status).toBe(403);
    expect(await connections.users(accountId)).toEqual([]);
  });

  test('an answer counts once', async () => {
    const { url } = await oauth.begin(request());
    const { open, decide } = browser();
    const first = await open(url);
    const target = await decide(first.location, ANNA.phone);
    const kept = String(first.headers['set-cookie']).split(';')[0]?.split('=')[1] as string;
    expect(await oauth.comeBack(target, kept, signal())).toMatchObject({ kind: 'connected' });
    expect(await oauth.comeBack(target, kept, signal())).toMatchObject({ kind: 'stranger' });
  });

  test('after half an hour neither the address nor the answer opens anything', async () => {
    const { url } = await oauth.begin(request());
    const { open, decide } = browser();
    const target = await decide((await open(url)).location, ANNA.phone);
    await clock.advance(1_800_001);
    expect((await open(target)).status).toBe(403);
    expect((await open(url)).status).toBe(404);
  });

  test('an address that was made up opens nothing', async () => {
    expect((await browser().open(`${PUBLIC_URL}/oauth/ok/start?flow=guessed`)).status).toBe(404);
  });
});

describe('a client that waits', () => {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const finish = async (url: string, codeVerifier: string) => {
    const flow = new URL(url).searchParams.get('flow');
    const payload = { flow, code_verifier: codeVerifier };
    const answer = await app.inject({ method: 'POST', url: '/oauth/ok/finish', payload });
    return { status: answer.statusCode, body: answer.json() };
  };

  test('gets the id of the connection, once, and only with its verifier', async () => {
    const { url } = await oauth.begin(request());
    const { open, decide } = browser();
    const { location } = await open(`${url}&code_challenge=${challenge}&code_challenge_method=S256`);
    expect(await finish(url, verifier)).toEqual({ status: 200, body: { status: 'waiting' } });
    await open(await decide(location, ANNA.phone));
    expect((await finish(url, randomBytes(32).toString('base64url'))).status).toBe(404);
    const [connection] = await connections.users(accountId);
    expect(await finish(url, verifier)).toEqual({ status: 200, body: { status: 'connected', connectionId: connection?.id } });
    expect((await finish(url, verifier)).status).toBe(404);
  });

  test('a plain challenge is refused', async () => {
    const { url } = await oauth.begin(request());
    const { status, text } = await browser().open(`${url}&code_challenge=${challenge}&code_challenge_method=plain`);
    expect(status).toBe(400);
    expect(text).toContain('S256');
  });
});

describe('access that lives', () => {
  test('a token is refreshed before its end, by one call for all who need it', async () => {
    const { id } = await connect();
    const before = await connections.userCredentials(id);
    await clock.advance(1_790_000);
    const answers = await Promise.all([1, 2, 3].map(() => oauth.profile(id, signal())));
    expect(answers.map(({ kind }) => kind)).toEqual(['done', 'done', 'done']);
    const after = await connections.userCredentials(id);
    expect(after.accessToken).not.toBe(before.accessToken);
    expect(after.refreshToken).toBe(before.refreshToken);
    expect(refreshesAtOk()).toBe(1);
  });

  test('a token that OK calls expired before its time is refreshed and the call repeated', async () => {
    const { id } = await connect();
    okClock.advance(1_800_000);
    expect(await oauth.profile(id, signal())).toMatchObject({ kind: 'done', result: { userId: ANNA.id } });
    expect(refreshesAtOk()).toBe(1);
  });

  test('a long token is used now and then, so that it outlives its 30 days', async () => {
    const { id } = await connect(ANNA.phone, LONG);
    oauth.run();
    for (let times = 1; times <= 3; times += 1) {
      okClock.advance(20 * DAY_MS);
      await clock.advance(20 * DAY_MS);
      const touches = () => clock.advance(60_000).then(touchesAtOk);
      await expect.poll(touches, { timeout: 60_000 }).toBeGreaterThanOrEqual(times);
      await expect.poll(nextUseInMs, { timeout: 60_000 }).toBeGreaterThan(DAY_MS / 2); // it was noted before time goes on
    }
    expect(refreshesAtOk()).toBe(0);
    expect(await oauth.profile(id, signal())).toMatchObject({ kind: 'done' });
  });

  test('access that OK has ended pauses the connection with what to do, and a new consent lets it go on', async () => {
    const { id } = await connect();
    okClock.advance(31 * DAY_MS); // longer than a token that renews others lives there
    const outcome = await oauth.profile(id, signal());
    expect(outcome).toMatchObject({ kind: 'stopped', detail: expect.stringContaining(`soroka connection authorize ${id}`) });
    expect((await connections.user(id))?.pausedReason).toContain('connection authorize');
    expect(await oauth.profile(id, signal())).toMatchObject({ kind: 'stopped' });
    const { url } = await oauth.beginAnew(accountId, id);
    const { open, decide } = browser();
    await open(await decide((await open(url)).location, ANNA.phone));
    expect((await connections.user(id))?.pausedReason).toBeNull();
    expect(await oauth.profile(id, signal())).toMatchObject({ kind: 'done' });
  });
});

test('a connection on behalf of a user carries no messages', async () => {
  const { id } = await connect();
  await expect(connections.channel(id)).rejects.toThrow(/OK lets an application send no messages in the name of a person/);
  const routes = [{ route: 'OK', provider: 'community', connectionId: id, groupId: '70000000000001' }] as const;
  await expect(connections.addSender({ accountId, name: 'S', routes })).rejects.toThrow(
    /send no messages in the name of a person/,
  );
  expect(await connections.list(accountId)).toEqual([]);
});

const UPKEEP = { name: 'test.upkeep.due', text: 'select due_at as "dueAt" from oauth_upkeep' };
const nextUseInMs = async () => {
  const [row] = await database.rows<{ dueAt: Date }>(UPKEEP);
  return (row?.dueAt.getTime() ?? 0) - clock.now();
};
const callsAtOk = (method: string) => simulator.world.calls.since(0).filter((call) => call.method === method);
const touchesAtOk = () => callsAtOk('auth.touchSession').length;
const refreshesAtOk = () =>
  callsAtOk('oauth/token.do').filter(({ request: asked }) => JSON.stringify(asked).includes('"refresh_token"')).length;
