import type { Queryable } from '../platform/database.ts';

/** How much of one endpoint's queue to take: at most `rows`, up to `rowsPerPost` of one URL in one POST. */
export interface Want {
  endpointId: number;
  rows: number;
  rowsPerPost: number;
}

export interface ClaimedCallback {
  id: number;
  endpointId: number;
  accountId: number;
  form: 'status' | 'incoming';
  url: string;
  body: string;
  /** 1 is the first. */
  attempt: number;
  /** The same for all that go in one POST. */
  batchId: number;
}

export interface Claim {
  callbacks: readonly ClaimedCallback[];
  /** Ids of the rows looked at, by endpoint: as many as wanted means that more may be due. */
  seen: ReadonlyMap<number, readonly number[]>;
}

// What is claimed stays in the queue with its lease as the time when it is due again: what a killed process held needs nobody to
// free it. A row whose key has an earlier row on its way is put off: to the earlier one's next try, or shortly where that is
// being tried now (its outcome calls the next row sooner, see settle.ts). So the head of the queue is never clogged.
// What goes in one POST is written with the intent and kept on retries: one webhook-id always has one content.
const CLAIM = {
  name: 'callbacks_claim',
  text: `
  with want as (
    select want.endpoint_id, want.row_limit, form, case form when 'status' then want.rows_per_post else 1 end as rows_per_post
    from unnest($1::int[], $2::int[], $3::int[]) as want(endpoint_id, row_limit, rows_per_post)
    join callback_endpoint on callback_endpoint.id = want.endpoint_id
  ), candidate as (
    select due.*, want.form, want.rows_per_post
    from want
    cross join lateral (
      select id, endpoint_id, url, order_key, batch_id, due_at, octet_length(body) as bytes
      from callback
      where endpoint_id = want.endpoint_id and state <> 'parked' and (batch_id is null or batch_id = id) and due_at <= $4
      order by due_at, id
      limit want.row_limit
      for update skip locked
    ) as due
  ), judged as (
    select candidate.*, earlier.state as earlier_state, earlier.due_at as earlier_due_at
    from candidate
    left join lateral (
      select state, due_at
      from callback
      where order_key = candidate.order_key and id < candidate.id and state <> 'parked'
      order by id
      limit 1
    ) as earlier on true
  ), counted as (
    select id, form, batch_id, endpoint_id, url,
      (row_number() over queue - 1) / rows_per_post as by_count, (sum(bytes) over queue - bytes) / $7::int as by_size
    from judged
    where earlier_state is null
    window queue as (partition by endpoint_id, url, batch_id order by due_at, id)
  ), head as (
    select id, form, coalesce(batch_id, min(id) over (partition by endpoint_id, url, batch_id, by_count, by_size)) as batch_id
    from counted
  ), led as (
    update callback set state = 'sending', attempt = callback.attempt + 1, due_at = $5, batch_id = head.batch_id
    from head
    where callback.id = head.id
    returning callback.*, head.form
  ), followed as (
    update callback set state = 'sending', attempt = callback.attempt + 1, due_at = $5
    from head
    where head.id = head.batch_id and callback.batch_id = head.id and callback.batch_id <> callback.id and callback.state <> 'parked'
    returning callback.*, head.form
  ), put_off as (
    update callback set due_at = case earlier_state when 'waiting' then greatest(earlier_due_at, $6) else $6 end
    from judged
    where callback.id = judged.id and earlier_state is not null
    returning callback.id, callback.endpoint_id
  )
  select id, endpoint_id as "endpointId", account_id as "accountId", form, url, body, attempt, batch_id as "batchId",
    exists (select from head where head.id = claimed.id) as "inQueue"
  from (select * from led union all select * from followed) as claimed
  union all
  select id, endpoint_id, null, null, null, null, null, null, true from put_off`,
};

// Below the 256 KB of gateway.md by one item at its largest (4 KB of callbackData and its envelope), since it tells only before
// which item a body is full.
const BODY_BYTES_FULL = 248 * 1024;
const LOOK_AGAIN_MS = 1_000;

/**
 * In a transaction of `withSteadyPlans`; call only after its commit. Takes what is due, oldest first, for `leaseMs`: each row once over all processes, and only the first of its order key.
 * Rows come in no particular order.
 */
export async function claimDue(tx: Queryable, wants: readonly Want[], nowMs: number, leaseMs: number): Promise<Claim> {
  type Row = (ClaimedCallback | { id: number; endpointId: number; url: null }) & { inQueue: boolean };
  const rows = await tx.rows<Row>(CLAIM, [
    wants.map(({ endpointId }) => endpointId),
    wants.map((want) => want.rows),
    wants.map(({ rowsPerPost }) => rowsPerPost),
    new Date(nowMs),
    new Date(nowMs + leaseMs),
    new Date(nowMs + LOOK_AGAIN_MS),
    BODY_BYTES_FULL,
  ]);
  const callbacks: ClaimedCallback[] = [];
  const seen = new Map(wants.map(({ endpointId }): [number, number[]] => [endpointId, []]));
  for (const row of rows) {
    if (row.inQueue) seen.get(row.endpointId)?.push(row.id);
    if (row.url !== null) callbacks.push(row);
  }
  return { callbacks, seen };
}

// Jumps from endpoint to endpoint over the index, one probe each, instead of reading the queue.
const DUE_ENDPOINTS = {
  name: 'callbacks_due_endpoints',
  text: `
  with recursive first as (
    (
      select endpoint_id, due_at
      from callback
      where state <> 'parked' and (batch_id is null or batch_id = id)
      order by endpoint_id, due_at, id
      limit 1
    )
    union all
    select next.endpoint_id, next.due_at
    from first
    cross join lateral (
      select endpoint_id, due_at
      from callback
      where state <> 'parked' and (batch_id is null or batch_id = id) and endpoint_id > first.endpoint_id
      order by endpoint_id, due_at, id
      limit 1
    ) as next
  )
  select endpoint_id as "endpointId" from first where due_at <= $1`,
};

/** Endpoints with something due, a lease that ran out included. */
export async function dueEndpoints(tx: Queryable, nowMs: number): Promise<number[]> {
  const rows = await tx.rows<{ endpointId: number }>(DUE_ENDPOINTS, [new Date(nowMs)]);
  return rows.map(({ endpointId }) => endpointId);
}
