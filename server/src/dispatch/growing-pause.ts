import type { Clock } from '../platform/clock.ts';
import { pauseMs } from './back-off.ts';

/** A pause after which one call may try; where that fails as well, the next one is longer. */
export interface GrowingPause {
  /** A call that was launched at this moment (monotonic) met what the pause is for. One that was launched before the pause says nothing new. */
  begin(launchedAt: number): void;
  /** Something of a call that was launched at this moment went through: it is over. */
  end(launchedAt: number): void;
  /** Milliseconds in which nothing may be called. */
  leftMs(): number;
  /** Whether only one message may try now. */
  isProbing(): boolean;
  /** A call is made ready; where it is the one that tries, the others wait for what it comes to. */
  trying(): void;
  /** Its call came to nothing that tells: another may try. */
  untold(): void;
}

// Whoever waits for the one call that tries looks again this often; a call that nobody hears of does not hold them for ever.
const LOOK_AGAIN_MS = 1_000;
const PROBE_MAX_MS = 60_000;

export function createGrowingPause(clock: Clock, row: { firstMs: number; factor: number; maxMs: number }): GrowingPause {
  let times = 0;
  let until = Number.NEGATIVE_INFINITY;
  let begunAt = Number.NEGATIVE_INFINITY;
  let probeUntil = Number.NEGATIVE_INFINITY;
  return {
    begin(launchedAt) {
      if (launchedAt < begunAt) return;
      begunAt = clock.monotonic();
      until = begunAt + pauseMs(row, times);
      probeUntil = Number.NEGATIVE_INFINITY;
      times += 1;
    },
    end(launchedAt) {
      if (launchedAt < begunAt) return;
      times = 0;
      probeUntil = Number.NEGATIVE_INFINITY;
    },
    leftMs() {
      if (times === 0) return 0;
      const now = clock.monotonic();
      if (until > now) return until - now;
      return probeUntil > now ? Math.min(LOOK_AGAIN_MS, probeUntil - now) : 0;
    },
    isProbing: () => times > 0,
    trying() {
      if (times > 0) probeUntil = clock.monotonic() + PROBE_MAX_MS;
    },
    untold() {
      probeUntil = Number.NEGATIVE_INFINITY;
    },
  };
}
