import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { createManualClock } from '../../test/manual-clock.ts';
import { createEvents, type EventEntry } from '../events/events.ts';
import { type Clock, systemClock as clock } from '../platform/clock.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { KEY, type Stand, startStand } from './http-stand.ts';

const log = pino({ level: 'silent' });
const ACCOUNT = {
  name: 'test.account',
  text: `insert into account (id, name, callback_secret) overriding system value values (1, 'Test account', '\\x00')`,
};
const CLEAR = { name: 'test.clear', text: 'delete from event_log' };
const FORGET_HEADS = { name: 'test.forget_heads', text: 'delete from event_head' };

let own: TestDatabase;
let database: Database;
beforeAll(async () => {
  own = await testDatabase();
  database = openDatabase(own.url);
  await database.run(ACCOUNT);
});
afterAll(async () => {
  await database.close();
  await own.drop();
});
beforeEach(async () => {
  await database.run(CLEAR);
  await database.run(FORGET_HEADS);
});

interface Site extends AsyncDisposable {
  url: string;
  stand: Stand;
  /** What is no number is only long. */
  happen(...what: (number | string)[]): Promise<void>;
  ticket(): Promise<string>;
}

async function startSite(heart: Clock = clock): Promise<Site> {
  const events = createEvents({ database, clock, log, keepDays: 7 });
  await events.run({ cleansUp: false });
  const stand = await startStand({ events, clock: heart });
  const url = await stand.app.listen({ host: '127.0.0.1', port: 0 });
  const entry = (what: number | string): EventEntry =>
    typeof what === 'number' ? { kind: 'test', body: { n: what } } : { kind: 'long', body: { text: what } };
  return {
    url,
    stand,
    happen: (...what) => database.transaction(async (tx) => events.note(tx, 1, what.map(entry))),
    ticket: async () => (await stand.call({ method: 'POST', url: '/v1/event-tickets' })).body.ticket,
    async [Symbol.asyncDispose]() {
      await stand[Symbol.asyncDispose]();
      await events.stop();
    },
  };
}

interface Line extends Disposable {
  socket: WebSocket;
  frames: { type: string; sequence: number; after: number; asOf: number; entries: { body: { n?: number } }[] }[];
  seen(): number[];
}

function openLine({ url }: Site, query: string, headers: Record<string, string> = {}): Line {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/events${query}`, { headers });
  const frames: Line['frames'] = [];
  socket.on('message', (text) => frames.push(JSON.parse(String(text))));
  socket.on('error', () => {});
  return {
    socket,
    frames,
    seen: () => frames.flatMap(({ entries = [] }) => entries.flatMap(({ body }) => (body.n === undefined ? [] : [body.n]))),
    [Symbol.dispose]: () => socket.terminate(),
  };
}
const WITH_KEY = { authorization: `Key ${KEY}` };

/** The answer to a socket that is not opened. */
async function refusal(site: Site, query: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(`${site.url.replace('http', 'ws')}/v1/events${query}`, { headers });
  const [, response] = await once(socket, 'unexpected-response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, ...JSON.parse(Buffer.concat(chunks).toString()) };
}

test('a socket says hello and tells what happens; one that comes back hears what it missed, and nothing twice', async () => {
  await using site = await startSite();
  await site.happen(1);
  using first = openLine(site, `?ticket=${await site.ticket()}`);
  await expect.poll(() => first.frames[0]?.type).toBe('hello');
  const asOf = first.frames[0]?.asOf ?? Number.NaN;
  await site.happen(2, 3);
  await expect.poll(() => first.seen().at(-1)).toBe(3);
  const cursor = first.frames.at(-1)?.sequence;
  first.socket.terminate();
  await site.happen(4);
  using second = openLine(site, `?after=${cursor}`, WITH_KEY);
  await site.happen(5);
  await expect.poll(() => second.seen()).toEqual([4, 5]);
  using whole = openLine(site, `?after=0&ticket=${await site.ticket()}`);
  await expect.poll(() => whole.seen()).toEqual([1, 2, 3, 4, 5]);
  expect(asOf).toBeLessThanOrEqual(1);
  let known = 0;
  for (const { type, after, sequence } of whole.frames.filter((frame) => frame.type !== 'hello')) {
    expect({ type, after }).toEqual({ type: 'event', after: known });
    known = sequence;
  }
});

test('a socket needs a ticket or a key in its header: a ticket works once, and a cookie or nothing does not do', async () => {
  await using site = await startSite();
  const ticket = await site.ticket();
  using line = openLine(site, `?ticket=${ticket}`);
  await expect.poll(() => line.frames.length).toBe(1);
  for (const query of [`?ticket=${ticket}`, '?ticket=unknown', '']) {
    expect(await refusal(site, query)).toMatchObject({ status: 401, error: { code: 'login.must.be.not.null' } });
  }
  expect(await refusal(site, '?after=x', WITH_KEY)).toMatchObject({
    status: 400,
    error: { code: 'parameter.invalid', field: 'after' },
  });
  expect(await refusal(site, '?waitSeconds=3', WITH_KEY)).toMatchObject({ status: 400, error: { field: 'waitSeconds' } });
});

test('a long poll waits for what happens, and answers with a moved cursor where nothing does', async () => {
  await using site = await startSite();
  const poll = async (query: string) => (await site.stand.call({ method: 'GET', url: `/v1/events${query}` })).body;
  expect(await poll('')).toMatchObject({ frames: [{ type: 'hello', asOf: 0, heartbeatMs: 25_000 }] });
  expect(await poll('?after=0')).toEqual({ frames: [{ type: 'event', sequence: 0, after: 0, entries: [] }] });
  const waiting = poll('?after=0&waitSeconds=30');
  await site.happen(1);
  expect(await waiting).toMatchObject({ frames: [{ sequence: 1, after: 0, entries: [{ kind: 'test', body: { n: 1 } }] }] });
  expect(await poll('?after=1&waitSeconds=1')).toEqual({ frames: [{ type: 'event', sequence: 1, after: 1, entries: [] }] });
  expect(await poll('?after=7&waitSeconds=30')).toEqual({ frames: [{ type: 'reset', asOf: 1, reason: 'ahead' }] });
  expect(await poll('?after=1&waitSeconds=31')).toMatchObject({ error: { code: 'parameter.invalid', field: 'waitSeconds' } });
});

test('a socket on which somebody speaks is closed, with a code that says so', async () => {
  await using site = await startSite();
  using line = openLine(site, '', WITH_KEY);
  await once(line.socket, 'open');
  line.socket.send('hello?');
  const [code] = await once(line.socket, 'close');
  expect(code).toBe(1008);
});

test('a server that stops closes its sockets and answers its polls at once', async () => {
  const site = await startSite();
  using line = openLine(site, '', WITH_KEY);
  await once(line.socket, 'open');
  const poll = fetch(`${site.url}/v1/events?after=0&waitSeconds=30`, { headers: WITH_KEY });
  const closed = once(line.socket, 'close');
  await expect.poll(() => line.frames.length).toBe(1);
  await site[Symbol.asyncDispose]();
  expect((await closed)[0]).toBe(1001);
  expect(await (await poll).json()).toMatchObject({ frames: [{ entries: [] }] });
});

test('who asks for another protocol than a socket is served as if it had not', async () => {
  await using site = await startSite();
  const { port } = new URL(site.url);
  const headers = {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': '',
    'content-type': 'application/json',
  };
  const request = httpRequest({ ...{ port, path: '/vk/messages', method: 'POST' }, headers: { ...WITH_KEY, ...headers } });
  request.end('[]');
  const [response] = await once(request, 'response');
  expect(response.statusCode).toBe(400);
  response.resume();
  const elsewhere = connect(Number(port), '127.0.0.1');
  elsewhere.write(`GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  const [answer] = await once(elsewhere, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1.1 404 /);
  await once(elsewhere.resume(), 'close');
});

test('a socket gets a sign of life with each heartbeat; one that answers no ping is cut', async () => {
  const heart = createManualClock();
  await using site = await startSite(heart);
  const socket = new WebSocket(`${site.url.replace('http', 'ws')}/v1/events`, { headers: WITH_KEY, autoPong: false });
  const texts: string[] = [];
  socket.on('message', (text) => texts.push(String(text)));
  await once(socket, 'open');
  await heart.advance(25_000);
  await expect.poll(() => texts.length).toBe(2);
  expect(JSON.parse(texts[1] ?? '')).toEqual({ type: 'event', sequence: 0, after: 0, entries: [] });
  const closed = once(socket, 'close');
  await heart.advance(25_000);
  expect((await closed)[0]).toBe(1006); // without a word
});

test('a screen that does not read is closed when too much waits for it, and goes on from its cursor', async () => {
  await using site = await startSite();
  using slow = openLine(site, '', WITH_KEY);
  await expect.poll(() => slow.frames.length).toBe(1);
  slow.socket.pause();
  const long = 'x'.repeat(1_000_000);
  // Beside our own bound, the systems of both sides hold some megabytes for it.
  for (let n = 1; n <= 24; n += 1) await site.happen(n, long);
  const closed = once(slow.socket, 'close');
  slow.socket.resume();
  expect((await closed)[0]).toBe(4008);
  const cursor = slow.frames.at(-1)?.sequence ?? 0;
  expect(cursor).toBeLessThan(24);
  using next = openLine(site, `?after=${cursor}`, WITH_KEY);
  await expect.poll(() => next.seen().at(-1)).toBe(24);
  expect([...slow.seen(), ...next.seen()]).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
});

test('a socket lives for 15 minutes: who may see what is looked at anew', async () => {
  const heart = createManualClock();
  await using site = await startSite(heart);
  using line = openLine(site, '', WITH_KEY);
  await once(line.socket, 'open');
  await expect.poll(() => line.frames.length).toBe(1);
  for (let beat = 1; beat < 36; beat += 1) {
    await heart.advance(25_000);
    await expect.poll(() => line.frames.length, { interval: 5 }).toBe(beat + 1);
  }
  const closed = once(line.socket, 'close');
  await heart.advance(50_000);
  expect((await closed)[0]).toBe(4001);
});
