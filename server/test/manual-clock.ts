import type { Clock } from '../src/platform/clock.ts';

/** A clock that stands still until it is told to go on. */
export interface ManualClock extends Clock {
  /** Moves both clocks on and lets every sleep that ended by then resolve, in the order of their ends. */
  advance(ms: number): Promise<void>;
}

export function createManualClock(startAt = Date.UTC(2026, 0, 15, 9)): ManualClock {
  let elapsed = 0;
  const sleepers: { until: number; wake: () => void }[] = [];
  return {
    now: () => startAt + elapsed,
    monotonic: () => elapsed,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = { until: elapsed + ms, wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener('abort', () => {
          const index = sleepers.indexOf(sleeper);
          if (index >= 0) sleepers.splice(index, 1);
          resolve();
        });
      }),
    async advance(ms) {
      const target = elapsed + ms;
      for (;;) {
        const next = sleepers.filter(({ until }) => until <= target).sort((a, b) => a.until - b.until)[0];
        if (next === undefined) break;
        elapsed = Math.max(elapsed, next.until);
        sleepers.splice(sleepers.indexOf(next), 1);
        next.wake();
        await new Promise((resolve) => setImmediate(resolve));
      }
      elapsed = target;
    },
  };
}
