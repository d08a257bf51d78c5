/** Time as the world sees it. A test hands in its own and moves it by hand. */
export interface Clock {
  /** Wall time in ms since 1970: what people and networks print. */
  now(): number;
  /** Milliseconds that never jump: what limits are counted by. */
  monotonic(): number;
  /** Runs `task` once after `delayMs`; the returned function takes it back. */
  schedule(task: () => void, delayMs: number): () => void;
}

/** One moment on both scales, taken once per call at its receipt. */
export interface Instant {
  /** Wall time, ms. */
  time: number;
  /** Monotonic time, ms. */
  mono: number;
}

export interface RealClock extends Clock {
  /** Takes back everything that is still scheduled. */
  stop(): void;
}

export function createRealClock(): RealClock {
  const timers = new Set<NodeJS.Timeout>();
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    schedule(task, delayMs) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        task();
      }, delayMs);
      timers.add(timer);
      return () => {
        clearTimeout(timer);
        timers.delete(timer);
      };
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

export interface ManualClock extends Clock {
  /** Moves both scales on and runs what falls due, in order of time, then of scheduling. */
  advance(ms: number): void;
}

/** A clock that stands until it is moved. `startMs` is the wall time it shows first; its monotonic scale starts at 0. */
export function createManualClock(startMs = 1_790_000_000_000): ManualClock {
  let elapsedMs = 0;
  let scheduled = 0;
  let tasks: { due: number; order: number; task: () => void }[] = [];
  return {
    now: () => Math.floor(startMs + elapsedMs),
    monotonic: () => elapsedMs,
    schedule(task, delayMs) {
      scheduled += 1;
      const entry = { due: elapsedMs + Math.max(0, delayMs), order: scheduled, task };
      tasks.push(entry);
      return () => {
        tasks = tasks.filter((other) => other !== entry);
      };
    },
    advance(ms) {
      const end = elapsedMs + ms;
      for (;;) {
        const due = tasks.filter((entry) => entry.due <= end).sort((a, b) => a.due - b.due || a.order - b.order)[0];
        if (due === undefined) break;
        tasks = tasks.filter((other) => other !== due);
        elapsedMs = Math.max(elapsedMs, due.due);
        due.task();
      }
      elapsedMs = end;
    },
  };
}
