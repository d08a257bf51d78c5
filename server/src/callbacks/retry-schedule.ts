const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

// Before the 2nd, 3rd, … try; the first goes at once. Source: gateway.md "Statuses and callbacks".
const DELAYS_MS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
const JITTER = 0.2;

/**
 * Milliseconds from the failed try number `attempt` (1 is the first) to the next one, spread by 20 % to both sides so that what
 * failed together does not come back together. Null after the last. `random` gives numbers in [0, 1).
 */
export function retryDelayMs(attempt: number, random: () => number): number | null {
  const delayMs = DELAYS_MS[attempt - 1];
  return delayMs === undefined ? null : Math.round(delayMs * (1 - JITTER + 2 * JITTER * random()));
}
