import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { Logger } from '../platform/telemetry.ts';
import { callbackLoopFailed } from './callback-events.ts';

/** Deletes what has had its time, beside the deliveries. */
export interface Purge {
  /** Starts a run when the last one is an hour old; does not wait for it. */
  runWhenDue(): void;
  /** Waits for the step under way. */
  stop(): Promise<void>;
}

const DAY_MS = 86_400_000;
const PURGE_EVERY_MS = 3_600_000;
const KEEP_PARKED_DAYS = 30;
const ROWS_PER_DELETE = 5_000;

const DELETE_DELIVERED = {
  name: 'callbacks_delete_delivered',
  text: 'delete from callback_delivered where ctid = any(array(select ctid from callback_delivered where delivered_at < $1 limit $2))',
};
// Failed calls say why their callbacks are parked, and are kept as long.
const DELETE_DELIVERING_CALLS = {
  name: 'callbacks_delete_delivering_calls',
  text: `delete from callback_call where ctid = any(array(
    select ctid from callback_call where started_at < $1 and outcome = 'delivered' limit $2
  ))`,
};
const DELETE_CALLS = {
  name: 'callbacks_delete_calls',
  text: 'delete from callback_call where ctid = any(array(select ctid from callback_call where started_at < $1 limit $2))',
};
const DELETE_PARKED = {
  name: 'callbacks_delete_parked',
  text: `delete from callback where id = any(array(select id from callback where state = 'parked' and due_at < $1 limit $2))`,
};

export function createPurge(parts: { database: Database; clock: Clock; log: Logger; keepDeliveredDays: number }): Purge {
  const { database, clock, log, keepDeliveredDays } = parts;
  let dueAtMs = 0;
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();

  const purge = async (): Promise<void> => {
    const keepFailedDays = Math.max(keepDeliveredDays, KEEP_PARKED_DAYS);
    for (const [statement, days] of [
      [DELETE_DELIVERED, keepDeliveredDays],
      [DELETE_DELIVERING_CALLS, keepDeliveredDays],
      [DELETE_CALLS, keepFailedDays],
      [DELETE_PARKED, KEEP_PARKED_DAYS],
    ] as const) {
      const before = new Date(clock.now() - days * DAY_MS);
      while (!isStopped && (await database.run(statement, [before, ROWS_PER_DELETE])) === ROWS_PER_DELETE);
    }
  };

  return {
    runWhenDue() {
      const nowMs = clock.monotonic();
      if (nowMs < dueAtMs) return;
      dueAtMs = nowMs + PURGE_EVERY_MS;
      running = running.then(purge).catch((error: unknown) => callbackLoopFailed(log, error));
    },
    async stop() {
      isStopped = true;
      await running;
    },
  };
}
