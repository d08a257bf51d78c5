import type { CoolingSlots } from '../limits/limits.ts';

/** Slots of a lane that its last owner used and that are not free yet: with them the next owner goes on where that one stopped. */
export interface HandOver {
  notifications: readonly CoolingSlots[];
  /** By the id of the connection. */
  calls: Readonly<Record<string, readonly CoolingSlots[]>>;
}

export const NOTHING_TAKEN: HandOver = { notifications: [], calls: {} };

/** What is left of it `ms` later. */
export const handOverAfter = ({ notifications, calls }: HandOver, ms: number): HandOver => ({
  notifications: coolingAfter(notifications, ms),
  calls: Object.fromEntries(Object.entries(calls).map(([connectionId, slots]) => [connectionId, coolingAfter(slots, ms)])),
});

/** Those that are not free yet `ms` later. */
export const coolingAfter = (slots: readonly CoolingSlots[], ms: number): readonly CoolingSlots[] =>
  slots.filter(({ freeInMs }) => freeInMs > ms).map(({ freeInMs, count }) => ({ freeInMs: freeInMs - ms, count }));
