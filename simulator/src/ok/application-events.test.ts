import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createManualClock } from '../world/world.ts';
import { OK_APPLICATION } from './application.ts';
import { eventually, type SimulatedOk, startOk } from './test/start-ok.ts';

interface Asked {
  method: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** What an application's webhook answers; a test changes one thing. */
const RIGHT = {
  optionsStatus: 204,
  status: 200,
  type: 'application/text',
  body: OK_APPLICATION.confirmation as string,
  headers: { 'access-control-allow-origin': 'https://nap.okapps.ru', 'access-control-allow-headers': 'Content-Type' } as Record<
    string,
    string
  >,
};

let ok: SimulatedOk;
let hook: string;
let answers = RIGHT;
let asked: Asked[] = [];
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  asked.push({ method: request.method ?? '', headers: request.headers, body });
  const isOptions = request.method === 'OPTIONS';
  response.writeHead(isOptions ? answers.optionsStatus : answers.status, { ...answers.headers, 'content-type': answers.type });
  response.end(isOptions ? '' : answers.body);
});
beforeAll(async () => {
  ok = await startOk(createManualClock());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
beforeEach(() => {
  ok.world.reset({ subscriptions: true });
  answers = RIGHT;
  asked = [];
});
afterAll(async () => {
  await ok[Symbol.asyncDispose]();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const confirm = async () => (await ok.control('application-webhook', { url: hook })).body as unknown;
const updates = async () =>
  (await ok.rest({ method: 'events.updates', timeout: '0', commit: 'true' }, OK_APPLICATION.secret)).body.updates;

test('a webhook is asked as a browser asks: leave first, then the confirmation; then it gets events', async () => {
  expect(await confirm()).toEqual({ isConfirmed: true });
  expect(asked).toMatchObject([
    { method: 'OPTIONS', headers: { origin: 'https://nap.okapps.ru', 'access-control-request-method': 'POST' } },
    { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"webhookType":"CONFIRMATION"}' },
  ]);
  await ok.control('application-event', { event: { webhookType: 'SOMETHING', user: '1' } });
  await eventually(() => asked.at(-1)?.body).toBe('{"webhookType":"SOMETHING","user":"1"}');
});

test.each<[string, Partial<typeof RIGHT>, string]>([
  ['without an answer to OPTIONS', { optionsStatus: 405 }, 'OPTIONS was answered with 405'],
  ['without leave for the page', { headers: { 'access-control-allow-headers': '*' } }, 'Access-Control-Allow-Origin'],
  ['without leave for JSON', { headers: { 'access-control-allow-origin': '*' } }, 'Access-Control-Allow-Headers'],
  ['with another status', { status: 201 }, 'answered with 201'],
  ['as a page of its own', { type: 'text/html' }, 'Content-Type is "text/html"'],
  ['with another text', { body: 'ok' }, 'confirmation string'],
])('a webhook that answers %s is not confirmed, and told why', async (_name, change, problem) => {
  answers = { ...RIGHT, ...change };
  expect(await confirm()).toEqual({ isConfirmed: false, problem: expect.stringContaining(problem) });
});

test('events wait for events.updates too, each as a text', async () => {
  await ok.control('application-event', { event: { webhookType: 'SOMETHING' } });
  expect(await updates()).toEqual(['{"webhookType":"SOMETHING"}']);
  expect(await updates()).toEqual([]);
});
