import { expect, test } from 'vitest';
import type { Queue } from './claim.ts';
import { createEndpoints, type Endpoints } from './endpoints.ts';

const LIMITS = {
  inFlightPerEndpointMax: 8,
  inFlightPerAccountMax: 40,
  inFlightMax: 40,
  alwaysShare: true,
  random: () => 0.5,
};
const firsts = (endpointId: number, accountId = 1): Queue => ({ endpointId, accountId, again: false });
const later = (endpointId: number, accountId = 1): Queue => ({ endpointId, accountId, again: true });
const keyOf = ({ endpointId, again }: Queue) => `${endpointId}${again ? ' again' : ''}`;

/** Claims until nothing more starts, as if the queues had endless work in URLs of their own; returns calls started by queue. */
function startAll(endpoints: Endpoints, nowMs = 0): Record<string, number> {
  const started: Record<string, number> = {};
  for (let rounds = 0; rounds < 20; rounds += 1) {
    for (const want of endpoints.wants(nowMs)) {
      const seen = Array.from({ length: want.rows }, (_, index) => index);
      endpoints.claimed(want, { seen, posts: want.posts, rows: want.posts, left: want.rows - want.posts });
      started[keyOf(want)] = (started[keyOf(want)] ?? 0) + want.posts;
    }
  }
  return started;
}

/** Calls one after the other, each over before the next. */
function call(endpoints: Endpoints, endpointId: number, succeeds: boolean, times: number, nowMs = 0): void {
  for (let done = 0; done < times; done += 1) {
    endpoints.wake([firsts(endpointId)]);
    const [want] = endpoints.wants(nowMs);
    if (want === undefined) throw new Error('nothing is wanted');
    endpoints.claimed(want, { seen: [1], posts: 1, rows: 1, left: 0 });
    endpoints.end(want, succeeds, nowMs);
  }
}

test('an endpoint has at most its share of calls under way, all together at most the maximum', () => {
  const endpoints = createEndpoints(LIMITS);
  endpoints.wake([firsts(1)]);
  expect(startAll(endpoints)).toEqual({ 1: 8 });
  endpoints.wake([2, 3, 4, 5, 6, 7].map((id) => firsts(id)));
  startAll(endpoints);
  expect(endpoints.inFlight()).toBe(40);
});

test('where more endpoints wait than there are slots for, each gets a little, and in turn', () => {
  const endpoints = createEndpoints(LIMITS);
  endpoints.wake(Array.from({ length: 30 }, (_, id) => firsts(id)));
  const wants = endpoints.wants(0);
  expect(wants.map(({ posts }) => posts)).toEqual(Array(30).fill(1));
});

test('an account has at most its share, however many endpoints it has: those of others find slots', () => {
  const endpoints = createEndpoints({ ...LIMITS, inFlightPerAccountMax: 20 });
  endpoints.wake([1, 2, 3, 4, 5].map((id) => firsts(id, 1)));
  const started = Object.values(startAll(endpoints));
  expect(started.reduce((sum, calls) => sum + calls)).toBe(20);
  endpoints.wake([firsts(6, 2)]);
  expect(startAll(endpoints)).toEqual({ 6: 8 });
});

test('later tries take half of the slots of an endpoint and half of all: first tries find the others free', () => {
  const endpoints = createEndpoints(LIMITS);
  endpoints.wake(Array.from({ length: 10 }, (_, id) => later(id)));
  startAll(endpoints);
  expect(endpoints.inFlight()).toBe(20);
  endpoints.wake([firsts(20)]);
  expect(startAll(endpoints)).toEqual({ 20: 8 });

  const one = createEndpoints(LIMITS);
  one.wake([later(1)]);
  expect(startAll(one)).toEqual({ '1 again': 4 });
  one.wake([firsts(1)]);
  expect(startAll(one)).toEqual({ 1: 4 });
});

test('where both are due first tries go first, and one slot is left to later ones', () => {
  const endpoints = createEndpoints({ ...LIMITS, inFlightMax: 8 });
  endpoints.wake([later(1), firsts(1)]);
  expect(startAll(endpoints)).toEqual({ 1: 7, '1 again': 1 });
});

test('an endpoint with one slot gives it to first tries', () => {
  const endpoints = createEndpoints({ ...LIMITS, inFlightPerEndpointMax: 1 });
  endpoints.wake([later(1), firsts(1)]);
  expect(startAll(endpoints)).toEqual({ 1: 1 });
});

test('endpoints that fail get one call each and a quarter of all together: the others never wait for them', () => {
  const endpoints = createEndpoints(LIMITS);
  const failing = Array.from({ length: 30 }, (_, index) => 100 + index);
  for (const endpointId of failing) call(endpoints, endpointId, false, 3);
  endpoints.wake(failing.map((id) => firsts(id)));
  expect(Object.values(startAll(endpoints))).toEqual(Array(10).fill(1));
  endpoints.wake([firsts(1)]);
  expect(startAll(endpoints)).toEqual({ 1: 8 });
});

test('one success gives an endpoint its full share back', () => {
  const endpoints = createEndpoints(LIMITS);
  call(endpoints, 1, false, 5);
  endpoints.wake([firsts(1)]);
  expect(startAll(endpoints)).toEqual({ 1: 1 });
  endpoints.end(firsts(1), true, 0);
  expect(startAll(endpoints)).toEqual({ 1: 8 });
});

test('two failures in a row are not held against an endpoint', () => {
  const endpoints = createEndpoints(LIMITS);
  call(endpoints, 1, false, 2);
  endpoints.wake([firsts(1)]);
  expect(startAll(endpoints)).toEqual({ 1: 8 });
});

test('after ten failures nothing goes there for ten seconds, then one row at a time', () => {
  const endpoints = createEndpoints(LIMITS);
  call(endpoints, 1, false, 9);
  endpoints.wake([firsts(1)]);
  const [want] = endpoints.wants(0);
  if (want === undefined) throw new Error('nothing is wanted');
  endpoints.claimed(want, { seen: [1], posts: 1, rows: 1, left: 0 });
  expect(endpoints.end(want, false, 0)).toBe(10_000);
  endpoints.wake([firsts(1), later(1)]);
  expect(endpoints.hasWants(9_999)).toBe(false);
  expect(endpoints.wants(9_999)).toEqual([]);
  expect(endpoints.wants(10_000)).toMatchObject([{ endpointId: 1, again: false, rows: 1, posts: 1 }]);
  expect(endpoints.wants(10_000)).toEqual([]);
});

test('what another process or a person knows better closes the breaker, unless a call has failed since', () => {
  const endpoints = createEndpoints(LIMITS);
  call(endpoints, 1, false, 10, 5_000);
  endpoints.wake([firsts(1)]);
  endpoints.trust(1, 4_000);
  expect(endpoints.hasWants(6_000)).toBe(false);
  endpoints.trust(1, 6_000);
  expect(startAll(endpoints, 6_000)).toEqual({ 1: 8 });
});

test('a claim that failed leaves its slots free and its queue due', () => {
  const endpoints = createEndpoints(LIMITS);
  endpoints.wake([firsts(1)]);
  for (const want of endpoints.wants(0)) endpoints.abandon(want);
  expect(endpoints.inFlight()).toBe(0);
  expect(startAll(endpoints)).toEqual({ 1: 8 });
});

test('a call that was never made changes nothing but its slot', () => {
  const endpoints = createEndpoints(LIMITS);
  endpoints.wake([firsts(1)]);
  startAll(endpoints);
  for (let calls = 0; calls < 8; calls += 1) expect(endpoints.end(firsts(1), null, 0)).toBeNull();
  expect(startAll(endpoints)).toEqual({ 1: 8 });
});

test('rows share POSTs only when there are more of them than free slots', () => {
  const endpoints = createEndpoints(LIMITS);
  endpoints.wake([firsts(1)]);
  const [first] = endpoints.wants(0);
  expect(first).toMatchObject({ endpointId: 1, rows: 2, posts: 2, rowsPerPost: 1 });
  if (first === undefined) return;
  endpoints.claimed(first, { seen: [1, 2], posts: 2, rows: 2, left: 0 });
  for (let calls = 0; calls < 2; calls += 1) endpoints.end(first, true, 0);
  const [second] = endpoints.wants(0);
  expect(second).toMatchObject({ endpointId: 1, rows: 8, rowsPerPost: 1 });
  if (second === undefined) return;
  endpoints.claimed(second, { seen: [3, 4, 5, 6, 7, 8, 9, 10], posts: 8, rows: 8, left: 0 });
  for (let calls = 0; calls < 8; calls += 1) endpoints.end(second, true, 0);
  expect(endpoints.wants(0)).toMatchObject([{ endpointId: 1, rows: 32, posts: 8, rowsPerPost: 4 }]);
});

test('unless always told to, a queue shares POSTs from when it is known to be long until a claim finds its end', () => {
  const endpoints = createEndpoints({ ...LIMITS, alwaysShare: false });
  endpoints.wake([firsts(1)]);
  const round = (length: number) => {
    const [want] = endpoints.wants(0);
    if (want === undefined) throw new Error('nothing is wanted');
    const seen = Array.from({ length: Math.min(want.rows, length) }, (_, id) => id);
    const posts = Math.ceil(seen.length / want.rowsPerPost);
    endpoints.claimed(want, { seen, posts, rows: seen.length, left: 0 });
    for (let calls = 0; calls < posts; calls += 1) endpoints.end(want, true, 0);
    return want.rowsPerPost;
  };
  expect([1_000, 1_000, 1_000, 1_000].map(round)).toEqual([1, 1, 1, 1]);
  expect(endpoints.crowded()).toEqual([firsts(1)]);
  endpoints.share(firsts(1));
  expect(endpoints.crowded()).toEqual([]);
  expect([1_000, 1_000, 1_000, 20].map(round)).toEqual([4, 16, 64, 100]);
  endpoints.wake([firsts(1)]);
  expect(round(1_000)).toBe(1);
});

test('where what was looked at could not share POSTs, no more is looked at than can go', () => {
  const endpoints = createEndpoints(LIMITS);
  endpoints.wake([firsts(1)]);
  const rows: number[] = [];
  for (let rounds = 0; rounds < 5; rounds += 1) {
    const [want] = endpoints.wants(0);
    if (want === undefined) throw new Error('nothing is wanted');
    rows.push(want.rows);
    const seen = Array.from({ length: want.rows }, (_, id) => id);
    endpoints.claimed(want, { seen, posts: want.posts, rows: want.posts, left: want.rows - want.posts });
    for (let calls = 0; calls < want.posts; calls += 1) endpoints.end(want, true, 0);
  }
  expect(rows).toEqual([2, 8, 32, 8, 32]);
});

test('what was enqueued before its commit is claimed again at each wake-up until it was seen', () => {
  const endpoints = createEndpoints(LIMITS);
  endpoints.expect([{ id: 77, ...firsts(1) }], 0);
  for (const seen of [[], [12], [77]]) {
    endpoints.wakeExpected(1);
    const [want] = endpoints.wants(1);
    expect(want?.endpointId).toBe(1);
    if (want !== undefined) endpoints.claimed(want, { seen, posts: 0, rows: 0, left: 0 });
  }
  endpoints.wakeExpected(1);
  expect(endpoints.wants(1)).toEqual([]);
});

test('what is not committed within five seconds is left to the polling', () => {
  const endpoints = createEndpoints(LIMITS);
  endpoints.expect([{ id: 77, ...firsts(1) }], 0);
  endpoints.wakeExpected(5_001);
  expect(endpoints.wants(5_001)).toEqual([]);
});
