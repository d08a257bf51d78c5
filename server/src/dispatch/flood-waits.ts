import type { Clock } from '../platform/clock.ts';
import { BACK_OFF, pauseMs } from './back-off.ts';

/** The people to whom a group may not write for a while, as the network said: flood control is for one person, the lane goes on. */
export interface FloodWaits {
  /** Milliseconds until this person may be written to. */
  leftMs(person: string): number;
  /** A call that was launched at this moment (monotonic) met flood control. Returns how long to wait. */
  struck(person: string, launchedAt: number): number;
  /** Something went through. */
  ended(person: string): void;
}

// A group writes to many people, and few are ever struck: whoever was longest ago goes first.
const PERSONS_MAX = 10_000;

export function createFloodWaits(clock: Clock): FloodWaits {
  const waits = new Map<string, { times: number; at: number; until: number }>();
  const leftMs = (person: string): number => Math.max(0, (waits.get(person)?.until ?? 0) - clock.monotonic());
  return {
    leftMs,
    struck(person, launchedAt) {
      const before = waits.get(person);
      if (before !== undefined && launchedAt < before.at) return leftMs(person); // it left before the person's wait began
      const times = before?.times ?? 0;
      const at = clock.monotonic();
      const ms = pauseMs(BACK_OFF.flood, times);
      waits.delete(person);
      waits.set(person, { times: times + 1, at, until: at + ms });
      const [oldest] = waits.keys();
      if (waits.size > PERSONS_MAX && oldest !== undefined) waits.delete(oldest);
      return ms;
    },
    ended(person) {
      waits.delete(person);
    },
  };
}
