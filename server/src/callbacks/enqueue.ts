import type { Queryable } from '../platform/database.ts';
import type { NewCallback } from './callbacks.ts';
import type { Queue } from './claim.ts';

// One statement whatever their number. An endpoint that is not there yet is added; `do update` instead of `do nothing` makes the
// statement wait for, and then see, one that another transaction adds at the same time. Known endpoints are not touched.
const ENQUEUE = {
  name: 'callbacks_enqueue',
  text: `
  with given as (
    select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
      with ordinality as item(account_id, origin, form, url, order_key, body, position)
  ), known as (
    select id, account_id, origin
    from callback_endpoint
    where (account_id, origin) in (select account_id, origin from given)
  ), added as (
    insert into callback_endpoint (account_id, origin, created_at)
    select distinct account_id, origin, $7::timestamptz
    from given
    where not exists (select from known where (known.account_id, known.origin) = (given.account_id, given.origin))
    order by account_id, origin
    on conflict (account_id, origin) do update set origin = excluded.origin
    returning id, account_id, origin
  )
  insert into callback (account_id, endpoint_id, form, url, order_key, body, due_at, created_at)
  select given.account_id, endpoint.id, form, url, order_key, body, $7, $7
  from given
  join (select * from known union all select * from added) as endpoint using (account_id, origin)
  order by position
  returning id, endpoint_id as "endpointId", account_id as "accountId", again`,
};

/** Where a callback that is due stands. */
export interface Queued extends Queue {
  id: number;
}

/** Inserts the callbacks in their order. */
export function enqueueCallbacks(tx: Queryable, callbacks: readonly NewCallback[], now: Date): Promise<Queued[]> {
  return tx.rows<Queued>(ENQUEUE, [
    callbacks.map(({ accountId }) => accountId),
    callbacks.map(({ url }) => originOf(url)),
    callbacks.map(({ form }) => form),
    callbacks.map(({ url }) => url),
    callbacks.map(({ orderKey }) => orderKey),
    callbacks.map(({ body }) => body),
    now,
  ]);
}

/** A URL that cannot be read must not undo the change it reports: it gets a queue, and the reason at its delivery. */
function originOf(url: string): string {
  return URL.parse(url)?.origin ?? 'unreadable';
}
