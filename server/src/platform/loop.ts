import type { Clock } from './clock.ts';
import type { Logger } from './telemetry.ts';

/** Work that is looked for again and again, at once after a wake-up. */
export interface Loop {
  /** There may be something to do. */
  wake(): void;
  run(): void;
  /** Resolves when the step under way has ended. */
  stop(): Promise<void>;
}

/** What a step found to do: nothing, something, or more than it may take at once. */
export type Found = boolean | 'more';

const FAILURE_PAUSE_MS = 1_000;

/**
 * `step` says whether it found something to do: then it is called again, `everyMs` after its beginning at the earliest, so that under
 * load a step finds much to do together; the first one after a silence begins at once. One that took all it may at once says `'more'`
 * and is called again at once: the pause must not bound how much is done in a second. A step that throws is logged and called again
 * after a pause. A long step looks at its signal, and ends early when the loop is being stopped.
 */
export function createLoop(parts: {
  name: string;
  clock: Clock;
  log: Logger;
  idleMs: number;
  everyMs: number;
  step: (signal: AbortSignal) => Promise<Found>;
}): Loop {
  const { name, clock, log, idleMs, everyMs, step } = parts;
  const stopped = new AbortController();
  let isWoken = false;
  let endPause: AbortController | undefined;
  let running: Promise<void> | undefined;

  const pause = async (ms: number): Promise<void> => {
    endPause = new AbortController();
    await clock.sleep(ms, AbortSignal.any([stopped.signal, endPause.signal]));
    endPause = undefined;
  };

  const work = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      isWoken = false;
      const startedAt = clock.monotonic();
      try {
        const found = await step(stopped.signal);
        const leftMs = startedAt + everyMs - clock.monotonic();
        if (found === false && !isWoken) await pause(idleMs);
        else if (found === true && leftMs > 0) await clock.sleep(leftMs, stopped.signal);
      } catch (error) {
        log.warn({ event: 'loop_failed', loop: name, error: error instanceof Error ? error.message : String(error) });
        // Not cut short by wake-ups: what failed just now would only fail again.
        await clock.sleep(FAILURE_PAUSE_MS, stopped.signal);
      }
    }
  };

  return {
    wake() {
      isWoken = true;
      endPause?.abort();
    },
    run() {
      running ??= work();
    },
    async stop() {
      stopped.abort();
      await running;
    },
  };
}
