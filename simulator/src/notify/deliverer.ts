import { postJson } from '../delivery/delivery.ts';
import type { World } from '../world/world.ts';

export interface Deliverer {
  /** Queues one JSON text for `url`. */
  push(url: string, json: string): void;
  /** Drops what still waits; gives up what is under way. */
  stop(): void;
  /** Drops what still waits. */
  clear(): void;
}

// The contract's batch (gateway.md, "Statuses and callbacks").
const BATCH_MAX = 100;
const GATHER_MS = 5;
const ANSWER_TIMEOUT_MS = 10_000;
// Ours: patient enough for a receiver to be restarted. After the last one the batch is given up.
const RETRY_AFTER_MS = [200, 500, 1_000, 2_000, 5_000, 10_000, 30_000] as const;

interface Lane {
  waiting: string[];
  isRunning: boolean;
}

/**
 * Delivers to each address in order, one POST at a time; any 2xx takes it, anything else is tried 7 times more. With `batched`
 * the body is an array of up to 100, gathered for 5 ms; otherwise each text is a body of its own.
 */
export function createDeliverer(world: World, { batched }: { batched: boolean }): Deliverer {
  const lanes = new Map<string, Lane>();
  const stopping = new AbortController();

  const post = async (url: string, json: string): Promise<boolean> => {
    const answer = await postJson(world.clock, { url, json, timeoutMs: ANSWER_TIMEOUT_MS, signal: stopping.signal });
    return answer !== null && answer.status >= 200 && answer.status < 300;
  };
  const pause = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      world.clock.schedule(resolve, delayMs);
    });

  const run = async (url: string, lane: Lane): Promise<void> => {
    // A lane that was dropped meanwhile sends nothing more.
    const isKept = (): boolean => lanes.get(url) === lane;
    await pause(batched ? GATHER_MS : 0);
    while (isKept() && lane.waiting.length > 0) {
      const batch = lane.waiting.slice(0, batched ? BATCH_MAX : 1);
      const body = batched ? `[${batch.join()}]` : batch.join();
      let isTaken = await post(url, body);
      for (const delayMs of RETRY_AFTER_MS) {
        if (isTaken || !isKept()) break;
        await pause(delayMs);
        isTaken = isKept() && (await post(url, body));
      }
      lane.waiting = lane.waiting.slice(batch.length);
    }
    if (isKept()) lanes.delete(url);
  };

  return {
    push(url, json) {
      const lane = lanes.get(url) ?? { waiting: [], isRunning: false };
      lanes.set(url, lane);
      lane.waiting.push(json);
      if (lane.isRunning) return;
      lane.isRunning = true;
      void run(url, lane);
    },
    clear: () => lanes.clear(),
    stop() {
      stopping.abort();
      lanes.clear();
    },
  };
}
