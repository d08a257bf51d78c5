import type { Database } from '../platform/database.ts';
import type { ParkedCallback } from './callbacks.ts';
import type { Queued } from './enqueue.ts';

const LIST = {
  name: 'callbacks_parked',
  text: `
  select callback.id, origin, form, order_key as "orderKey", problem, callback.created_at as "createdAt", due_at as "parkedAt"
  from callback
  join callback_endpoint on callback_endpoint.id = endpoint_id
  where callback.account_id = $1 and state = 'parked' and callback.id > $2
  order by callback.id
  limit $3`,
};

export function listParked(
  database: Database,
  accountId: number,
  page: { afterId: number; limit: number },
): Promise<ParkedCallback[]> {
  return database.rows<ParkedCallback>(LIST, [accountId, page.afterId, page.limit]);
}

// From the first try again, and not in the batch it failed in: others of that may stay parked.
const REPLAY = {
  name: 'callbacks_replay',
  text: `
  update callback set state = 'waiting', attempt = 0, batch_id = null, due_at = $3
  where account_id = $1 and id = any($2::bigint[]) and state = 'parked'
  returning id, endpoint_id as "endpointId"`,
};

/** Puts parked callbacks of the account back into their queues; returns those that were the account's and parked. */
export function replayParked(database: Database, accountId: number, ids: readonly number[], now: Date): Promise<Queued[]> {
  return database.rows<Queued>(REPLAY, [accountId, ids, now]);
}

const DELETE_DELIVERED = {
  name: 'callbacks_delete_delivered',
  text: 'delete from callback_delivered where ctid = any(array(select ctid from callback_delivered where delivered_at < $1 limit $2))',
};
const DELETE_PARKED = {
  name: 'callbacks_delete_parked',
  text: `delete from callback where id = any(array(select id from callback where state = 'parked' and due_at < $1 limit $2))`,
};
const ROWS_PER_DELETE = 5_000;

/** Deletes what was delivered or parked before the given times, in small steps. Returns the number of rows. */
export async function purge(database: Database, before: { delivered: Date; parked: Date }): Promise<number> {
  let deleted = 0;
  for (const [statement, time] of [[DELETE_DELIVERED, before.delivered] as const, [DELETE_PARKED, before.parked] as const]) {
    let rows: number;
    do {
      rows = await database.run(statement, [time, ROWS_PER_DELETE]);
      deleted += rows;
    } while (rows === ROWS_PER_DELETE);
  }
  return deleted;
}
