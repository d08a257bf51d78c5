import type { Clock } from '../world/world.ts';

export interface Posted {
  status: number;
  body: string;
  headers: Headers;
}

/**
 * Posts JSON to a bot's address. Redirects are answers like any other. Null where there was no answer within `timeoutMs`:
 * refused, reset, too slow, or `signal` aborted. Never throws.
 */
export async function postJson(
  clock: Clock,
  request: { url: string; json: string; headers?: Record<string, string>; timeoutMs: number; signal: AbortSignal },
): Promise<Posted | null> {
  const timeout = new AbortController();
  const cancel = clock.scheduleReal(() => timeout.abort(), request.timeoutMs);
  try {
    const response = await fetch(request.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json;charset=utf-8', ...request.headers },
      body: request.json,
      redirect: 'manual',
      signal: AbortSignal.any([timeout.signal, request.signal]),
    });
    return { status: response.status, body: await response.text(), headers: response.headers };
  } catch {
    return null;
  } finally {
    cancel();
  }
}

/** What the work on one item may use. */
export interface Waiting {
  /** Waits on the world's clock; ends early by `hurry` and `stop`. */
  pause(delayMs: number): Promise<void>;
  /** Aborted by `stop`: then the work must end. */
  signal: AbortSignal;
}

/** Items going out: one after another within a lane, lanes beside each other. */
export interface Lanes<Item> {
  add(lane: string, item: Item): void;
  /** Ends every pause at once. */
  hurry(): void;
  /** Drops what waits; nothing goes out from here on. */
  stop(): void;
}

/** `work` ends when its item is through with, taken or given up, and must not reject; then the next of its lane follows. */
export function createLanes<Item>(clock: Clock, work: (item: Item, waiting: Waiting) => Promise<void>): Lanes<Item> {
  const lanes = new Map<string, Item[]>();
  const pauses = new Set<() => void>();
  const stopped = new AbortController();
  const waiting: Waiting = {
    signal: stopped.signal,
    pause: (delayMs) =>
      new Promise((resolve) => {
        const goOn = (): void => {
          cancel();
          pauses.delete(goOn);
          resolve();
        };
        const cancel = clock.schedule(goOn, delayMs);
        pauses.add(goOn);
      }),
  };
  const hurry = (): void => {
    for (const goOn of [...pauses]) goOn();
  };
  const run = async (name: string, items: Item[]): Promise<void> => {
    for (let item = items[0]; item !== undefined && !stopped.signal.aborted; item = items[0]) {
      await work(item, waiting);
      items.shift();
    }
    lanes.delete(name);
  };
  return {
    hurry,
    add(name, item) {
      if (stopped.signal.aborted) return;
      const busy = lanes.get(name);
      if (busy !== undefined) {
        busy.push(item);
        return;
      }
      const items = [item];
      lanes.set(name, items);
      void run(name, items);
    },
    stop() {
      stopped.abort();
      hurry();
    },
  };
}
