/** What one endpoint's latest calls say about the next one. Monotonic milliseconds. */
export interface Breaker {
  /** Of the latest calls, a 1 for each that failed, the newest in the lowest bit; `calls` says how many bits count. */
  recent: number;
  calls: number;
  failuresInRow: number;
  /** How often it opened since it was last closed; 0: it is closed. */
  trips: number;
  /** No call before; then one at a time until one succeeds. */
  openUntilMs: number;
  lastCallMs: number;
}

export type BreakerState = 'closed' | 'slowed' | 'open' | 'half-open';

export const CLOSED: Breaker = {
  recent: 0,
  calls: 0,
  failuresInRow: 0,
  trips: 0,
  openUntilMs: Number.NEGATIVE_INFINITY,
  lastCallMs: Number.NEGATIVE_INFINITY,
};

// Slowed: three failures in a row, one call at a time from then on.
const FAILURES_TO_SLOW = 3;
// Open: Convoy's defaults (reliability.md 1.4), 70 % of at least ten calls, of the last twenty here and not older than five minutes.
const CALLS_LOOKED_AT = 20;
const CALLS_TO_JUDGE = 10;
const FAILED_SHARE_TO_OPEN = 0.7;
const FORGET_AFTER_MS = 300_000;
const OPEN_MS = 10_000;
const OPEN_MAX_MS = 300_000;
const OPEN_JITTER = 0.2;

const ALL_LOOKED_AT = 2 ** CALLS_LOOKED_AT - 1;

export function stateOf({ trips, openUntilMs, failuresInRow }: Breaker, nowMs: number): BreakerState {
  if (trips > 0) return nowMs < openUntilMs ? 'open' : 'half-open';
  return failuresInRow >= FAILURES_TO_SLOW ? 'slowed' : 'closed';
}

/** The breaker after one more call. `random` gives numbers in [0, 1), for the spread of the pauses. */
export function afterCall(before: Breaker, succeeded: boolean, nowMs: number, random: () => number): Breaker {
  const isForgotten = nowMs - before.lastCallMs > FORGET_AFTER_MS;
  if (succeeded && before.trips > 0) return { ...CLOSED, lastCallMs: nowMs };
  const recent = ((isForgotten ? 0 : before.recent * 2) + (succeeded ? 0 : 1)) & ALL_LOOKED_AT;
  const calls = isForgotten ? 1 : Math.min(before.calls + 1, CALLS_LOOKED_AT);
  const next = { ...before, recent, calls, failuresInRow: succeeded ? 0 : before.failuresInRow + 1, lastCallMs: nowMs };
  // What was under way when it opened and fails now says nothing new.
  if (succeeded || stateOf(before, nowMs) === 'open') return next;
  const shouldOpen = before.trips > 0 || (calls >= CALLS_TO_JUDGE && failedOf(recent) >= calls * FAILED_SHARE_TO_OPEN);
  if (!shouldOpen) return next;
  const pauseMs = Math.min(OPEN_MS * 2 ** before.trips, OPEN_MAX_MS);
  const spread = 1 - OPEN_JITTER + 2 * OPEN_JITTER * random();
  return { ...next, trips: before.trips + 1, openUntilMs: nowMs + pauseMs * spread };
}

function failedOf(recent: number): number {
  let failed = 0;
  for (let rest = recent; rest > 0; rest >>>= 1) failed += rest & 1;
  return failed;
}
