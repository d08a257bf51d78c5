import { expect, test } from 'vitest';
import { createEndpoints, type Endpoints } from './endpoints.ts';

const LIMITS = { inFlightPerEndpointMax: 8, inFlightMax: 40 };

/** Claims until nothing more starts, as if every endpoint had endless work in URLs of its own; returns calls started by endpoint. */
function startAll(endpoints: Endpoints): Map<number, number> {
  const started = new Map<number, number>();
  for (let rounds = 0; rounds < 20; rounds += 1) {
    for (const want of endpoints.wants()) {
      endpoints.claimed(
        want,
        Array.from({ length: want.rows }, (_, index) => index),
        true,
      );
      for (let post = 0; post < Math.ceil(want.rows / want.rowsPerPost); post += 1) {
        if (endpoints.start(want.endpointId)) started.set(want.endpointId, (started.get(want.endpointId) ?? 0) + 1);
      }
    }
  }
  return started;
}

function fail(endpoints: Endpoints, endpointId: number, times: number): void {
  for (let failure = 0; failure < times; failure += 1) {
    endpoints.start(endpointId);
    endpoints.end(endpointId, false);
  }
}

test('an endpoint has at most its share of calls under way, all together at most the maximum', () => {
  const endpoints = createEndpoints(LIMITS);
  endpoints.wake([1]);
  expect(startAll(endpoints)).toEqual(new Map([[1, 8]]));
  endpoints.wake([2, 3, 4, 5, 6, 7]);
  startAll(endpoints);
  expect(endpoints.inFlight()).toBe(40);
});

test('endpoints that fail get one call each and a quarter of all together: the others never wait for them', () => {
  const endpoints = createEndpoints(LIMITS);
  const failing = Array.from({ length: 30 }, (_, index) => 100 + index);
  for (const endpointId of failing) fail(endpoints, endpointId, 3);
  endpoints.wake(failing);
  const started = startAll(endpoints);
  expect([...started.values()]).toEqual(Array(10).fill(1));
  endpoints.wake([1]);
  expect(startAll(endpoints)).toEqual(new Map([[1, 8]]));
});

test('one success gives an endpoint its full share back', () => {
  const endpoints = createEndpoints(LIMITS);
  fail(endpoints, 1, 5);
  endpoints.wake([1]);
  expect(startAll(endpoints)).toEqual(new Map([[1, 1]]));
  endpoints.end(1, true);
  expect(startAll(endpoints)).toEqual(new Map([[1, 8]]));
});

test('two failures in a row are not held against an endpoint', () => {
  const endpoints = createEndpoints(LIMITS);
  fail(endpoints, 1, 2);
  endpoints.wake([1]);
  expect(startAll(endpoints)).toEqual(new Map([[1, 8]]));
});

test('statuses share POSTs only when there are more of them than free slots', () => {
  const endpoints = createEndpoints(LIMITS);
  endpoints.wake([1]);
  const [first] = endpoints.wants();
  expect(first).toEqual({ endpointId: 1, rows: 2, rowsPerPost: 1 });
  if (first === undefined) return;
  endpoints.claimed(first, [1, 2], true);
  const [second] = endpoints.wants();
  expect(second).toEqual({ endpointId: 1, rows: 8, rowsPerPost: 1 });
  if (second === undefined) return;
  endpoints.claimed(second, [3, 4, 5, 6, 7, 8, 9, 10], true);
  expect(endpoints.wants()).toEqual([{ endpointId: 1, rows: 32, rowsPerPost: 4 }]);
});

test('incoming messages never share a POST: no more are claimed than there are free slots', () => {
  const endpoints = createEndpoints(LIMITS);
  endpoints.wake([1]);
  for (let rounds = 0; rounds < 4; rounds += 1) {
    for (const want of endpoints.wants()) {
      expect(want.rowsPerPost).toBe(1);
      endpoints.claimed(want, Array(want.rows).fill(0), false);
    }
  }
  expect(endpoints.wants()).toEqual([{ endpointId: 1, rows: 8, rowsPerPost: 1 }]);
});

test('what was enqueued before its commit is claimed again at each wake-up until it was seen', () => {
  const endpoints = createEndpoints(LIMITS);
  endpoints.expect([{ id: 77, endpointId: 1 }], 0);
  for (const seen of [[], [12], [77]]) {
    endpoints.wakeExpected(1);
    const [want] = endpoints.wants();
    expect(want?.endpointId).toBe(1);
    if (want !== undefined) endpoints.claimed(want, seen, true);
  }
  endpoints.wakeExpected(1);
  expect(endpoints.wants()).toEqual([]);
});

test('what is not committed within five seconds is left to the polling', () => {
  const endpoints = createEndpoints(LIMITS);
  endpoints.expect([{ id: 77, endpointId: 1 }], 0);
  endpoints.wakeExpected(5_001);
  expect(endpoints.wants()).toEqual([]);
});
