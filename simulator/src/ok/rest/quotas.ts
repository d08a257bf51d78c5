import type { Clock, Instant } from '../../world/world.ts';

const DAY_MS = 86_400_000;

/** Calls per person in any 24 hours, by method (contracts/ok.md 5.1 and 5.3). A "day" is nowhere defined: this fits every reading. */
export const CALLS_PER_DAY: Readonly<Record<string, number>> = {
  'notifications.sendSimple': 5,
  'notifications.sendMessage': 1,
};

/** How often the application may still call a method for one person. */
export interface Quotas {
  /** Takes one call if one is left. */
  take(method: string, userId: string, at: Instant): boolean;
  /** Null where the method has no quota; `userId` null is somebody for whom nothing was called. */
  left(method: string, userId: string | null): number | null;
  reset(): void;
}

export function createQuotas(clock: Clock): Quotas {
  const taken = new Map<string, number[]>();
  const within = (method: string, userId: string, now: number): number[] =>
    (taken.get(`${method} ${userId}`) ?? []).filter((mono) => now - mono < DAY_MS);
  return {
    take(method, userId, at) {
      const recent = within(method, userId, at.mono);
      const max = CALLS_PER_DAY[method];
      if (max !== undefined && recent.length >= max) return false;
      taken.set(`${method} ${userId}`, [...recent, at.mono]);
      return true;
    },
    left(method, userId) {
      const max = CALLS_PER_DAY[method];
      if (max === undefined) return null;
      return userId === null ? max : Math.max(0, max - within(method, userId, clock.monotonic()).length);
    },
    reset: () => taken.clear(),
  };
}
