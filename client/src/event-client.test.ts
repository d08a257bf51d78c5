import type { EventEntry, Frame } from '@soroka/api';
import { expect, test } from 'vitest';
import { createVirtualTime, seededRandom } from '../test/virtual-time.ts';
import { createEventClient, type EventClientState } from './event-client.ts';
import { AccessLost, type EventTransport } from './transport.ts';

const HEARTBEAT_MS = 25_000;
const entry = (n: number): EventEntry => ({ kind: 'test', body: { n } });
const numberOf = ({ body }: EventEntry): number => body['n'] as number;

/** A server's log, and sockets on it that a test can break. Number n of the log holds the entry n. */
function startLog() {
  const log: EventEntry[] = [];
  let firstKept = 1;
  const sockets = new Set<{ send(frame: Frame): void; close(code: number): void; cursor: number }>();
  const state = { opened: 0, polls: 0, refuseSockets: false, accessLost: false };
  const frameAfter = (after: number): Frame => {
    if (after > log.length) return { type: 'reset', asOf: log.length, reason: 'ahead' };
    if (after + 1 < firstKept) return { type: 'reset', asOf: log.length, reason: 'expired' };
    return { type: 'event', after, sequence: log.length, entries: log.slice(after) };
  };
  const hello = (): Frame => ({ type: 'hello', asOf: log.length, version: '0', heartbeatMs: HEARTBEAT_MS });
  const transport: EventTransport = {
    async poll({ after }) {
      if (state.accessLost) throw new AccessLost('no');
      state.polls += 1;
      return [after === null ? hello() : frameAfter(after)];
    },
    openSocket(after, { onFrame, onClosed }) {
      state.opened += 1;
      if (state.refuseSockets || state.accessLost) {
        queueMicrotask(() => onClosed(null));
        return { close: () => {} };
      }
      const socket = {
        cursor: after ?? log.length,
        send: onFrame,
        close(code: number) {
          sockets.delete(socket);
          onClosed(code);
        },
      };
      sockets.add(socket);
      queueMicrotask(() => {
        onFrame(hello());
        if (socket.cursor !== log.length) onFrame(frameAfter(socket.cursor));
        socket.cursor = log.length;
      });
      return { close: () => void sockets.delete(socket) };
    },
  };
  return Object.assign(state, {
    log,
    transport,
    /** Something happens; `lost`: the frame of it is not told. */
    happen({ isLost = false } = {}) {
      log.push(entry(log.length + 1));
      for (const socket of sockets) {
        if (!isLost) socket.send(frameAfter(socket.cursor));
        socket.cursor = log.length;
      }
    },
    repeatLast() {
      for (const { send } of sockets)
        send({ type: 'event', after: log.length - 1, sequence: log.length, entries: log.slice(-1) });
    },
    cut(code: number) {
      for (const socket of [...sockets]) socket.close(code);
    },
    /** The line is dead, and nobody says so. */
    silence: () => sockets.clear(),
    forgetUpTo(sequence: number) {
      firstKept = sequence + 1;
    },
  });
}

function start(server: ReturnType<typeof startLog>, cursor: number | null = null) {
  const clock = createVirtualTime();
  const seen: number[] = [];
  const resets: number[] = [];
  const states: EventClientState[] = [];
  const client = createEventClient({
    ...{ transport: server.transport, clock, random: seededRandom(7), cursor },
    onEntries: (entries) => void seen.push(...entries.map(numberOf)),
    onReset: async (asOf) => void resets.push(asOf),
    onState: (state) => void (states.at(-1) !== state && states.push(state)),
  });
  const running = client.run();
  return { clock, seen, resets, states, client, running, isLive: () => states.at(-1) === 'live' };
}
const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

test('who comes for the first time loads the lists as of the hello, and hears everything after it', async () => {
  const server = startLog();
  server.happen();
  const { clock, seen, resets, isLive } = start(server);
  await clock.runUntil(isLive);
  server.happen();
  server.happen();
  await clock.runUntil(() => seen.length === 2);
  expect({ seen, resets }).toEqual({ seen: [2, 3], resets: [1] });
});

test('a frame that was lost is asked for before the next one is applied, and one that comes twice is applied once', async () => {
  const server = startLog();
  const { clock, seen, isLive } = start(server, 0);
  await clock.runUntil(isLive);
  server.happen();
  server.repeatLast();
  server.happen({ isLost: true });
  server.happen({ isLost: true });
  server.happen();
  server.repeatLast();
  await clock.runUntil(() => seen.length >= 4);
  expect(seen).toEqual(upTo(4));
  expect(server.opened).toBe(1);
});

test('a line on which nothing comes for two heartbeats is given up for another one', async () => {
  const server = startLog();
  const { clock, seen, isLive } = start(server, 0);
  await clock.runUntil(isLive);
  const before = clock.now();
  server.silence();
  server.happen();
  await clock.runUntil(() => seen.length === 1);
  expect(clock.now() - before).toBeGreaterThanOrEqual(2 * HEARTBEAT_MS);
  expect(clock.now() - before).toBeLessThan(2 * HEARTBEAT_MS + 2_000);
});

test('whatever is cut, lost and repeated, every event arrives once and in order', async () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const server = startLog();
    const random = seededRandom(seed);
    const { clock, seen, client, running, isLive } = start(server, 0);
    await clock.runUntil(isLive);
    for (let step = 0; step < 60; step += 1) {
      const chance = random();
      if (chance < 0.5) server.happen();
      else if (chance < 0.65) server.happen({ isLost: true });
      else if (chance < 0.75) server.repeatLast();
      else if (chance < 0.85) server.cut(1006);
      else if (chance < 0.9) server.cut(1001);
      else if (chance < 0.93) server.silence();
      else if (chance < 0.95) server.refuseSockets = !server.refuseSockets;
      else await clock.runUntil(isLive, 20_000).catch(() => {});
    }
    server.refuseSockets = false;
    server.happen();
    await clock.runUntil(() => seen.at(-1) === server.log.length);
    expect(seen, `seed ${seed}`).toEqual(upTo(server.log.length));
    client.stop();
    await running;
  }
});

test('where sockets do not pass, events are polled, and a socket is tried again later', async () => {
  const server = startLog();
  server.refuseSockets = true;
  const { clock, seen, states, isLive } = start(server, 0);
  await clock.runUntil(() => states.includes('polling'));
  server.happen();
  await clock.runUntil(() => seen.length === 1);
  server.refuseSockets = false;
  await clock.runUntil(isLive);
  server.happen();
  await clock.runUntil(() => seen.length === 2);
  expect(seen).toEqual([1, 2]);
});

test('a cursor whose events are gone, and one of another history, begin anew with the lists', async () => {
  for (const cursor of [1, 99]) {
    const server = startLog();
    for (let n = 0; n < 5; n += 1) server.happen();
    server.forgetUpTo(3);
    const { clock, seen, resets } = start(server, cursor);
    await clock.runUntil(() => resets.length === 1);
    server.happen();
    await clock.runUntil(() => seen.length === 1);
    expect({ resets, seen }).toEqual({ resets: [5], seen: [6] });
  }
});

test('who has lost the access is told so, and tries no more', async () => {
  const server = startLog();
  server.accessLost = true;
  const { clock, states, running } = start(server, 0);
  await clock.runUntil(() => states.at(-1) === 'access-lost');
  await running;
  expect(server.opened).toBe(3);
});

test('pauses between tries grow, and a wake-up ends one', async () => {
  const server = startLog();
  server.refuseSockets = true;
  server.transport.poll = async () => {
    throw new Error('no network');
  };
  const { clock, states, client, isLive } = start(server, 0);
  const startedAt = clock.now();
  await clock.runUntil(() => server.opened === 12);
  expect(clock.now() - startedAt).toBeGreaterThan(20_000);
  server.refuseSockets = false;
  const before = clock.now();
  await clock.runUntil(() => states.at(-1) === 'offline');
  client.wake();
  await clock.runUntil(isLive);
  expect(clock.now() - before).toBeLessThan(50);
});
