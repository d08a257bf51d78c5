import type { Queryable } from '../platform/database.ts';

/** One of the two queues of an endpoint: of first tries, or of what was tried before or put back by hand. */
export interface Queue {
  endpointId: number;
  accountId: number;
  again: boolean;
}

/** How much of one queue to take: of the `rows` that are due first as many as fit in `posts`, up to `rowsPerPost` of one URL in one. */
export interface Want extends Queue {
  rows: number;
  posts: number;
  rowsPerPost: number;
}

export interface ClaimedCallback extends Queue {
  id: number;
  form: 'status' | 'incoming';
  url: string;
  body: string;
  /** 1 is the first. */
  attempt: number;
  /** The same for all that go in one POST. */
  batchId: number;
}

/** What came of one want. */
export interface Taken {
  /** Ids of the rows looked at: as many as wanted means that more may be due. */
  seen: readonly number[];
  posts: number;
  /** In those POSTs, those of the queue alone. */
  rows: number;
  /** Could have gone, had there been slots for more POSTs. */
  left: number;
}

export interface Claim {
  callbacks: readonly ClaimedCallback[];
  /** In the order of the wants. */
  taken: readonly Taken[];
}

// What is claimed stays where it is in the queue, held until its lease ends: what a killed process held needs nobody to free it, and
// no index has to be written. A row whose key has an earlier row on its way is held shortly where that is its turn now (its outcome
// calls the next row sooner, see settle.ts). Where more are before it, or the earlier one waits for its next try, it is put off
// in the queue: few rows stand at its head that cannot go.
// What goes in one POST is written with the intent and kept on retries: one webhook-id always has one content.
const CLAIM = {
  name: 'callbacks_claim',
  text: `
  with want as (
    select want.*
    from unnest($1::int[], $2::boolean[], $3::int[], $4::int[], $5::int[])
      with ordinality as want(endpoint_id, again, row_limit, post_limit, rows_per_post, position)
    join callback_endpoint on callback_endpoint.id = want.endpoint_id and disabled_at is null
  ), candidate as (
    select due.*, post_limit, rows_per_post, position
    from want
    cross join lateral (
      select id, form, url, order_key, batch_id, follower_ids, due_at, octet_length(body) as bytes
      from callback
      where endpoint_id = want.endpoint_id and again = want.again and state <> 'parked' and not follows
        and due_at <= $6 and (held_until is null or held_until <= $6) and (batch_id is null or batch_id = id)
      order by due_at, id
      limit want.row_limit
      for update skip locked
    ) as due
  ), judged as (
    select candidate.*, earlier.id as earlier_id, earlier.due_at as earlier_due_at, earlier.is_on_turn as earlier_is_on_turn
    from candidate
    left join lateral (
      select id, due_at, due_at <= $6 and (attempt = 0 or held_until > $6) as is_on_turn
      from callback
      where order_key = candidate.order_key and id < candidate.id and state <> 'parked'
      order by id
      limit 1
    ) as earlier on true
  ), counted as (
    select id, form, url, batch_id, follower_ids, due_at, post_limit, position,
      (row_number() over line - 1) / case form when 'status' then rows_per_post else 1 end as by_count,
      (sum(bytes) over line - bytes) / $9::int as by_size
    from judged
    where earlier_id is null
    window line as (partition by position, form, url, batch_id order by due_at, id)
  ), packed as (
    select id, position, post_limit, follower_ids, coalesce(batch_id, min(id) over post) as lead_id, min(due_at) over post as first_due
    from counted
    window post as (partition by position, form, url, batch_id, by_count, by_size)
  ), ranked as (
    select id, position, lead_id, follower_ids,
      dense_rank() over (partition by position order by first_due, lead_id) <= post_limit as is_taken
    from packed
  ), fresh as (
    select lead_id, array_agg(id) as ids from ranked where is_taken and id <> lead_id group by lead_id
  ), led as (
    update callback set attempt = callback.attempt + 1, held_until = $7, batch_id = ranked.lead_id,
      follower_ids = coalesce(callback.follower_ids, fresh.ids)
    from ranked
    left join fresh on fresh.lead_id = ranked.id
    where callback.id = ranked.id and is_taken
    returning callback.*, position
  ), followed as (
    update callback set attempt = attempt + 1, held_until = $7
    where id = any(array(select unnest(follower_ids) from ranked where is_taken)) and state <> 'parked'
    returning callback.*
  ), put_off as (
    update callback set
      due_at = case when is_next then callback.due_at else greatest(earlier_due_at, $8) end,
      held_until = case when is_next then $8 end
    from (
      select id, position, earlier_due_at, batch_id is null and earlier_is_on_turn and not exists (
        select from callback as between_them
        where between_them.order_key = judged.order_key and between_them.id > earlier_id and between_them.id < judged.id
          and between_them.state <> 'parked'
      ) as is_next
      from judged
      where earlier_id is not null
    ) as waiting
    where callback.id = waiting.id
    returning callback.id, position
  )
  select id, position, endpoint_id as "endpointId", account_id as "accountId", again, form, url, body, attempt, batch_id as "batchId",
    false as "isLeft"
  from (select led.* from led union all select followed.*, null from followed) as claimed
  union all
  select id, position, null, null, null, null, null, null, null, null, is_left
  from (
    select id, position, true as is_left from ranked where not is_taken union all select id, position, false from put_off
  ) as passed_over`,
};

// Below the 256 KB of gateway.md by one item at its largest (4 KB of callbackData and its envelope), since it tells only before
// which item a body is full.
const BODY_BYTES_FULL = 248 * 1024;
const LOOK_AGAIN_MS = 1_000;

/**
 * In a transaction of `withSteadyPlans`; call only after its commit. Takes what is due, oldest first, for `leaseMs`: each row once
 * over all processes, and only the first of its order key; nothing of a disabled endpoint. Rows come in no particular order.
 */
export async function claimDue(tx: Queryable, wants: readonly Want[], nowMs: number, leaseMs: number): Promise<Claim> {
  type Row = (ClaimedCallback | { id: number; url: null }) & { position: number | null; isLeft: boolean };
  const rows = await tx.rows<Row>(CLAIM, [
    wants.map(({ endpointId }) => endpointId),
    wants.map(({ again }) => again),
    wants.map((want) => want.rows),
    wants.map(({ posts }) => posts),
    wants.map(({ rowsPerPost }) => rowsPerPost),
    new Date(nowMs),
    new Date(nowMs + leaseMs),
    new Date(nowMs + LOOK_AGAIN_MS),
    BODY_BYTES_FULL,
  ]);
  const callbacks: ClaimedCallback[] = [];
  const taken = wants.map(() => ({ seen: [] as number[], batches: new Set<number>(), rows: 0, left: 0 }));
  for (const row of rows) {
    if (row.url !== null) callbacks.push(row);
    // Those that follow in a batch do not stand in the queue themselves.
    const of = row.position === null ? undefined : taken[row.position - 1];
    if (of === undefined) continue;
    of.seen.push(row.id);
    if (row.isLeft) of.left += 1;
    if (row.url === null) continue;
    of.batches.add(row.batchId);
    of.rows += 1;
  }
  return { callbacks, taken: taken.map(({ batches, ...each }) => ({ ...each, posts: batches.size })) };
}

// Jumps from queue to queue over the index, one probe each, instead of reading them.
const DUE_QUEUES = {
  name: 'callbacks_due_queues',
  text: `
  with recursive first as (
    (
      select endpoint_id, again, due_at
      from callback
      where state <> 'parked' and not follows and (held_until is null or held_until <= $1)
      order by endpoint_id, again, due_at, id
      limit 1
    )
    union all
    select next.endpoint_id, next.again, next.due_at
    from first
    cross join lateral (
      select endpoint_id, again, due_at
      from callback
      where state <> 'parked' and not follows and (held_until is null or held_until <= $1)
        and (endpoint_id, again) > (first.endpoint_id, first.again)
      order by endpoint_id, again, due_at, id
      limit 1
    ) as next
  )
  select endpoint_id as "endpointId", account_id as "accountId", again,
    failing_since is not null as "isFailing", disabled_at is not null as "isDisabled"
  from first
  join callback_endpoint on callback_endpoint.id = endpoint_id
  where due_at <= $1`,
};

/** A queue with something due, and what is known of its endpoint over all processes. */
export interface DueQueue extends Queue {
  isFailing: boolean;
  isDisabled: boolean;
}

/** Queues with something due, a lease that ran out included. */
export function dueQueues(tx: Queryable, nowMs: number): Promise<DueQueue[]> {
  return tx.rows<DueQueue>(DUE_QUEUES, [new Date(nowMs)]);
}

const LONG_QUEUES = {
  name: 'callbacks_long_queues',
  text: `
  select endpoint_id as "endpointId", account_id as "accountId", again
  from unnest($1::int[], $2::bigint[], $3::boolean[]) as queue(endpoint_id, account_id, again)
  where (
    select count(*)
    from (
      select
      from callback
      where endpoint_id = queue.endpoint_id and callback.again = queue.again and state <> 'parked'
        and not follows and due_at <= $4 and (held_until is null or held_until <= $4)
      limit $5 + 1
    ) as due
  ) > $5`,
};

/** Those of the queues in which more than `rows` are due. Costs as many steps over the index, each. */
export function longQueues(tx: Queryable, queues: readonly Queue[], rows: number, nowMs: number): Promise<Queue[]> {
  return tx.rows<Queue>(LONG_QUEUES, [
    queues.map(({ endpointId }) => endpointId),
    queues.map(({ accountId }) => accountId),
    queues.map(({ again }) => again),
    new Date(nowMs),
    rows,
  ]);
}
