import type { Database } from '../platform/database.ts';
import type { Queued } from './enqueue.ts';

export interface ParkedFilter {
  endpointId?: number;
  /** Of its first enqueueing: at or after, before. */
  createdFrom?: Date;
  createdTo?: Date;
}

/** As many as one request puts back, oldest first. */
export const REPLAY_MAX = 10_000;

// From the first try again, in the queue that never delays what is new, and not in the batch it failed in: others of that may
// stay parked. What stands at a disabled endpoint stays, it would only be parked again.
const PUT_BACK = `
  update callback set
    state = 'waiting', again = true, attempt = 0, due_at = $1, batch_id = null, follower_ids = null, follows = false,
    earlier_batch_ids = case when batch_id is null then earlier_batch_ids else earlier_batch_ids || batch_id end
  from parked
  where callback.id = parked.id
  returning callback.id, callback.endpoint_id as "endpointId", callback.account_id as "accountId", callback.again`;

const REPLAY_ONE = {
  name: 'callbacks_replay_one',
  text: `
  with parked as (
    select callback.id
    from callback
    join callback_endpoint on callback_endpoint.id = endpoint_id
    where callback.account_id = $2 and callback.id = $3 and state = 'parked' and disabled_at is null
    for update of callback
  )${PUT_BACK}`,
};

const REPLAY_MANY = {
  name: 'callbacks_replay_many',
  text: `
  with parked as (
    select found.id
    from callback_endpoint
    cross join lateral (
      select callback.id, created_at
      from callback
      where endpoint_id = callback_endpoint.id and state = 'parked'
        and ($4::timestamptz is null or created_at >= $4) and ($5::timestamptz is null or created_at < $5)
      order by created_at, id
      limit $6
      for update skip locked
    ) as found
    where account_id = $2 and ($3::int is null or callback_endpoint.id = $3) and disabled_at is null
    order by found.created_at, found.id
    limit $6
  )${PUT_BACK}`,
};

export function replayOne(database: Database, accountId: number, callbackId: number, now: Date): Promise<Queued[]> {
  return database.rows<Queued>(REPLAY_ONE, [now, accountId, callbackId]);
}

export function replayMany(database: Database, accountId: number, filter: ParkedFilter, now: Date): Promise<Queued[]> {
  const { endpointId, createdFrom, createdTo } = filter;
  return database.rows<Queued>(REPLAY_MANY, [
    now,
    accountId,
    endpointId ?? null,
    createdFrom ?? null,
    createdTo ?? null,
    REPLAY_MAX,
  ]);
}
