import { afterCall, type Breaker, CLOSED, stateOf } from './breaker.ts';
import type { Queue, Taken, Want } from './claim.ts';
import type { Queued } from './enqueue.ts';

/** What this process knows of the endpoints it calls: whose turn it is, and how many calls each may have under way. */
export interface Endpoints {
  /** These were enqueued, by transactions that may not have committed yet. */
  expect(queued: readonly Queued[], nowMs: number): void;
  /** Some of those transactions have committed. */
  wakeExpected(nowMs: number): void;
  /** Something may be due in these queues. */
  wake(queues: readonly Queue[]): void;
  /** Whether there is anything to claim and a slot for it. */
  hasWants(nowMs: number): boolean;
  /**
   * What to claim now, first tries before later ones. Each queue named is out of turn until it is woken or its claim comes back
   * full, and its slots are taken until `claimed` or `abandon`.
   */
  wants(nowMs: number): Want[];
  /** What came of it: its POSTs start now and hold their slots until `end`. */
  claimed(want: Want, result: Taken): void;
  /** The claim failed: nothing of it starts, and it is due again. */
  abandon(want: Want): void;
  /** One call is over; `succeeded` null where it says nothing about the endpoint. Returns when the breaker lets the next through, null unless it has just opened. */
  end(queue: Queue, succeeded: boolean | null, nowMs: number): number | null;
  /** Queues that came back full and go one row a POST: how long they are decides whether their rows share POSTs. */
  crowded(): readonly Queue[];
  /** More wait in this queue than may go one by one; true until a claim finds its end. */
  share(queue: Queue): void;
  /** Another process reached this endpoint, or a person enabled it: what failed before `beforeMs` is forgotten. */
  trust(endpointId: number, beforeMs: number): void;
  /** Drops what has not been called for long. */
  forgetIdle(nowMs: number): void;
  inFlight(): number;
}

export interface InFlightLimits {
  inFlightPerEndpointMax: number;
  inFlightPerAccountMax: number;
  inFlightMax: number;
}

interface Endpoint {
  accountId: number;
  /** Calls of first tries, and of later ones. */
  inFlight: [number, number];
  /** By queue. */
  lines: [Line, Line];
  breaker: Breaker;
}

interface Line {
  /** Rows to look at next: follows what is there. */
  window: number;
  /** The last claim took as many as it wanted. */
  isFull: boolean;
  sharesPosts: boolean;
}

// Later tries take at most half of an endpoint's slots and half of all: what is new finds one free whatever failed before.
const AGAIN_SHARE = 0.5;
// Endpoints that fail share a quarter of all calls: however many they are, the others never wait for them.
const FAILING_SHARE = 0.25;
const WINDOW_MIN = 2;
const WINDOW_GROWTH = 4;
const ROWS_PER_POST_MAX = 100; // gateway.md "Statuses and callbacks"
const ROWS_PER_CLAIM_MAX = 2_000;
// A transaction that has not committed by now has most likely been rolled back; if not, the next poll finds its rows.
const EXPECTED_FOR_MS = 5_000;
const FORGET_AFTER_MS = 600_000;

const place = (again: boolean): 0 | 1 => (again ? 1 : 0);

/** `alwaysShare`: rows share POSTs as soon as there are more of them than free slots, however short the queue. */
export function createEndpoints(limits: InFlightLimits & { alwaysShare: boolean; random: () => number }): Endpoints {
  const { inFlightPerEndpointMax, inFlightPerAccountMax, inFlightMax, random } = limits;
  const endpoints = new Map<number, Endpoint>();
  const ready: [Map<number, number>, Map<number, number>] = [new Map(), new Map()]; // endpoint -> account, in the order of their turns
  const expected = new Map<number, { queue: Queue; untilMs: number }>(); // by id of the row
  const ofAccount = new Map<number, number>();
  const againPerEndpointMax = Math.max(1, Math.floor(inFlightPerEndpointMax * AGAIN_SHARE));
  const againMax = Math.max(1, Math.floor(inFlightMax * AGAIN_SHARE));
  const failingMax = Math.max(1, Math.floor(inFlightMax * FAILING_SHARE));
  const windowMax = inFlightPerEndpointMax * ROWS_PER_POST_MAX;
  const total = { all: 0, again: 0, failing: 0 };

  const freshLine = (): Line => ({ window: WINDOW_MIN, isFull: false, sharesPosts: limits.alwaysShare });
  const known = (endpointId: number, accountId: number): Endpoint => {
    const there = endpoints.get(endpointId);
    if (there !== undefined) return there;
    const fresh: Endpoint = { accountId, inFlight: [0, 0], lines: [freshLine(), freshLine()], breaker: CLOSED };
    endpoints.set(endpointId, fresh);
    return fresh;
  };
  const underWay = ({ inFlight }: Endpoint): number => inFlight[0] + inFlight[1];
  const isFailing = ({ breaker }: Endpoint): boolean => stateOf(breaker, Number.POSITIVE_INFINITY) !== 'closed';

  const hold = (endpoint: Endpoint, again: boolean, calls: number): void => {
    endpoint.inFlight[place(again)] += calls;
    total.all += calls;
    if (again) total.again += calls;
    if (isFailing(endpoint)) total.failing += calls;
    const ofThis = (ofAccount.get(endpoint.accountId) ?? 0) + calls;
    if (ofThis === 0) ofAccount.delete(endpoint.accountId);
    else ofAccount.set(endpoint.accountId, ofThis);
  };

  const judge = (endpoint: Endpoint, breaker: Breaker): void => {
    const wasFailing = isFailing(endpoint);
    endpoint.breaker = breaker;
    if (isFailing(endpoint) !== wasFailing) total.failing += wasFailing ? -underWay(endpoint) : underWay(endpoint);
  };

  /** Calls that may start now. */
  const room = (endpointId: number, endpoint: Endpoint | undefined, accountId: number, again: boolean, nowMs: number): number => {
    const state = stateOf(endpoint?.breaker ?? CLOSED, nowMs);
    if (state === 'open') return 0;
    const [firsts, agains] = endpoint?.inFlight ?? [0, 0];
    // One slot is left to later tries that are due: an endpoint that is always busy with new ones must not starve them.
    const left = !again && agains === 0 && ready[1].has(endpointId) ? 1 : 0;
    return Math.min(
      state === 'closed' ? Math.max(inFlightPerEndpointMax - left, 1) - firsts - agains : 1 - firsts - agains,
      inFlightPerAccountMax - (ofAccount.get(accountId) ?? 0),
      inFlightMax - total.all,
      again ? Math.min(againPerEndpointMax - agains, againMax - total.again) : Number.POSITIVE_INFINITY,
      state === 'closed' ? Number.POSITIVE_INFINITY : failingMax - total.failing,
    );
  };

  const wake = ({ endpointId, accountId, again }: Queue): void => {
    ready[place(again)].set(endpointId, accountId);
  };

  return {
    expect(queued, nowMs) {
      for (const { id, ...queue } of queued) expected.set(id, { queue, untilMs: nowMs + EXPECTED_FOR_MS });
    },
    wakeExpected(nowMs) {
      for (const [id, { queue, untilMs }] of expected) {
        if (untilMs < nowMs) expected.delete(id);
        else wake(queue);
      }
    },
    wake(queues) {
      for (const queue of queues) wake(queue);
    },
    hasWants(nowMs) {
      for (const again of [false, true]) {
        for (const [endpointId, accountId] of ready[place(again)]) {
          if (room(endpointId, endpoints.get(endpointId), accountId, again, nowMs) > 0) return true;
        }
      }
      return false;
    },
    wants(nowMs) {
      const wants: Want[] = [];
      const haveFirsts = new Set<number>();
      let rowsLeft = ROWS_PER_CLAIM_MAX;
      for (const again of [false, true]) {
        const line = ready[place(again)];
        // Where many wait, each gets a little and soon again, over connections that are still open.
        const share = Math.max(1, Math.floor((inFlightMax - total.all) / Math.max(1, line.size)));
        for (const [endpointId, accountId] of line) {
          if (rowsLeft <= 0 || total.all >= inFlightMax) break;
          const free = room(endpointId, endpoints.get(endpointId), accountId, again, nowMs);
          // How many first tries are due shows only after this claim: they may need all the slots but the one that is left.
          const posts = Math.min(free, again && haveFirsts.has(endpointId) ? 1 : share);
          if (posts <= 0) continue;
          const endpoint = known(endpointId, accountId);
          const isProbe = stateOf(endpoint.breaker, nowMs) === 'half-open';
          const { window, sharesPosts } = endpoint.lines[place(again)];
          const rows = isProbe ? 1 : Math.min(window, sharesPosts ? posts * ROWS_PER_POST_MAX : posts, rowsLeft);
          const want = { endpointId, accountId, again, rows, posts: Math.min(posts, rows), rowsPerPost: Math.ceil(rows / posts) };
          wants.push(want);
          if (!again) haveFirsts.add(endpointId);
          line.delete(endpointId);
          hold(endpoint, again, want.posts);
          rowsLeft -= rows;
        }
      }
      return wants;
    },
    claimed(want, { seen, posts, rows, left }) {
      const endpoint = known(want.endpointId, want.accountId);
      hold(endpoint, want.again, posts - want.posts);
      const line = endpoint.lines[place(want.again)];
      line.isFull = seen.length === want.rows;
      line.sharesPosts = limits.alwaysShare || (line.sharesPosts && line.isFull);
      // Where many were looked at and few could go, each has a URL of its own: no more than the slots next time.
      const isInVain = want.rowsPerPost > 1 && rows <= posts;
      const next = isInVain ? want.posts : line.isFull ? want.rows * WINDOW_GROWTH : seen.length * 2;
      line.window = Math.min(Math.max(next, WINDOW_MIN), windowMax);
      if (line.isFull || left > 0) wake(want);
      for (const id of seen) expected.delete(id);
    },
    abandon(want) {
      hold(known(want.endpointId, want.accountId), want.again, -want.posts);
      wake(want);
    },
    end({ endpointId, accountId, again }, succeeded, nowMs) {
      const endpoint = known(endpointId, accountId);
      hold(endpoint, again, -1);
      if (succeeded === null) return null;
      const { trips } = endpoint.breaker;
      judge(endpoint, afterCall(endpoint.breaker, succeeded, nowMs, random));
      return endpoint.breaker.trips > trips ? endpoint.breaker.openUntilMs : null;
    },
    crowded() {
      const queues: Queue[] = [];
      for (const [endpointId, { accountId, lines }] of endpoints) {
        for (const [index, { isFull, sharesPosts }] of lines.entries()) {
          if (isFull && !sharesPosts) queues.push({ endpointId, accountId, again: index === 1 });
        }
      }
      return queues;
    },
    share({ endpointId, accountId, again }) {
      known(endpointId, accountId).lines[place(again)].sharesPosts = true;
    },
    trust(endpointId, beforeMs) {
      const endpoint = endpoints.get(endpointId);
      if (endpoint !== undefined && isFailing(endpoint) && endpoint.breaker.lastCallMs < beforeMs) judge(endpoint, CLOSED);
    },
    forgetIdle(nowMs) {
      for (const [endpointId, endpoint] of endpoints) {
        const lastMs = Math.max(endpoint.breaker.lastCallMs, endpoint.breaker.openUntilMs);
        if (underWay(endpoint) === 0 && nowMs - lastMs > FORGET_AFTER_MS) endpoints.delete(endpointId);
      }
    },
    inFlight: () => total.all,
  };
}
