import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../../test/manual-clock.ts';
import { createHttpClient } from '../../platform/http-client.ts';
import type { PushOutcome, PushPayload } from '../outcome.ts';
import { openApnsConnection } from './apns-connection.ts';
import { createMobileServices, type MobileKind, type MobileService } from './mobile.ts';

const MINUTE_MS = 60_000;
const DEVICE = 'c0ffee1234';
const google = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const apple = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

/** All vendors at once: what they were asked, and what they answer to a sign. */
const vendor = {
  answer: { status: 200, body: {} as object },
  isSilent: false,
  tokenStatus: 200,
  tokensGiven: 0,
  signs: [] as { path: string; headers: IncomingHttpHeaders; body: string }[],
  grants: [] as URLSearchParams[],
};
const overHttp = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  if (request.url?.startsWith('/token')) {
    vendor.grants.push(new URLSearchParams(body));
    response.writeHead(vendor.tokenStatus);
    return response.end(
      JSON.stringify({ access_token: `access-${++vendor.tokensGiven}`, expires_in: 3_600, token_type: 'Bearer' }),
    );
  }
  vendor.signs.push({ path: request.url ?? '', headers: request.headers, body });
  return response.writeHead(vendor.answer.status).end(JSON.stringify(vendor.answer.body));
});
const sessions: ServerHttp2Session[] = [];
const overHttp2 = createHttp2Server(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  vendor.signs.push({ path: request.url, headers: request.headers, body });
  if (vendor.isSilent) return;
  response.writeHead(vendor.answer.status);
  response.end(vendor.answer.status === 200 ? '' : JSON.stringify(vendor.answer.body));
}).on('session', (session) => sessions.push(session));

const httpClient = createHttpClient({ allowCidrs: ['127.0.0.0/8'] });
let clock: ManualClock;
let services: ReadonlyMap<MobileKind, MobileService>;
let origin: string;
let appleOrigin: string;

beforeAll(async () => {
  origin = await originOf(overHttp);
  appleOrigin = await originOf(overHttp2);
});
beforeEach(async () => {
  await Promise.all([...(services?.values() ?? [])].map((service) => service.close?.()));
  Object.assign(vendor, {
    answer: { status: 200, body: { code: '80000000' } },
    isSilent: false,
    tokenStatus: 200,
    tokensGiven: 0,
    signs: [],
    grants: [],
  });
  sessions.length = 0;
  clock = createManualClock();
  const tokenUrl = `${origin}/token`;
  services = createMobileServices(
    {
      rustore: { projectId: 'project', serviceToken: 'service-token', url: origin },
      fcm: {
        ...{ projectId: 'magpie', clientEmail: 'push@magpie.example', privateKeyId: 'key-1', privateKey: google.privateKey },
        ...{ url: origin, tokenUrl },
      },
      apns: {
        ...{ teamId: 'TEAM567890', keyId: 'KEY4567890', bundleId: 'com.example.magpie', privateKey: apple.privateKey },
        url: appleOrigin,
      },
      hms: { appId: '10', appSecret: 'secret', url: origin, tokenUrl },
    },
    { httpClient, clock },
  );
});
afterAll(async () => {
  await Promise.all([...services.values()].map((service) => service.close?.()));
  await httpClient.close();
  overHttp.close();
  overHttp2.close();
});

const send = (kind: MobileKind, payload: PushPayload = { kind: 'message', dialogId: 7 }): Promise<PushOutcome> =>
  (services.get(kind) as MobileService).send(DEVICE, { payload, topic: 'dialog-7' });
const told = (): unknown => JSON.parse(vendor.signs.at(-1)?.body ?? 'null');

async function originOf(server: typeof overHttp | typeof overHttp2): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function claimsOf(token: string, key: KeyObject): { head: object; claims: Record<string, unknown> } {
  const [head, claims, signature] = token.split('.') as [string, string, string];
  const signed = Buffer.from(`${head}.${claims}`);
  expect(verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))).toBe(true);
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  return { head: read(head), claims: read(claims) };
}

test.each([
  [
    'rustore',
    '/v1/projects/project/messages:send',
    { token: DEVICE, data: { kind: 'message', dialogId: '7' }, android: { ttl: '3600s' } },
  ],
  [
    'fcm',
    '/v1/projects/magpie/messages:send',
    { token: DEVICE, data: { kind: 'message', dialogId: '7' }, android: { priority: 'HIGH', ttl: '3600s' } },
  ],
  ['hms', '/v1/10/messages:send', { token: [DEVICE], data: '{"kind":"message","dialogId":"7"}', android: { ttl: '3600s' } }],
] as const)('%s is told which dialog it is, and no word', async (kind, path, message) => {
  expect(await send(kind)).toEqual({ kind: 'taken' });
  expect(vendor.signs.map((sign) => sign.path)).toEqual([path]);
  expect(told()).toEqual({ message });
});

test('APNs is told which dialog it is, and the words are those of the app', async () => {
  expect(await send('apns')).toEqual({ kind: 'taken' });
  expect(vendor.signs[0]).toMatchObject({
    path: `/3/device/${DEVICE}`,
    headers: {
      'apns-topic': 'com.example.magpie',
      'apns-push-type': 'alert',
      'apns-collapse-id': 'dialog-7',
      'apns-priority': '10',
    },
  });
  const alert = { 'loc-key': 'push.message' };
  expect(told()).toEqual({ aps: { alert, sound: 'default', 'thread-id': 'dialog-7' }, kind: 'message', dialogId: 7 });
});

test('names and words go where they are wanted, and a name that nobody knows is left out', async () => {
  const text = 'Где мой заказ?';
  await send('rustore', { kind: 'message', dialogId: 7, name: null, text });
  expect(told()).toMatchObject({ message: { data: { kind: 'message', dialogId: '7', text } } });
  await send('apns', { kind: 'message', dialogId: 7, name: 'Вера', text });
  expect(told()).toMatchObject({ aps: { alert: { title: 'Вера', body: text } } });
});

test('RuStore is shown the service token', async () => {
  await send('rustore');
  expect(vendor.signs[0]?.headers.authorization).toBe('Bearer service-token');
});

test('FCM gets an access token for what the service account signed, a new one shortly before it runs out', async () => {
  await Promise.all([send('fcm'), send('fcm')]);
  expect(vendor.signs.map(({ headers }) => headers.authorization)).toEqual(['Bearer access-1', 'Bearer access-1']);
  expect(vendor.grants[0]?.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
  const { head, claims } = claimsOf(vendor.grants[0]?.get('assertion') ?? '', google.publicKey);
  const iat = clock.now() / 1_000;
  expect(head).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-1' });
  expect(claims).toEqual({
    ...{ iss: 'push@magpie.example', aud: `${origin}/token`, iat, exp: iat + 3_600 },
    scope: 'https://www.googleapis.com/auth/firebase.messaging',
  });
  await clock.advance(56 * MINUTE_MS);
  await send('fcm');
  expect(vendor.signs.at(-1)?.headers.authorization).toBe('Bearer access-2');
});

test('HMS gets an access token for the secret of the app, and another when it knows the first no longer', async () => {
  vendor.answer = { status: 200, body: { code: '80200003', msg: 'expired' } };
  expect(await send('hms')).toMatchObject({ kind: 'failed', at: 'credentials' });
  expect(Object.fromEntries(vendor.grants[0] ?? [])).toEqual({
    grant_type: 'client_credentials',
    client_id: '10',
    client_secret: 'secret',
  });
  await send('hms');
  expect(vendor.signs.map(({ headers }) => headers.authorization)).toEqual(['Bearer access-1', 'Bearer access-2']);
});

test('APNs is shown one token of ours for forty minutes, over one connection', async () => {
  const shown = () => vendor.signs.at(-1)?.headers.authorization?.replace('bearer ', '') ?? '';
  await send('apns');
  const first = shown();
  const { head, claims } = claimsOf(first, apple.publicKey);
  expect([head, claims]).toEqual([
    { alg: 'ES256', kid: 'KEY4567890' },
    { iss: 'TEAM567890', iat: clock.now() / 1_000 },
  ]);
  await clock.advance(39 * MINUTE_MS);
  await send('apns');
  expect(shown()).toBe(first);
  await clock.advance(MINUTE_MS);
  await send('apns');
  expect(shown()).not.toBe(first);
  expect(sessions).toHaveLength(1);
});

test('a connection that APNs breaks is opened anew', async () => {
  await send('apns');
  const closed = new Promise((resolve) => sessions[0]?.on('close', resolve));
  sessions[0]?.destroy();
  await closed;
  const outcomes = [await send('apns'), await send('apns')].map(({ kind }) => kind);
  // The first may have been under way when the end of the old one was heard of.
  expect(outcomes[1]).toBe('taken');
  expect(sessions).toHaveLength(2);
});

test.each([
  ['rustore', 404, { error: { code: 404, status: 'NOT_FOUND' } }, 'gone', 'token'],
  ['rustore', 403, { error: { code: 403, status: 'PERMISSION_DENIED' } }, 'refused', 'credentials'],
  ['rustore', 400, { error: { code: 400, status: 'INVALID_ARGUMENT' } }, 'refused', 'service'],
  ['rustore', 500, 'no JSON', 'failed', 'service'],
  // Bodies: bloomberg.github.io/pushiko/fcm_responses.
  ['fcm', 404, { error: { status: 'NOT_FOUND', details: [{ '@type': 'type', errorCode: 'UNREGISTERED' }] } }, 'gone', 'token'],
  ['fcm', 404, { error: { code: 404, status: 'NOT_FOUND' } }, 'refused', 'credentials'],
  ['fcm', 403, { error: { details: [{}, { errorCode: 'SENDER_ID_MISMATCH' }] } }, 'refused', 'token'],
  ['fcm', 401, { error: { status: 'UNAUTHENTICATED' } }, 'failed', 'credentials'],
  ['fcm', 429, { error: { details: [{ errorCode: 'QUOTA_EXCEEDED' }] } }, 'failed', 'service'],
  ['apns', 410, { reason: 'Unregistered', timestamp: 1 }, 'gone', 'token'],
  ['apns', 400, { reason: 'BadDeviceToken' }, 'refused', 'token'],
  ['apns', 403, { reason: 'InvalidProviderToken' }, 'refused', 'credentials'],
  ['apns', 413, { reason: 'PayloadTooLarge' }, 'refused', 'service'],
  ['apns', 429, { reason: 'TooManyProviderTokenUpdates' }, 'failed', 'credentials'],
  ['apns', 503, { reason: 'Shutdown' }, 'failed', 'service'],
  ['hms', 200, { code: '80300007', msg: 'All the tokens are invalid' }, 'gone', 'token'],
  ['hms', 200, { code: '80300002' }, 'refused', 'credentials'],
  ['hms', 400, { code: '80300008' }, 'refused', 'service'],
  ['hms', 503, {}, 'failed', 'service'],
] as const)('%s answers %i %j: %s at the %s', async (kind, status, body, meaning, at) => {
  vendor.answer = { status, body: body as object };
  const outcome = await send(kind);
  expect(outcome).toMatchObject({ kind: meaning, at });
  expect(JSON.stringify(outcome)).not.toContain(DEVICE);
});

test.each([
  [400, 'refused'],
  [503, 'failed'],
] as const)('without an access token (%i) nothing is sent, and it is asked for anew the next time', async (status, kind) => {
  vendor.tokenStatus = status;
  for (const service of ['fcm', 'hms'] as const) expect(await send(service)).toMatchObject({ kind, at: 'credentials' });
  expect(vendor.signs).toEqual([]);
  vendor.tokenStatus = 200;
  for (const service of ['fcm', 'hms'] as const) expect(await send(service)).toEqual({ kind: 'taken' });
});

test('a service that cannot be reached is tried again later', async () => {
  const gone = createServer();
  const url = await originOf(gone);
  await new Promise((resolve) => gone.close(resolve));
  const away = createMobileServices(
    {
      rustore: { projectId: 'project', serviceToken: 'service-token', url },
      apns: { teamId: 'TEAM567890', keyId: 'KEY4567890', bundleId: 'com.example.magpie', privateKey: apple.privateKey, url },
    },
    { httpClient, clock },
  );
  for (const service of away.values()) {
    const outcome = await service.send(DEVICE, { payload: { kind: 'test' }, topic: 'test' });
    expect(outcome).toMatchObject({ kind: 'failed', at: 'service', detail: expect.stringContaining('cannot be reached') });
  }
  expect(away.size).toBe(2);
});

test('a connection on which APNs fell silent is given up', async () => {
  const connection = openApnsConnection(appleOrigin);
  const post = (timeoutMs: number) => connection.post({ path: '/3/device/1', headers: {}, body: '{}', timeoutMs });
  vendor.isSilent = true;
  expect(await post(50)).toEqual({ kind: 'timed_out' });
  vendor.isSilent = false;
  expect(await post(60_000)).toMatchObject({ kind: 'answered', status: 200 });
  expect(sessions).toHaveLength(2);
  await connection.close();
});
