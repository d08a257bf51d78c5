import type { Queryable } from '../platform/database.ts';
import type { Queue } from './claim.ts';

/** What became of one claimed callback. */
export interface Outcome {
  id: number;
  /** Of the claim: where another process has claimed it since, this outcome is not written. */
  attempt: number;
  result: 'delivered' | 'waiting' | 'parked';
  /** When it is due again (waiting), or when it came to its end. */
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
    where callback.id = outcome.id and callback.attempt = outcome.attempt and held_until is not null and result = 'delivered'
    returning callback.*, outcome.at
  ), kept as (
    insert into callback_delivered
      (id, account_id, endpoint_id, form, url, order_key, body, attempt, batch_id, earlier_batch_ids, created_at, delivered_at)
    select id, account_id, endpoint_id, form, url, order_key, body, attempt, batch_id, earlier_batch_ids, created_at, at from delivered
  ), changed as (
    update callback set
      state = result, again = true, due_at = outcome.at, held_until = null, follows = batch_id <> callback.id, problem = outcome.problem
    from outcome
    where callback.id = outcome.id and callback.attempt = outcome.attempt and held_until is not null and result <> 'delivered'
    returning callback.id, callback.order_key, result
  ), through as (
    select id, order_key from delivered
    union all
    select id, order_key from changed where result = 'parked'
  )
  update callback set due_at = least(due_at, $6), held_until = null
  from through
  where callback.id = (
      select later.id
      from callback as later
      where later.order_key = through.order_key and later.id > through.id and later.state <> 'parked'
      order by later.id
      limit 1
    )
    and callback.attempt = 0 and (callback.due_at > $6 or callback.held_until > $6)
  returning callback.endpoint_id as "endpointId", callback.account_id as "accountId", callback.again`,
};

/** Writes the outcomes of any number of claims at once; returns the queues of callbacks that had waited for these. */
export function settleOutcomes(tx: Queryable, outcomes: readonly Outcome[], nowMs: number): Promise<Queue[]> {
  return tx.rows<Queue>(SETTLE, [
    outcomes.map(({ id }) => id),
    outcomes.map(({ attempt }) => attempt),
    outcomes.map(({ result }) => result),
    outcomes.map(({ at }) => at),
    outcomes.map(({ problem }) => problem),
    new Date(nowMs),
  ]);
}
