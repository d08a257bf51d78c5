import { randomUUID } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';

/** Where an import stands; written in the transaction of the messages that brought it there. */
export interface Walk {
  /** What is newer comes as events. */
  startedAt: Date;
  /** Of the page after `peerIds`; null before the first page, and on the last one. */
  dialogsCursor: string | null;
  /** Of the page under way, those left to do; null before the first page. */
  peerIds: readonly string[] | null;
  /** Of the next page of the first of them. */
  historyCursor: string | null;
  dialogs: number;
  messages: number;
  /** Dialogs that the network did not give out. */
  skipped: number;
}

/** One process's hold on the import of one connection. */
export interface WalkKeeper {
  walk: Walk;
  /** Throws where another process has taken over. */
  save(tx: Queryable, walk: Walk, isFinished: boolean): Promise<void>;
  /** Lets the next run go on at once. */
  giveBack(): Promise<void>;
}

const COLUMNS = `
  started_at as "startedAt", dialogs_cursor as "dialogsCursor", peer_ids as "peerIds", history_cursor as "historyCursor",
  dialogs, messages, skipped`;

const SQL = {
  // One that ended, or went for other days, begins anew: what it brought is known by its ids.
  forget: {
    name: 'history_import_forget',
    text: `
      delete from history_import
      where connection_id = $1 and (lease_until is null or lease_until < $3)
        and (finished_at is not null or days is distinct from $2)`,
  },
  begin: {
    name: 'history_import_begin',
    text: `
      insert into history_import as h (connection_id, account_id, days, owner, started_at, lease_until)
      values ($1, $2, $3, $4, $5, $6)
      on conflict (connection_id) do update set owner = excluded.owner, lease_until = excluded.lease_until
      where h.lease_until is null or h.lease_until < $5
      returning ${COLUMNS}`,
  },
  save: {
    name: 'history_import_save',
    text: `
      update history_import
      set
        dialogs_cursor = $3, peer_ids = $4::jsonb, history_cursor = $5, dialogs = $6, messages = $7, skipped = $8,
        lease_until = $9, finished_at = $10
      where connection_id = $1 and owner = $2`,
  },
  giveBack: {
    name: 'history_import_give_back',
    text: 'update history_import set owner = null, lease_until = null where connection_id = $1 and owner = $2',
  },
} as const;

// Longer than any pause between two pages.
const LEASE_MS = 120_000;

/** Takes the import of a connection, where it stopped or from the beginning; null where another process is at it. */
export async function takeWalk(
  { database, clock }: { database: Database; clock: Clock },
  { connectionId, accountId, days }: { connectionId: number; accountId: number; days: number | null },
): Promise<WalkKeeper | null> {
  const owner = randomUUID();
  const leaseUntil = () => new Date(clock.now() + LEASE_MS);
  const now = new Date(clock.now());
  const [walk] = await database.transaction(async (tx) => {
    await tx.run(SQL.forget, [connectionId, days, now]);
    return tx.rows<Walk>(SQL.begin, [connectionId, accountId, days, owner, now, leaseUntil()]);
  });
  if (walk === undefined) return null;
  return {
    walk,
    async save(tx, { dialogsCursor, peerIds, historyCursor, dialogs, messages, skipped }, isFinished) {
      const place = [dialogsCursor, peerIds === null ? null : JSON.stringify(peerIds), historyCursor];
      const finishedAt = isFinished ? new Date(clock.now()) : null;
      const values = [connectionId, owner, ...place, dialogs, messages, skipped, leaseUntil(), finishedAt];
      if ((await tx.run(SQL.save, values)) === 0) throw new Error('another process has taken this import over');
    },
    giveBack: async () => void (await database.run(SQL.giveBack, [connectionId, owner])),
  };
}
