import type { Want } from './claim.ts';
import type { Queued } from './enqueue.ts';

/** What this process knows of the endpoints it calls: whose turn it is, and how many calls each may have under way. */
export interface Endpoints {
  /** These were enqueued, by transactions that may not have committed yet. */
  expect(queued: readonly Queued[], nowMs: number): void;
  /** Some of those transactions have committed. */
  wakeExpected(nowMs: number): void;
  /** Something may be due for these. */
  wake(endpointIds: readonly number[]): void;
  /** Whether there is anything to claim and a slot for it. */
  hasWants(): boolean;
  /** What to claim now. Each endpoint named is out of turn until it is woken or its claim comes back full. */
  wants(): Want[];
  /** `seen`: ids of the rows of the endpoint's queue that the claim looked at; `sharesPosts`: several may go in one POST. */
  claimed(want: Want, seen: readonly number[], sharesPosts: boolean): void;
  /** Takes a slot for one call, false where none is free: what was claimed for it must be given back. */
  start(endpointId: number): boolean;
  end(endpointId: number, succeeded: boolean): void;
  inFlight(): number;
}

interface Endpoint {
  inFlight: number;
  /** Calls in a row without success. */
  failures: number;
  /** Rows to ask for next: follows what is there. */
  window: number;
  /** Until its first claim an endpoint is taken for one of statuses. */
  rowsPerPostMax: number;
}

const FAILURES_BEFORE_DISTRUST = 3;
// Endpoints that fail share a quarter of all calls: however many they are, the others never wait for them.
const FAILING_SHARE = 0.25;
const WINDOW_MIN = 2;
const WINDOW_GROWTH = 4;
const ROWS_PER_POST_MAX = 100; // gateway.md "Statuses and callbacks"
const ROWS_PER_CLAIM_MAX = 2_000;
// A transaction that has not committed by now has most likely been rolled back; if not, the next poll finds its rows.
const EXPECTED_FOR_MS = 5_000;

export function createEndpoints({
  inFlightPerEndpointMax,
  inFlightMax,
}: {
  inFlightPerEndpointMax: number;
  inFlightMax: number;
}): Endpoints {
  const endpoints = new Map<number, Endpoint>();
  const ready = new Set<number>(); // in the order of their turns
  const expected = new Map<number, { endpointId: number; untilMs: number }>(); // by id of the row
  const windowMax = inFlightPerEndpointMax * ROWS_PER_POST_MAX;
  const failingMax = Math.max(1, Math.floor(inFlightMax * FAILING_SHARE));
  let inFlight = 0;
  let failingInFlight = 0;

  const fresh = (): Endpoint => ({ inFlight: 0, failures: 0, window: WINDOW_MIN, rowsPerPostMax: ROWS_PER_POST_MAX });
  const isFailing = (endpoint: Endpoint) => endpoint.failures >= FAILURES_BEFORE_DISTRUST;

  /** Calls that may start now, when `planned` and `plannedFailing` others will. */
  const room = (endpoint: Endpoint, planned = 0, plannedFailing = 0): number => {
    const own = (isFailing(endpoint) ? 1 : inFlightPerEndpointMax) - endpoint.inFlight;
    const failing = isFailing(endpoint) ? failingMax - failingInFlight - plannedFailing : Number.POSITIVE_INFINITY;
    return Math.min(own, inFlightMax - inFlight - planned, failing);
  };

  const forgetIfIdle = (endpointId: number, endpoint: Endpoint): void => {
    if (endpoint.inFlight === 0 && endpoint.failures === 0 && endpoint.window <= WINDOW_MIN) endpoints.delete(endpointId);
  };

  return {
    expect(queued, nowMs) {
      for (const { id, endpointId } of queued) expected.set(id, { endpointId, untilMs: nowMs + EXPECTED_FOR_MS });
    },
    wakeExpected(nowMs) {
      for (const [id, { endpointId, untilMs }] of expected) {
        if (untilMs < nowMs) expected.delete(id);
        else ready.add(endpointId);
      }
    },
    wake(endpointIds) {
      for (const endpointId of endpointIds) ready.add(endpointId);
    },
    hasWants() {
      for (const endpointId of ready) {
        const endpoint = endpoints.get(endpointId);
        if (endpoint === undefined ? inFlight < inFlightMax : room(endpoint) > 0) return true;
      }
      return false;
    },
    wants() {
      const wants: Want[] = [];
      let planned = 0;
      let plannedFailing = 0;
      let rowsLeft = ROWS_PER_CLAIM_MAX;
      for (const endpointId of ready) {
        if (rowsLeft <= 0 || inFlight + planned >= inFlightMax) break;
        const endpoint = endpoints.get(endpointId) ?? fresh();
        const posts = room(endpoint, planned, plannedFailing);
        if (posts <= 0) continue;
        const rows = Math.min(endpoint.window, posts * endpoint.rowsPerPostMax, rowsLeft);
        wants.push({ endpointId, rows, rowsPerPost: Math.ceil(rows / posts) });
        ready.delete(endpointId);
        rowsLeft -= rows;
        planned += Math.min(rows, posts);
        if (isFailing(endpoint)) plannedFailing += Math.min(rows, posts);
      }
      return wants;
    },
    claimed({ endpointId, rows }, seen, sharesPosts) {
      const endpoint = endpoints.get(endpointId) ?? fresh();
      endpoint.rowsPerPostMax = sharesPosts ? ROWS_PER_POST_MAX : 1;
      const isFull = seen.length === rows;
      endpoint.window = Math.min(isFull ? rows * WINDOW_GROWTH : Math.max(WINDOW_MIN, seen.length * 2), windowMax);
      if (isFull) ready.add(endpointId);
      endpoints.set(endpointId, endpoint);
      forgetIfIdle(endpointId, endpoint);
      for (const id of seen) expected.delete(id);
    },
    start(endpointId) {
      const endpoint = endpoints.get(endpointId) ?? fresh();
      if (room(endpoint) <= 0) {
        // Its rows share fewer POSTs than was hoped: they are large, or each has a URL of its own.
        endpoint.window = Math.max(WINDOW_MIN, Math.floor(endpoint.window / 2));
        ready.add(endpointId);
        return false;
      }
      endpoints.set(endpointId, endpoint);
      endpoint.inFlight += 1;
      inFlight += 1;
      if (isFailing(endpoint)) failingInFlight += 1;
      return true;
    },
    end(endpointId, succeeded) {
      const endpoint = endpoints.get(endpointId);
      if (endpoint === undefined) return;
      const wasFailing = isFailing(endpoint);
      if (wasFailing) failingInFlight -= 1;
      endpoint.inFlight -= 1;
      inFlight -= 1;
      endpoint.failures = succeeded ? 0 : endpoint.failures + 1;
      if (!wasFailing && isFailing(endpoint)) failingInFlight += endpoint.inFlight;
      if (wasFailing && !isFailing(endpoint)) failingInFlight -= endpoint.inFlight;
      forgetIfIdle(endpointId, endpoint);
    },
    inFlight: () => inFlight,
  };
}
