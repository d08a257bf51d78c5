import { createAgenda } from './agenda.ts';

/**
 * Time as the world sees it: virtual, so that hours can pass in a test or on the page while a bot waits a moment.
 *
 * Virtual (`schedule`, `now`, `monotonic`) is whatever happens inside the world: when a message is delivered, read or expires, lives of
 * tokens and subscriptions, pauses between tries of a webhook, windows of limits, processing of uploads, times printed in events.
 * Real (`scheduleReal`) is whatever a program outside measures with a clock of its own: how long its webhook may take to answer, how
 * long a long poll is held open for it, how late an answer comes. To a bot these stay the same however fast the world's time passes.
 */
export interface Clock {
  /** Wall time in ms since 1970: what people and networks print. */
  now(): number;
  /** Milliseconds that never jump back: what limits are counted by. */
  monotonic(): number;
  /** Runs `task` once after `delayMs` of the world's time; the returned function takes it back. */
  schedule(task: () => void, delayMs: number): () => void;
  /** The same after `delayMs` of real time; on a manual clock there is only its own. */
  scheduleReal(task: () => void, delayMs: number): () => void;
  /** Moves both scales on at once and runs what falls due, in order of time, then of scheduling. */
  advance(ms: number): void;
  /** Milliseconds of the world per real one: 1 unless set, 0 where time stands until it is moved. */
  speed(): number;
  /** Lets time pass `factor` times as fast from now on. Throws `RangeError` outside `SPEED`; a manual clock cannot run. */
  setSpeed(factor: number): void;
}

/** One moment on both scales, taken once per call at its receipt. */
export interface Instant {
  /** Wall time, ms. */
  time: number;
  /** Monotonic time, ms. */
  mono: number;
}

/** Never slower than real time: a client that keeps to a rate per second would then break it. */
export const SPEED = { min: 1, max: 100_000 } as const;

export interface RealClock extends Clock {
  /** Takes back everything that is still scheduled. */
  stop(): void;
}

// Node takes longer delays for 1 ms; the timer looks again after this one.
const NATIVE_DELAY_MAX_MS = 2_147_483_647;

export function createRealClock(): RealClock {
  const realTimers = new Set<NodeJS.Timeout>();
  const agenda = createAgenda();
  // What the world has gained on real time: `aheadMs` at the real moment `since`, and `factor - 1` ms more with every real ms.
  let aheadMs = 0;
  let since = performance.now();
  let factor = 1;
  let timer: NodeJS.Timeout | undefined;

  const ahead = (): number => aheadMs + (performance.now() - since) * (factor - 1);
  // Both of the machine's clocks, each moved on: a machine that slept keeps its wall time.
  const monotonic = (): number => performance.now() + ahead();
  const moveTo = (mono: number): void => {
    aheadMs = Math.max(ahead(), mono - performance.now());
    since = performance.now();
  };
  const runDue = (): void => {
    for (let due = agenda.takeDue(monotonic()); due !== null; due = agenda.takeDue(monotonic())) due.task();
    arm();
  };
  const arm = (): void => {
    clearTimeout(timer);
    const next = agenda.nextDue();
    if (next === null) timer = undefined;
    else timer = setTimeout(runDue, Math.min(Math.max(0, Math.ceil((next - monotonic()) / factor)), NATIVE_DELAY_MAX_MS));
  };

  return {
    now: () => Math.floor(Date.now() + ahead()),
    monotonic,
    schedule(task, delayMs) {
      const due = monotonic() + Math.max(0, delayMs);
      const isNext = due < (agenda.nextDue() ?? Number.POSITIVE_INFINITY);
      const cancel = agenda.add(due, task);
      if (isNext) arm();
      return cancel;
    },
    scheduleReal(task, delayMs) {
      const real = setTimeout(() => {
        realTimers.delete(real);
        task();
      }, delayMs);
      realTimers.add(real);
      return () => {
        clearTimeout(real);
        realTimers.delete(real);
      };
    },
    advance(ms) {
      const end = monotonic() + ms;
      for (let due = agenda.takeDue(end); due !== null; due = agenda.takeDue(end)) {
        moveTo(due.at);
        due.task();
      }
      moveTo(end);
      arm();
    },
    speed: () => factor,
    setSpeed(asked) {
      if (!(asked >= SPEED.min && asked <= SPEED.max)) {
        throw new RangeError(`the speed of time must be from ${SPEED.min} to ${SPEED.max}, not ${asked}`);
      }
      moveTo(monotonic());
      factor = asked;
      arm();
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
      for (const real of realTimers) clearTimeout(real);
      realTimers.clear();
      agenda.clear();
    },
  };
}

export type ManualClock = Clock;

/** A clock that stands until it is moved. `startMs` is the wall time it shows first; its monotonic scale starts at 0. */
export function createManualClock(startMs = 1_790_000_000_000): ManualClock {
  const agenda = createAgenda();
  let elapsedMs = 0;
  const schedule: Clock['schedule'] = (task, delayMs) => agenda.add(elapsedMs + Math.max(0, delayMs), task);
  return {
    now: () => Math.floor(startMs + elapsedMs),
    monotonic: () => elapsedMs,
    schedule,
    scheduleReal: schedule,
    advance(ms) {
      const end = elapsedMs + ms;
      for (let due = agenda.takeDue(end); due !== null; due = agenda.takeDue(end)) {
        elapsedMs = Math.max(elapsedMs, due.at);
        due.task();
      }
      elapsedMs = end;
    },
    speed: () => 0,
    setSpeed() {
      throw new RangeError('a manual clock does not run by itself: advance it');
    },
  };
}
