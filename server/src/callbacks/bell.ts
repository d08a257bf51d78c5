import type { Clock } from '../platform/clock.ts';

/** Lets a loop sleep until there is something to do. A ring while nobody waits is kept for the next who does. */
export interface Bell {
  ring(): void;
  /** Resolves at a ring, or after `ms`. */
  wait(ms: number): Promise<void>;
}

export function createBell(clock: Clock): Bell {
  let rung = false;
  let waiting: AbortController | undefined;
  return {
    ring() {
      rung = true;
      waiting?.abort();
    },
    async wait(ms) {
      if (!rung && ms > 0) {
        waiting = new AbortController();
        await clock.sleep(ms, waiting.signal);
        waiting = undefined;
      }
      rung = false;
    },
  };
}
