import type { Database } from '../platform/database.ts';

/** The channel on which processes tell each other that there are new numbers. */
export const CHANNEL = 'soroka_events';
// More than a round of a busy server leaves; a flood of rows is numbered in several transactions.
const ROWS_MAX = 2_000;

const SQL = {
  isWaiting: { name: 'events.is_waiting', text: 'select from event_log where sequence is null limit 1' },
  // One at a time: a row must not be numbered by somebody who cannot see yet what was committed before it.
  lock: { name: 'events.number_lock', text: `select pg_advisory_xact_lock(hashtext('soroka event numbers'))` },
  number: {
    name: 'events.number',
    text: `
      with waiting as (
        select id, account_id, row_number() over (partition by account_id order by id) as place
        from (select id, account_id from event_log where sequence is null order by id limit $1) as oldest
      ), head as (
        insert into event_head (account_id, sequence)
        select account_id, count(*) from waiting group by account_id
        on conflict (account_id) do update set sequence = event_head.sequence + excluded.sequence
        returning account_id, sequence
      )
      update event_log as l
      set sequence = head.sequence - (select count(*) from waiting as w where w.account_id = head.account_id) + waiting.place
      from waiting
      join head using (account_id)
      where l.id = waiting.id`,
  },
  tell: { name: 'events.tell', text: `select pg_notify('${CHANNEL}', '')` },
} as const;

/**
 * Gives the next numbers of their accounts to rows that are committed, in the order in which they were written: of two transactions
 * of which one saw the other, the later one has the higher number. Returns how many it numbered; less than all in a flood.
 */
export async function numberRows(database: Database): Promise<{ numbered: number; isMore: boolean }> {
  if ((await database.rows(SQL.isWaiting)).length === 0) return { numbered: 0, isMore: false };
  const numbered = await database.transaction(async (tx) => {
    await tx.run(SQL.lock);
    const rows = await tx.run(SQL.number, [ROWS_MAX]);
    // Inside: told at the commit, and once for all rows. NOTIFY holds a lock of the whole cluster while it commits.
    if (rows > 0) await tx.run(SQL.tell);
    return rows;
  });
  return { numbered, isMore: numbered === ROWS_MAX };
}
