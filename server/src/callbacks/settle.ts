import type { Queryable } from '../platform/database.ts';

/** What became of one claimed callback. */
export interface Outcome {
  id: number;
  /** Of the claim: where another process has claimed it since, this outcome is not written. */
  attempt: number;
  /** `released`: claimed but not called; it does not count as a try. */
  result: 'delivered' | 'waiting' | 'released' | 'parked';
  /** When it is due again (waiting, released), or when it came to its end. */
  at: Date;
  /** What was wrong, for whoever looks at parked callbacks. */
  problem: string | null;
}

// A key's next row is called as soon as the one before it is through; rows that were put off for another reason are left alone.
const SETTLE = {
  name: 'callbacks_settle',
  text: `
  with outcome as (
    select * from unnest($1::bigint[], $2::smallint[], $3::text[], $4::timestamptz[], $5::text[]) as item(id, attempt, result, at, problem)
  ), delivered as (
    delete from callback
    using outcome
    where callback.id = outcome.id and callback.attempt = outcome.attempt and state = 'sending' and result = 'delivered'
    returning callback.*, outcome.at
  ), kept as (
    insert into callback_delivered (id, account_id, endpoint_id, url, order_key, body, attempt, batch_id, created_at, delivered_at)
    select id, account_id, endpoint_id, url, order_key, body, attempt, batch_id, created_at, at from delivered
  ), changed as (
    update callback set
      state = case result when 'parked' then 'parked' else 'waiting' end,
      due_at = outcome.at,
      problem = coalesce(outcome.problem, callback.problem),
      attempt = case result when 'released' then callback.attempt - 1 else callback.attempt end,
      batch_id = case when result = 'released' and callback.attempt = 1 then null else batch_id end
    from outcome
    where callback.id = outcome.id and callback.attempt = outcome.attempt and state = 'sending' and result <> 'delivered'
    returning callback.id, callback.order_key, result
  ), through as (
    select id, order_key from delivered
    union all
    select id, order_key from changed where result = 'parked'
  )
  update callback set due_at = $6
  from through
  where callback.id = (
      select later.id
      from callback as later
      where later.order_key = through.order_key and later.id > through.id and later.state <> 'parked'
      order by later.id
      limit 1
    )
    and callback.state = 'waiting' and callback.attempt = 0 and callback.due_at > $6
  returning callback.endpoint_id as "endpointId"`,
};

/** Writes the outcomes of any number of claims at once; returns the endpoints of callbacks that had waited for these. */
export async function settleOutcomes(tx: Queryable, outcomes: readonly Outcome[], nowMs: number): Promise<number[]> {
  const rows = await tx.rows<{ endpointId: number }>(SETTLE, [
    outcomes.map(({ id }) => id),
    outcomes.map(({ attempt }) => attempt),
    outcomes.map(({ result }) => result),
    outcomes.map(({ at }) => at),
    outcomes.map(({ problem }) => problem),
    new Date(nowMs),
  ]);
  return rows.map(({ endpointId }) => endpointId);
}
