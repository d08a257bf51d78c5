import type { Clock } from '../platform/clock.ts';

export interface CoolingSlots {
  freeInMs: number;
  count: number;
}

/**
 * At most `max` launches in any `windowMs`, exact by anyone's clock: a slot is held from the launch until the answer and
 * frees `windowMs` after the answer. The receiver took that send before it answered and takes the next one after the
 * slot freed, so whatever the network's jitter it never sees more than `max` in a window (reliability 3.1). A bucket
 * or a fixed window would let up to 2·max through.
 */
export interface SlidingWindow {
  /** Slots whose calls were answered and that are not free yet, the soonest first. */
  cooling(): readonly CoolingSlots[];
  /** Slots that may be taken now. */
  free(): number;
  /** Takes `count` slots; the caller has asked `free` in the same turn. */
  take(count: number): void;
  /** The calls of `count` slots were answered, or given up at their time-out. */
  answered(count: number): void;
  /** Slots that were taken and not used for a launch. */
  giveBack(count: number): void;
  /** Milliseconds until the next slot frees by itself; null when none is cooling (all free, or all in flight). */
  nextFreeInMs(): number | null;
  /** Milliseconds until every answered slot is free again: how long a new owner must stay quiet. */
  allFreeInMs(): number;
  /** Another limit from now on; slots in use stay in use, so that neither the old nor the new limit is passed by the change. */
  setMax(max: number): void;
}

/** `cooling`: slots that another process used before, and that are not free yet. */
export function createSlidingWindow(limit: {
  max: number;
  windowMs: number;
  clock: Clock;
  cooling?: readonly CoolingSlots[];
}): SlidingWindow {
  const { windowMs, clock } = limit;
  let { max } = limit;
  let inFlight = 0;
  // Times at which answered slots free, oldest first: answers come in the order of the clock.
  const cooling = (limit.cooling ?? [])
    .map(({ freeInMs, count }) => ({ freeAt: clock.monotonic() + freeInMs, count }))
    .sort((a, b) => a.freeAt - b.freeAt);
  let coolingCount = cooling.reduce((sum, { count }) => sum + count, 0);

  const dropFreed = (): void => {
    const now = clock.monotonic();
    while (cooling[0] !== undefined && cooling[0].freeAt <= now) coolingCount -= (cooling.shift() as { count: number }).count;
  };

  return {
    cooling() {
      dropFreed();
      return cooling.map(({ freeAt, count }) => ({ freeInMs: Math.max(0, freeAt - clock.monotonic()), count }));
    },
    free() {
      dropFreed();
      return Math.max(0, max - inFlight - coolingCount);
    },
    take(count) {
      inFlight += count;
    },
    answered(count) {
      if (count === 0) return;
      inFlight -= count;
      coolingCount += count;
      cooling.push({ freeAt: clock.monotonic() + windowMs, count });
    },
    giveBack(count) {
      inFlight -= count;
    },
    nextFreeInMs() {
      dropFreed();
      return cooling[0] === undefined ? null : Math.max(0, cooling[0].freeAt - clock.monotonic());
    },
    allFreeInMs() {
      dropFreed();
      return Math.max(0, (cooling.at(-1)?.freeAt ?? 0) - clock.monotonic());
    },
    setMax(next) {
      max = next;
    },
  };
}
