import { createDecipheriv, createECDH, createHmac, createPublicKey, randomBytes, verify } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../test/manual-clock.ts';
import { until } from '../../test/until.ts';
import { createHttpClient } from '../platform/http-client.ts';
import { createSecrets } from '../platform/secrets.ts';
import { createLogger } from '../platform/telemetry.ts';
import { createPush, type Push } from '../push/push.ts';
import { COMMAND, type OperatorStand, startOperatorStand } from './operator-stand.ts';

const PHONES = '/v1/projects/magpie/messages:send';
/** A push service with the devices behind it: it checks and opens what it gets, by the RFCs alone. */
const service = {
  status: 201,
  body: '',
  told: [] as { path: string; headers: IncomingHttpHeaders; payload: unknown }[],
  devices: new Map<string, { privateKey: Buffer; auth: Buffer }>(),
  /** What phones were told. */
  phones: [] as unknown[],
};
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const path = request.url ?? '';
  if (path === PHONES && service.status === 201) {
    service.phones.push(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    return response.writeHead(200).end('{}');
  }
  const device = service.devices.get(path);
  if (device !== undefined && service.status === 201)
    service.told.push({ path, headers: request.headers, payload: JSON.parse(decrypt(Buffer.concat(chunks), device)) });
  return response.writeHead(service.status).end(service.body);
});

const hmac = (key: Buffer, ...parts: (Buffer | string)[]): Buffer =>
  parts.reduce((mac, part) => mac.update(part), createHmac('sha256', key)).digest();

/** RFC 8291, 3.4, on the coding of RFC 8188, 2: one record. */
function decrypt(body: Buffer, { privateKey, auth }: { privateKey: Buffer; auth: Buffer }): string {
  const salt = body.subarray(0, 16);
  const keyBytes = body.readUInt8(20);
  const serverKey = body.subarray(21, 21 + keyBytes);
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(privateKey);
  const one = Buffer.of(1);
  const ikm = hmac(hmac(auth, ecdh.computeSecret(serverKey)), 'WebPush: info\0', ecdh.getPublicKey(), serverKey, one);
  const prk = hmac(salt, ikm);
  const key = hmac(prk, 'Content-Encoding: aes128gcm\0', one).subarray(0, 16);
  const nonce = hmac(prk, 'Content-Encoding: nonce\0', one).subarray(0, 12);
  const sealed = body.subarray(21 + keyBytes);
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(sealed.subarray(-16));
  const padded = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  return padded.subarray(0, padded.lastIndexOf(2)).toString('utf8');
}

let stand: OperatorStand;
let clock: ManualClock;
let push: Push;
let origin: string;
let accountId: number;
let anna: number;
let peter: number;
let dialogId: number;
const httpClient = createHttpClient({ allowCidrs: ['127.0.0.0/8'] });

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stand = await startOperatorStand();
  clock = createManualClock();
  const secrets = createSecrets(randomBytes(32));
  const { database } = stand;
  push = createPush({
    ...{ database, secrets, clock, httpClient, log: createLogger('silent') },
    publicUrl: () => 'https://soroka.example',
    mobile: { rustore: { projectId: 'magpie', serviceToken: 'service-token', url: origin } },
  });
  push.run();
  accountId = (await stand.newAccount()).id;
  anna = (await stand.newOperator(accountId, 'operator')).id;
  peter = (await stand.newOperator(accountId, 'operator', { groups: ['OK:6'] })).id;
  const [row] = await database.rows<{ id: number }>(
    {
      name: 'test.push.dialog',
      text: `
        with c as (insert into contact (account_id, name) values ($1, 'Вера') returning id), d as (
          insert into dialog (account_id, network, group_id, contact_id, last_sequence, last_message_at, created_at)
          select $1, 'vk', '5', id, 1, now(), now() from c returning id
        )
        insert into dialog_message (account_id, dialog_id, sequence, direction, source, text, network, created_at)
        select $1, id, 1, 'in', 'person', 'Где мой заказ?', 'vk', now() from d returning dialog_id as id`,
    },
    [accountId],
  );
  dialogId = row?.id as number;
});
afterAll(async () => {
  await push.stop();
  await stand[Symbol.asyncDispose]();
  await httpClient.close();
  server.close();
});
beforeEach(async () => {
  Object.assign(service, { status: 201, body: '', told: [], phones: [] });
  await stand.database.run({ name: 'test.push.empty', text: 'delete from push_subscription' });
});

let devices = 0;
const subscribe = async (operatorId: number, { showsText = false } = {}) => {
  const path = `/device/${++devices}`;
  const ecdh = createECDH('prime256v1');
  const p256dh = ecdh.generateKeys().toString('base64url');
  const auth = randomBytes(16);
  service.devices.set(path, { privateKey: ecdh.getPrivateKey(), auth });
  const address = { kind: 'web' as const, endpoint: origin + path, keys: { p256dh, auth: auth.toString('base64url') } };
  const { id } = await push.subscribe(accountId, operatorId, { address, device: `device ${devices}`, showsText });
  return { id, path, address };
};
const hear = () => stand.database.transaction((tx) => push.heard(tx, { accountId, dialogId }));
/** The loop may begin to wait only after the time: seconds go on until it has seen it. */
const later = (isDone: () => boolean | Promise<boolean>) =>
  until(async () => {
    await clock.advance(1_000);
    return isDone();
  });
const hasNoJobs = async () => (await stand.database.rows({ name: 'test.push.jobs', text: 'select from push_job' })).length === 0;

test('who may answer the dialog is told once for several words, and no word leaves', async () => {
  const { path } = await subscribe(anna);
  await subscribe(peter);
  await Promise.all([hear(), hear()]);
  await later(hasNoJobs);
  expect(service.told).toMatchObject([{ path, payload: { kind: 'message', dialogId } }]);
  expect(Object.keys(service.told[0]?.payload as object)).toEqual(['kind', 'dialogId']);
});

test('names and words go to a device whose owner wants them there', async () => {
  await subscribe(anna, { showsText: true });
  await hear();
  await later(() => service.told.length > 0);
  expect(service.told[0]?.payload).toEqual({ kind: 'message', dialogId, name: 'Вера', text: 'Где мой заказ?' });
});

test('a call is signed with the key that browsers subscribe with, for this service alone, and not for long', async () => {
  const { id } = await subscribe(anna);
  await push.test(accountId, anna, id);
  const { headers } = service.told[0] as { headers: IncomingHttpHeaders };
  const [, token = '', key] = /^vapid t=([^,]+), ?k=(.+)$/.exec(headers.authorization ?? '') ?? [];
  expect(key).toBe(await push.publicKey());
  const [head, claims, signature] = token.split('.') as [string, string, string];
  const { aud, exp, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString());
  expect([aud, sub]).toEqual([origin, 'https://soroka.example']);
  expect(exp - Date.now() / 1_000).toBeLessThanOrEqual(86_400);
  const point = Buffer.from(key as string, 'base64url');
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  };
  const publicKey = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const;
  expect(verify('sha256', Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
  expect(headers).toMatchObject({ 'content-encoding': 'aes128gcm', ttl: '3600', urgency: 'high' });
});

test('a test says how each step went', async () => {
  const { id } = await subscribe(anna);
  const states = async () => (await push.test(accountId, anna, id)).map(({ name, state }) => `${name} ${state}`);
  const way = ['subscription good', 'address good', 'encryption good'];
  expect(await states()).toEqual([...way, 'service good', 'device unknown']);
  service.status = 413;
  expect((await push.test(accountId, anna, id)).at(-1)).toMatchObject({ state: 'bad', found: expect.stringContaining('413') });
  await expect(push.test(accountId, peter, id)).rejects.toMatchObject({ code: 'not.found' });
});

test.each([404, 410])('a device that is gone (%i) is told no more', async (status) => {
  await subscribe(anna);
  service.status = status;
  await hear();
  await later(async () => (await push.list(accountId, anna)).length === 0);
});

test('while the service is away it is tried again, and told once', async () => {
  await subscribe(anna);
  service.status = 503;
  await hear();
  await clock.advance(3_000);
  service.status = 201;
  await later(() => service.told.length > 0);
  await later(hasNoJobs);
  expect(service.told).toHaveLength(1);
});

test('nothing is sent into our own walls, and nothing without keys', async () => {
  const { address } = await subscribe(anna);
  const to = (changes: object) =>
    push.subscribe(accountId, anna, { address: { ...address, ...changes }, device: 'x', showsText: false });
  await expect(to({ endpoint: 'http://10.0.0.1/' })).rejects.toMatchObject({ code: 'parameter.invalid', field: 'endpoint' });
  await expect(to({ keys: { p256dh: 'x', auth: 'y' } })).rejects.toMatchObject({ code: 'parameter.invalid', field: 'keys' });
});

test('the same browser with another operator is theirs', async () => {
  const { address } = await subscribe(anna);
  await push.subscribe(accountId, peter, { address, device: 'shared', showsText: false });
  expect(await push.list(accountId, anna)).toEqual([]);
  const [subscription] = await push.list(accountId, peter);
  expect(await push.unsubscribe(accountId, anna, subscription?.id as number)).toBe(false);
  expect(await push.unsubscribe(accountId, peter, subscription?.id as number)).toBe(true);
});

test('who is disabled is told nothing', async () => {
  const gone = await stand.newOperator(accountId, 'operator');
  await subscribe(gone.id);
  await stand.operators.staff.change(accountId, COMMAND, gone.id, { isDisabled: true });
  await hear();
  await later(hasNoJobs);
  expect(service.told).toEqual([]);
});

const subscribePhone = (operatorId: number, token: string) =>
  push.subscribe(accountId, operatorId, { address: { kind: 'rustore', token }, device: 'phone', showsText: false });

test('a phone is told beside a browser, and a test says of each step how it went', async () => {
  const { id, kind } = await subscribePhone(anna, 'phone-1');
  expect([kind, push.kinds()]).toEqual(['rustore', ['web', 'rustore']]);
  await subscribe(anna);
  await hear();
  await later(hasNoJobs);
  expect(service.told).toHaveLength(1);
  expect(service.phones).toMatchObject([
    { message: { token: 'phone-1', data: { kind: 'message', dialogId: String(dialogId) } } },
  ]);
  const hops = (await push.test(accountId, anna, id)).map(({ name, state }) => `${name} ${state}`);
  expect(hops).toEqual(['subscription good', 'credentials good', 'service good', 'token good', 'device unknown']);
});

test('the dead token of a phone is removed by a sign, and by a test, which says so', async () => {
  const { id } = await subscribePhone(anna, 'phone-2');
  await subscribePhone(anna, 'phone-3');
  Object.assign(service, { status: 404, body: JSON.stringify({ error: { code: 404, status: 'NOT_FOUND' } }) });
  const hops = (await push.test(accountId, anna, id)).map(({ name, state }) => `${name} ${state}`);
  expect(hops).toEqual(['subscription good', 'credentials good', 'service good', 'token bad']);
  await hear();
  await later(async () => (await push.list(accountId, anna)).length === 0);
});

test('credentials that are no good cost nobody a phone', async () => {
  const { id } = await subscribePhone(anna, 'phone-4');
  service.status = 401;
  for (let count = 0; count < 21; count += 1) {
    await hear();
    await later(hasNoJobs);
  }
  expect(await push.list(accountId, anna)).toMatchObject([{ id }]);
  expect((await push.test(accountId, anna, id)).at(-1)).toMatchObject({ name: 'credentials', state: 'bad' });
});

test('a phone of a service that this server does not know is refused with what to set', async () => {
  const subscribed = push.subscribe(accountId, anna, { address: { kind: 'hms', token: 'x' }, device: 'x', showsText: false });
  await expect(subscribed).rejects.toMatchObject({ code: 'parameter.invalid', field: 'kind' });
  await expect(subscribed).rejects.toThrow('SOROKA_PUSH_HMS');
});

test.each([
  [{}, 'endpoint'],
  [{ endpoint: 'https://push.example/1' }, 'keys'],
  [{ endpoint: 'https://push.example/1', keys: { p256dh: 'x', auth: 'y' }, token: 'x' }, 'token'],
  [{ kind: 'fcm' }, 'token'],
  [{ kind: 'fcm', token: 'x', endpoint: 'https://push.example/1' }, 'endpoint'],
  [{ kind: 'fcm', token: 'two words' }, 'token'],
  [{ kind: 'pager', token: 'x' }, 'kind'],
])('a device as %j is refused by the field', async (given, field) => {
  const { login } = await stand.newOperator(accountId, 'operator');
  const client = stand.client();
  await client.login(login);
  const answer = await client.call('POST', '/v1/push/subscriptions', { device: 'x', ...given });
  expect([answer.status, answer.body.error.field]).toEqual([400, field]);
});
