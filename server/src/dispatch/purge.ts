import { createLimitsPurge, LIMITS } from '../limits/limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Statement } from '../platform/database.ts';
import { loopFailed } from './events.ts';

/** Removes what sending leaves behind once nothing can ask for it any more. Any number of processes may run it. */
export interface Purge {
  run(): void;
  stop(): Promise<void>;
}

const EVERY_MS = 600_000;
// Small transactions with a rest between them: nobody waits for a purge.
const BATCH_MAX = 5_000;
const REST_MS = 100;

const DAY_MS = 86_400_000;
// Both are promised for 24 hours (gateway.md, Request).
const REMEMBERED_FOR_MS = DAY_MS;
// A message lives for a day at most, and its READ is reported for one more; one is for providers that are late.
const SENT_KEPT_FOR_MS = 3 * DAY_MS;

// The block range index is used even when the planner thinks that most rows are old: it would read all of the table to find none.
const BY_INDEX: Statement = { name: 'dispatch.purge.by_index', text: 'set local enable_seqscan = off' };
const forget = (table: string, time: string): Statement => ({
  name: `dispatch.purge.${table}`,
  text: `
    delete from ${table} where ctid = any (array(select ctid from ${table} where ${time} <= $1 limit $2 for update skip locked))`,
});
const CLIENT_MESSAGES = forget('client_message', 'created_at');
const IDEMPOTENCY_KEYS = forget('idempotency_key', 'created_at');
const SENT_MESSAGES = forget('sent_message', 'sent_at');
// A process that was killed did not take its row along.
const WORKERS: Statement = {
  name: 'dispatch.purge.workers',
  text: `delete from worker where seen_at < now() - interval '1 hour'`,
};

export function createPurge({
  database,
  clock,
  batchMax = BATCH_MAX,
}: {
  database: Database;
  clock: Clock;
  batchMax?: number;
}): Purge {
  const limits = createLimitsPurge({ database, windowMs: LIMITS.notificationsPerPerson.windowMs, batchMax });
  const stopping = new AbortController();
  let running: Promise<void> | undefined;

  const olderThan = (statement: Statement, keptForMs: number) => (now: Date) =>
    database.transaction(async (tx) => {
      await tx.run(BY_INDEX);
      return (await tx.run(statement, [new Date(now.getTime() - keptForMs), batchMax])) === batchMax;
    });
  /** Each removes one batch and says whether there may be more. */
  const parts: readonly ((now: Date) => Promise<boolean>)[] = [
    olderThan(CLIENT_MESSAGES, REMEMBERED_FOR_MS),
    olderThan(IDEMPOTENCY_KEYS, REMEMBERED_FOR_MS),
    olderThan(SENT_MESSAGES, SENT_KEPT_FOR_MS),
    limits.forgetPlaces,
    limits.forgetBudgets,
    async () => {
      await database.run(WORKERS);
      return false;
    },
  ];

  const purge = async (part: (now: Date) => Promise<boolean>): Promise<void> => {
    try {
      while (!stopping.signal.aborted && (await part(new Date(clock.now())))) await clock.sleep(REST_MS, stopping.signal);
    } catch (error) {
      loopFailed({ loop: 'purge', error });
    }
  };
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      for (const part of parts) await purge(part);
      await clock.sleep(EVERY_MS, stopping.signal);
    }
  };

  return {
    run() {
      running = loop();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
