import type { Clock } from '../src/ports.ts';

/** A clock that jumps to the next moment somebody waits for, as soon as nothing else is going on. */
export interface VirtualTime extends Clock {
  /** Goes on until `isDone`, for so much virtual time at most; throws where it is not done then. */
  runUntil(isDone: () => boolean, maxMs?: number): Promise<void>;
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

export function createVirtualTime(startAtMs = Date.UTC(2026, 0, 15, 9)): VirtualTime {
  let now = startAtMs;
  const sleepers = new Set<{ until: number; wake: () => void }>();
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) return resolve();
        const sleeper = { until: now + Math.max(ms, 0), wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          resolve();
        });
      }),
    async runUntil(isDone, maxMs = 3_600_000) {
      const end = now + maxMs;
      for (await settle(); !isDone(); await settle()) {
        const next = [...sleepers].sort((a, b) => a.until - b.until)[0];
        if (next === undefined || next.until > end) throw new Error(`not done after ${maxMs} ms of virtual time`);
        now = Math.max(now, next.until);
        sleepers.delete(next);
        next.wake();
      }
    },
  };
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
