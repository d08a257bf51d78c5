import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRealClock, createWorld, type World } from '../world/world.ts';
import { watchCalls } from './wire.ts';

let app: FastifyInstance;
let world: World;
let url: string;
let effects: number;

beforeEach(async () => {
  world = createWorld({ clock: createRealClock(), seed: 1 });
  effects = 0;
  app = Fastify({ forceCloseConnections: true });
  await app.register(async (scope) => {
    watchCalls(scope, world, 'vk');
    scope.post('/effect', async (request) => {
      effects += 1;
      request.networkCall.entry.method = 'messages.send';
      request.networkCall.entry.group = '213243638';
      return { response: effects };
    });
  });
  url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/effect`;
});
afterEach(() => app.close());

const post = (body: unknown, signal?: AbortSignal) =>
  fetch(`${url}?access_token=vk1.demo`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });

test('a call stands in the log with its outcome and without its secrets', async () => {
  await post({ message: 'привет' });
  expect(world.calls.since(0)).toMatchObject([
    {
      network: 'vk',
      method: 'messages.send',
      group: '213243638',
      status: 200,
      code: null,
      request: { access_token: '***', message: 'привет' },
    },
  ]);
});

test('a time-out before the effect leaves no trace but the log entry', async () => {
  world.faults.set('vk', { timeoutBefore: 1 });
  const ended = new AbortController();
  const posted = post({}, ended.signal);
  await expect.poll(() => world.calls.since(0)).toMatchObject([{ status: 0 }]);
  ended.abort(new Error('timeout'));
  await expect(posted).rejects.toThrow('timeout');
  expect(effects).toBe(0);
});

test('a time-out after the effect keeps the answer back, not the effect', async () => {
  world.faults.set('vk', { timeoutAfter: 1 });
  const ended = new AbortController();
  const posted = post({}, ended.signal);
  await expect.poll(() => effects).toBe(1);
  ended.abort(new Error('timeout'));
  await expect(posted).rejects.toThrow('timeout');
  expect(world.calls.since(0)).toMatchObject([{ method: 'messages.send', status: 0 }]);
});

test('an error 5xx comes instead of the effect', async () => {
  world.faults.set('vk', { error5xx: 1 });
  expect((await post({})).status).toBe(503);
  expect(effects).toBe(0);
});

test('the simulator stops although clients still hang', async () => {
  world.faults.set('vk', { timeoutBefore: 1 });
  const hanging = post({}).catch((error: unknown) => error);
  await expect.poll(() => world.calls.since(0).length).toBe(1);
  await app.close();
  expect(await hanging).toBeInstanceOf(Error);
});
