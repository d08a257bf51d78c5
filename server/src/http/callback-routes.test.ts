import { Callback, CallbackDetails, CallbackReplayAnswer, CallbackSecret, Endpoint } from '@soroka/api';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commit, startCallbacksTown, status } from '../../test/callbacks-town.ts';
import { until } from '../../test/until.ts';
import type { Account } from '../accounts/accounts.ts';
import type { HttpParts } from './http.ts';
import { KEY, startStand } from './http-stand.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const json = { 'content-type': 'application/json' };

/** The routes over a real engine, for account 1 with the usual key and account 2 with the key `other`. */
async function startTown() {
  const town = await startCallbacksTown();
  const engine = town.engine({ timeoutMs: 20 * DAY });
  const accountOf: Readonly<Record<string, number>> = { [KEY]: 1, other: 2 };
  const secrets = ['whsec_bmV3'];
  // What these routes ask of accounts, and nothing else.
  const accounts: Partial<HttpParts['accounts']> = {
    async authenticate(key) {
      const accountId = accountOf[key];
      return accountId === undefined ? null : { accountId, accountName: 'one', keyId: key, scopes: ['admin'] };
    },
    signingSecrets: async () => secrets,
    rotateCallbackSecret: async () => ({ callbackSecret: 'whsec_bmV3' }) as Account,
  };
  const stand = await startStand({ callbacks: engine, accounts: accounts as HttpParts['accounts'] });
  const as = (key: string) => ({ authorization: `Key ${key}` });
  return {
    ...town,
    engine,
    secrets,
    get: (url: string, key = KEY) => stand.call({ method: 'GET', url, headers: as(key) }),
    post: (url: string, body?: unknown, key = KEY) =>
      stand.call({
        method: 'POST',
        url,
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
        headers: { ...as(key), ...(body === undefined ? {} : json) },
      }),
    async [Symbol.asyncDispose]() {
      await stand[Symbol.asyncDispose]();
      await town[Symbol.asyncDispose]();
    },
  };
}

const fits = (schema: TSchema, value: unknown) => Compile(schema).Errors(value);

test('a customer sees what waits, what came and what was given up, with every call, and has it tried again', async () => {
  await using town = await startTown();
  const receiver = await town.receiver(() => 500);
  town.engine.run();
  await commit(town, town.engine, [
    status(7, 'SENT', receiver),
    { accountId: 1, url: receiver.url, form: 'incoming', orderKey: 'dialog:5', body: '{"type":"message_new"}' },
  ]);
  await until(async () => {
    const waiting: { nextTryAt: string | null }[] = (await town.get('/v1/callbacks?status=waiting')).body.items;
    if (waiting.some(({ nextTryAt }) => nextTryAt === null)) return false; // being tried now
    const nextMs = Math.max(...waiting.map(({ nextTryAt }) => Date.parse(nextTryAt ?? '')));
    if (nextMs >= town.clock.now()) await town.clock.advance(nextMs - town.clock.now() + 500);
    return waiting.length === 0;
  });
  const { items, nextCursor } = (await town.get('/v1/callbacks')).body;
  expect(items.flatMap((item: unknown) => fits(Callback, item))).toEqual([]);
  expect(nextCursor).toBeNull();
  expect(items).toMatchObject([
    { form: 'incoming', messageId: null, dialogId: 5, status: 'parked', tries: 10, problem: 'answered 500' },
    { form: 'status', messageId: '7', dialogId: null, status: 'parked', url: receiver.url },
  ]);
  const [{ id, endpointId }] = items;
  const details = (await town.get(`/v1/callbacks/${id}`)).body;
  expect(fits(CallbackDetails, details)).toEqual([]);
  expect(details.calls.length).toBe(10);
  expect(details.calls[0].request.body).toBe('{"type":"message_new"}');

  const endpoints = (await town.get('/v1/endpoints')).body.items;
  expect(endpoints.flatMap((item: unknown) => fits(Endpoint, item))).toEqual([]);
  expect(endpoints).toMatchObject([{ id: endpointId, origin: new URL(receiver.url).origin }]);
  receiver.answer = () => 200;
  expect((await town.post(`/v1/endpoints/${endpointId}/enable`)).body).toMatchObject({ id: endpointId, state: 'working' });

  expect((await town.post(`/v1/callbacks/${id}/replay`)).body).toMatchObject({ id, status: 'waiting', tries: 0 });
  const answer = (await town.post('/v1/callbacks/replay', { endpoint: endpointId, from: '2000-01-01T00:00:00Z' })).body;
  expect(fits(CallbackReplayAnswer, answer)).toEqual([]);
  expect(answer).toEqual({ replayed: 1, isMore: false });
  await until(async () => {
    await town.clock.advance(500);
    return (await town.get('/v1/callbacks?status=delivered')).body.items.length === 2;
  });
  // Once more changes nothing.
  expect((await town.post(`/v1/callbacks/${id}/replay`)).body).toMatchObject({ id, status: 'delivered' });
  expect((await town.post('/v1/callbacks/replay', { endpoint: endpointId })).body).toEqual({ replayed: 0, isMore: false });
});

test('what stands at a disabled endpoint is not put back, and the answer says why', async () => {
  await using town = await startTown();
  const receiver = await town.receiver(() => 500);
  town.engine.run();
  await commit(
    town,
    town.engine,
    [1, 2].map((id) => status(id, 'SENT', receiver)),
  );
  await until(async () => {
    await town.clock.advance(DAY);
    return (await town.get('/v1/callbacks?status=parked')).body.items.length === 2;
  });
  const [{ id, endpointId }] = (await town.get('/v1/callbacks')).body.items;
  expect((await town.get('/v1/endpoints')).body.items).toMatchObject([{ id: endpointId, state: 'disabled' }]);
  for (const [url, body] of [[`/v1/callbacks/${id}/replay`], ['/v1/callbacks/replay', { endpoint: endpointId }]] as const) {
    expect(await town.post(url, body)).toMatchObject({ status: 409, body: { error: { code: 'endpoint.disabled' } } });
  }
});

test('nothing of it is seen or touched with the key of another account', async () => {
  await using town = await startTown();
  const receiver = await town.receiver(() => 500);
  town.engine.run();
  await commit(town, town.engine, [status(7, 'SENT', receiver)]);
  await until(async () => {
    await town.clock.advance(4 * HOUR);
    return (await town.get('/v1/callbacks?status=parked')).body.items.length === 1;
  });
  const [{ id, endpointId }] = (await town.get('/v1/callbacks')).body.items;
  for (const url of ['/v1/callbacks', '/v1/endpoints', `/v1/callbacks?endpoint=${endpointId}`]) {
    expect((await town.get(url, 'other')).body, url).toEqual({ items: [], nextCursor: null });
  }
  expect((await town.get(`/v1/callbacks/${id}`, 'other')).status).toBe(404);
  for (const [url, body] of [
    [`/v1/callbacks/${id}/replay`],
    [`/v1/endpoints/${endpointId}/enable`],
    ['/v1/callbacks/replay', { endpoint: endpointId }],
  ] as const) {
    expect((await town.post(url, body, 'other')).status, url).toBe(404);
  }
  expect((await town.post('/v1/callbacks/replay', { from: '2000-01-01T00:00:00Z' }, 'other')).body).toEqual({
    replayed: 0,
    isMore: false,
  });
});

describe('on an empty town', () => {
  let town: Awaited<ReturnType<typeof startTown>>;
  beforeAll(async () => {
    town = await startTown();
  });
  afterAll(async () => {
    await town?.[Symbol.asyncDispose]();
  });

  test.each([
    ['GET', '/v1/callbacks?status=lost', undefined, 'status'],
    ['GET', '/v1/callbacks?endpoint=a', undefined, 'endpoint'],
    ['GET', '/v1/callbacks?from=yesterday', undefined, 'from'],
    ['GET', '/v1/callbacks?cursor=nonsense', undefined, 'cursor'],
    ['GET', '/v1/endpoints?cursor=nonsense', undefined, 'cursor'],
    ['GET', '/v1/callbacks?state=parked', undefined, 'state'],
    ['GET', '/v1/callbacks/x', undefined, 'callbackId'],
    ['POST', '/v1/endpoints/x/enable', undefined, 'endpointId'],
    ['POST', '/v1/callbacks/replay', {}, null],
    ['POST', '/v1/callbacks/replay', [], null],
    ['POST', '/v1/callbacks/replay', { since: '2026-01-01T00:00:00Z' }, 'since'],
    ['POST', '/v1/callbacks/replay', { from: 'yesterday' }, 'from'],
    ['POST', '/v1/callbacks/replay', { to: 5 }, 'to'],
    ['POST', '/v1/callbacks/replay', { endpoint: '5' }, 'endpoint'],
    ['POST', '/v1/account/callback-secret/rotate', { keepOldForHours: 721 }, 'keepOldForHours'],
    ['POST', '/v1/account/callback-secret/rotate', { keepOldForHours: '1' }, 'keepOldForHours'],
  ])('%s %s with %j is refused, and the answer names the field', async (method, url, body, field) => {
    const answer = method === 'GET' ? await town.get(url) : await town.post(url, body);
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'parameter.invalid', field } } });
  });

  test.each(['/v1/callbacks?endpoint=99999999999999999999', '/v1/callbacks?endpoint=99999999999'])(
    '%s finds nothing: no endpoint has such an id',
    async (url) => {
      expect((await town.get(url)).body).toEqual({ items: [], nextCursor: null });
    },
  );
});

test('the secret is changed with a time for both, and not a third time meanwhile', async () => {
  await using town = await startTown();
  const url = '/v1/account/callback-secret/rotate';
  const answer = (await town.post(url)).body;
  expect(fits(CallbackSecret, answer)).toEqual([]);
  expect(Date.parse(answer.oldSignsUntil) - Date.now()).toBeGreaterThan(23 * HOUR);
  town.secrets.push('whsec_b2xk');
  expect(await town.post(url, { keepOldForHours: 1 })).toMatchObject({
    status: 409,
    body: { error: { code: 'rotation.running' } },
  });
  expect((await town.post(url, { keepOldForHours: 0 })).body).toMatchObject({ oldSignsUntil: null });
});
