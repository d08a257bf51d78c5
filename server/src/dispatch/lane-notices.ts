import type { Clock } from '../platform/clock.ts';
import type { Database, Statement } from '../platform/database.ts';
import { distinctWork, type Work } from './work.ts';

/** Tells the processes of each other's new work. Only a wake-up: what a notice misses is found by polling. */
export interface LaneNotices {
  listen(): void;
  tell(work: readonly Work[]): void;
  /** Tells what is left and listens no more. */
  close(): Promise<void>;
}

// Of an item, in this order.
const PARTS = ['laneId', 'connectionId', 'priority', 'accountId', 'dueAt'] as const;
/** Of NOTIFY. */
export const LANES_CHANNEL = 'soroka_lanes';
// One notice for all that was accepted meanwhile: NOTIFY takes a lock over all of PostgreSQL's commits.
const GATHER_MS = 20;
// PostgreSQL takes no notice of 8000 bytes or more; one item with its comma is at most 63: ids to 2^53, a lane, a class and a time.
const ITEMS_PER_NOTICE = 120;

const TELL: Statement = {
  name: 'dispatch.lanes.notify',
  text: `select pg_notify('${LANES_CHANNEL}', payload) from unnest($1::text[]) as payload`,
};
/** An SQL expression that tells of one queue's work when the transaction commits; each of its parts is one too, `dueAt` a time. */
export const notifyOf = (work: Readonly<Record<(typeof PARTS)[number], string>>): string => {
  const { laneId, connectionId, priority, accountId, dueAt } = work;
  const dueAtMs = `floor(extract(epoch from ${dueAt}) * 1000)::bigint`;
  return `pg_notify('${LANES_CHANNEL}', concat_ws(':', ${[laneId, connectionId, priority, accountId, dueAtMs].join(', ')}))`;
};

/** An SQL expression that tells of a lane without an owner when the transaction commits. */
export const notifyOfFree = (laneId: string): string => `pg_notify('${LANES_CHANNEL}', ${laneId}::text)`;

export function createLaneNotices(parts: {
  database: Database;
  clock: Clock;
  onWork(work: readonly Work[]): void;
  /** Another process, or this one, gave these lanes back. */
  onFree(laneIds: readonly number[]): void;
  onError(error: Error): void;
}): LaneNotices {
  const { database, clock, onWork, onFree, onError } = parts;
  const closing = new AbortController();
  let waiting: Work[] = [];
  let telling: Promise<void> | undefined;
  let unlisten: Promise<(() => Promise<void>) | undefined> | undefined;

  const tellSoon = async (): Promise<void> => {
    await clock.sleep(GATHER_MS, closing.signal);
    telling = undefined;
    const items = distinctWork(waiting).map((work) => PARTS.map((part) => work[part]).join(':'));
    waiting = [];
    const payloads: string[] = [];
    for (let from = 0; from < items.length; from += ITEMS_PER_NOTICE)
      payloads.push(items.slice(from, from + ITEMS_PER_NOTICE).join(','));
    await database.run(TELL, [payloads]).catch(onError);
  };

  return {
    listen() {
      unlisten = database
        .listen(LANES_CHANNEL, (payload) => {
          const items = payload.split(',');
          const free = items.filter((item) => /^\d+$/.test(item)).map(Number);
          if (free.length > 0) onFree(free);
          else onWork(items.flatMap(workOf));
        })
        .catch((error) => {
          onError(error);
          return undefined;
        });
    },
    tell(work) {
      if (work.length === 0) return;
      waiting.push(...work);
      telling ??= tellSoon();
    },
    async close() {
      closing.abort('closing'); // with a reason of our own: Node makes an error with a stack otherwise
      await telling;
      await (await unlisten)?.();
    },
  };
}

/** Nothing for an item of another release, which is found by the look at the queues. */
function workOf(item: string): Work[] {
  const values = item.split(':').map(Number);
  const [laneId, connectionId, priority, accountId, dueAt] = values;
  if (values.length !== PARTS.length || values.some(Number.isNaN)) return [];
  return [{ laneId, connectionId, priority, accountId, dueAt, messageId: 0 } as Work];
}
