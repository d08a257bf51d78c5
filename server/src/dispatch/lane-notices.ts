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

/** Of NOTIFY. */
export const LANES_CHANNEL = 'soroka_lanes';
// One notice for all that was accepted meanwhile: NOTIFY takes a lock over all of PostgreSQL's commits.
const GATHER_MS = 20;
// PostgreSQL takes no notice of 8000 bytes or more; one item is at most 28.
const ITEMS_PER_NOTICE = 250;

const TELL: Statement = {
  name: 'dispatch.lanes.notify',
  text: `select pg_notify('${LANES_CHANNEL}', payload) from unnest($1::text[]) as payload`,
};
/** An SQL expression that tells of one lane's work when the transaction commits. */
export const notifyOf = (laneId: string, connectionId: string): string =>
  `pg_notify('${LANES_CHANNEL}', ${laneId}::text || ':' || ${connectionId}::text)`;

export function createLaneNotices(parts: {
  database: Database;
  clock: Clock;
  onWork(work: readonly Work[]): void;
  onError(error: Error): void;
}): LaneNotices {
  const { database, clock, onWork, onError } = parts;
  const closing = new AbortController();
  let waiting: Work[] = [];
  let telling: Promise<void> | undefined;
  let unlisten: Promise<(() => Promise<void>) | undefined> | undefined;

  const tellSoon = async (): Promise<void> => {
    await clock.sleep(GATHER_MS, closing.signal);
    telling = undefined;
    const items = distinctWork(waiting).map(({ laneId, connectionId }) => `${laneId}:${connectionId}`);
    waiting = [];
    const payloads: string[] = [];
    for (let from = 0; from < items.length; from += ITEMS_PER_NOTICE)
      payloads.push(items.slice(from, from + ITEMS_PER_NOTICE).join(','));
    await database.run(TELL, [payloads]).catch(onError);
  };

  return {
    listen() {
      unlisten = database
        .listen(LANES_CHANNEL, (payload) => onWork(payload.split(',').map(workOf)))
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
      closing.abort();
      await telling;
      await (await unlisten)?.();
    },
  };
}

function workOf(item: string): Work {
  const [laneId, connectionId] = item.split(':');
  return { laneId: Number(laneId), connectionId: Number(connectionId) };
}
