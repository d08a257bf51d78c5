import type { Transaction } from '../platform/database.ts';
import type { EventEntry } from './viewer.ts';

const SQL = {
  insert: {
    name: 'events.note',
    text: `
      insert into event_log (account_id, entries)
      select account_id, entries::json from unnest($1::bigint[], $2::text[]) as g(account_id, entries)`,
  },
} as const;

// A row is read, parsed and sent as a whole: a batch of a thousand messages is several.
const ENTRIES_PER_ROW_MAX = 200;

export type Note = (tx: Transaction, accountId: number, entries: readonly EventEntry[]) => void;

/** Collects what a transaction notes and writes it at its end: one row for each account, or a few. `onCommitted` hears of it afterwards. */
export function createNote(onCommitted: () => void): Note {
  const noted = new WeakMap<Transaction, Map<number, EventEntry[]>>();
  return (tx, accountId, entries) => {
    if (entries.length === 0) return;
    let ofTransaction = noted.get(tx);
    if (ofTransaction === undefined) {
      const rows = new Map<number, EventEntry[]>();
      ofTransaction = rows;
      noted.set(tx, rows);
      tx.beforeCommit(async () => {
        noted.delete(tx); // what is noted after this is another row
        const written = [...rows].flatMap(([id, all]) => inRows(all).map((ofRow) => ({ id, json: JSON.stringify(ofRow) })));
        await tx.run(SQL.insert, [written.map(({ id }) => id), written.map(({ json }) => json)]);
      });
      tx.afterCommit(onCommitted);
    }
    const ofAccount = ofTransaction.get(accountId);
    if (ofAccount === undefined) ofTransaction.set(accountId, [...entries]);
    else ofAccount.push(...entries);
  };
}

function inRows(entries: readonly EventEntry[]): EventEntry[][] {
  const rows = Math.ceil(entries.length / ENTRIES_PER_ROW_MAX);
  return Array.from({ length: rows }, (_, row) => entries.slice(row * ENTRIES_PER_ROW_MAX, (row + 1) * ENTRIES_PER_ROW_MAX));
}
