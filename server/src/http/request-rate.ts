import type { Clock } from '../platform/clock.ts';

/** How many requests one key may make; of this process alone, so that n processes let n times as many pass. */
export interface RequestRate {
  /** Counts one request. 0 where it may pass, else the seconds after which the next one may. */
  take(keyId: string): number;
}

const KEYS_MAX = 10_000;

/** `perSecond` on average and at once (generic cell rate algorithm): nothing is stored per request. */
export function createRequestRate({ clock, perSecond }: { clock: Clock; perSecond: number }): RequestRate {
  const intervalMs = 1_000 / perSecond;
  const burstMs = 1_000 - intervalMs;
  const nextAt = new Map<string, number>(); // when the key's allowance would be whole again
  return {
    take(keyId) {
      const now = clock.monotonic();
      const due = Math.max(nextAt.get(keyId) ?? now, now);
      if (due - now > burstMs) return Math.ceil((due - now - burstMs) / 1_000);
      if (nextAt.size >= KEYS_MAX) forgetWhole(nextAt, now);
      nextAt.set(keyId, due + intervalMs);
      return 0;
    },
  };
}

function forgetWhole(nextAt: Map<string, number>, now: number): void {
  for (const [keyId, due] of nextAt) if (due <= now) nextAt.delete(keyId);
}
