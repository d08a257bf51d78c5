import type { Queryable } from '../platform/database.ts';
import type { Reason } from './reach.ts';

/** The rows of those whom broadcasts are for. */

export interface WaitingRow {
  contactId: number;
  variant: number;
}

const BUCKETS = 10_000;

const SQL = {
  // By a hash: evaluated again, everybody gets the same variant. Who is not in the trial waits for its end.
  add: {
    name: 'broadcast_recipient_add',
    text: `
      insert into broadcast_recipient (broadcast_id, account_id, contact_id, variant, due_at)
      select $1::bigint, $2::bigint, id, case when bucket < $4::int then bucket % $5::int end, case when bucket < $4::int then $6::timestamptz else 'infinity' end
      from (
        select id, ('x' || substr(md5($1::bigint || ':' || id), 1, 7))::bit(28)::int % ${BUCKETS} as bucket from unnest($3::bigint[]) as c(id)
      ) as own
      order by id
      on conflict do nothing`,
  },
  waiting: {
    name: 'broadcast_recipient_waiting',
    text: `
      select contact_id as "contactId", variant::int as variant from broadcast_recipient
      where broadcast_id = $1 and state = 'waiting' and due_at <= $2
      order by due_at, contact_id limit $3 for update`,
  },
  exclude: {
    name: 'broadcast_recipient_exclude',
    text: `
      update broadcast_recipient as r set state = 'excluded', reason = e.reason
      from unnest($2::bigint[], $3::text[]) as e(id, reason) where r.broadcast_id = $1 and r.contact_id = e.id`,
  },
  postpone: {
    name: 'broadcast_recipient_postpone',
    text: `
      update broadcast_recipient as r set due_at = p.due_at
      from unnest($2::bigint[], $3::timestamptz[]) as p(id, due_at) where r.broadcast_id = $1 and r.contact_id = p.id`,
  },
  give: {
    name: 'broadcast_recipient_give',
    text: `
      update broadcast_recipient as r set state = 'given', way = $2, message_id = g.message_id, given_at = $5
      from unnest($3::bigint[], $4::bigint[]) as g(id, message_id) where r.broadcast_id = $1 and r.contact_id = g.id`,
  },
  hand: {
    name: 'broadcast_recipient_hand',
    text: `
      update broadcast_recipient set state = 'handing', way = $2, due_at = $4
      where broadcast_id = $1 and contact_id = any($3::bigint[])`,
  },
  // Whoever handed them over is gone where they are still here after so long.
  handing: {
    name: 'broadcast_recipient_handing',
    text: `
      select contact_id as "contactId", variant::int as variant, way::int as way from broadcast_recipient
      where broadcast_id = $1 and state = 'handing' and due_at <= $2
      order by contact_id limit $3`,
  },
  endWaiting: {
    name: 'broadcast_recipient_end',
    text: `
      update broadcast_recipient set state = 'excluded', reason = $2
      where broadcast_id = $1 and (state = 'waiting' or (state = 'handing' and due_at <= $3))`,
  },
  restGets: {
    name: 'broadcast_recipient_rest',
    text: `
      update broadcast_recipient set variant = $2, due_at = $3
      where broadcast_id = $1 and state = 'waiting' and variant is null`,
  },
  left: {
    name: 'broadcast_recipient_left',
    text: `
      select
        (select min(due_at) from broadcast_recipient where broadcast_id = $1 and state in ('waiting', 'handing')) as "nextAt",
        exists (select from broadcast_recipient where broadcast_id = $1 and state = 'given' and status is null) as "isOpen"`,
  },
  cancelled: {
    name: 'broadcast_recipient_cancelled',
    text: `
      update broadcast_recipient set status = 'CANCELLED', reason = 'stopped'
      where broadcast_id = $1 and status is null and message_id = any($2::bigint[])`,
  },
  unsent: {
    name: 'broadcast_recipient_unsent',
    text: `
      select message_id as id from broadcast_recipient
      where broadcast_id = $1 and state = 'given' and status is null order by message_id`,
  },
} as const;

/** Those of a page of the audience. `share`: of the trial, in percent; 100 where there is none. */
export async function addRecipients(
  tx: Queryable,
  broadcast: { id: number; accountId: number },
  contactIds: readonly number[],
  { share, variants, at }: { share: number; variants: number; at: Date },
): Promise<void> {
  await tx.run(SQL.add, [broadcast.id, broadcast.accountId, contactIds, (share * BUCKETS) / 100, variants, at]);
}

export const waitingRecipients = (tx: Queryable, broadcastId: number, now: Date, limit: number): Promise<readonly WaitingRow[]> =>
  tx.rows<WaitingRow>(SQL.waiting, [broadcastId, now, limit]);

export async function excludeRecipients(
  tx: Queryable,
  broadcastId: number,
  excluded: readonly { contactId: number; reason: Reason }[],
): Promise<void> {
  if (excluded.length === 0) return;
  await tx.run(SQL.exclude, [broadcastId, excluded.map(({ contactId }) => contactId), excluded.map(({ reason }) => reason)]);
}

export async function postponeRecipients(
  tx: Queryable,
  broadcastId: number,
  postponed: readonly { contactId: number; dueAt: number }[],
): Promise<void> {
  if (postponed.length === 0) return;
  const columns = [postponed.map(({ contactId }) => contactId), postponed.map(({ dueAt }) => new Date(dueAt))];
  await tx.run(SQL.postpone, [broadcastId, ...columns]);
}

export async function noteGiven(
  tx: Queryable,
  broadcastId: number,
  way: number,
  given: readonly { contactId: number; messageId: number }[],
  at: Date,
): Promise<void> {
  if (given.length === 0) return;
  const columns = [given.map(({ contactId }) => contactId), given.map(({ messageId }) => messageId)];
  await tx.run(SQL.give, [broadcastId, way, ...columns, at]);
}

/** They are about to be given to dispatch by phone; found again after `until` where nobody did. */
export async function noteHanding(
  tx: Queryable,
  broadcastId: number,
  way: number,
  contactIds: readonly number[],
  until: Date,
): Promise<void> {
  if (contactIds.length > 0) await tx.run(SQL.hand, [broadcastId, way, contactIds, until]);
}

export const leftInHand = (
  on: Queryable,
  broadcastId: number,
  now: Date,
  limit: number,
): Promise<readonly (WaitingRow & { way: number })[]> =>
  on.rows<WaitingRow & { way: number }>(SQL.handing, [broadcastId, now, limit]);

/** Nobody of those who wait gets it any more. */
export async function endWaiting(tx: Queryable, broadcastId: number, reason: Reason, now: Date): Promise<void> {
  await tx.run(SQL.endWaiting, [broadcastId, reason, now]);
}

/** The trial is over: everybody else gets the winner. */
export async function restGets(tx: Queryable, broadcastId: number, variant: number, at: Date): Promise<void> {
  await tx.run(SQL.restGets, [broadcastId, variant, at]);
}

/** When the next of those who wait is due, null where nobody waits; and whether messages are still on their way out. */
export async function whatIsLeft(tx: Queryable, broadcastId: number): Promise<{ nextAt: Date | number | null; isOpen: boolean }> {
  const [left] = await tx.rows<{ nextAt: Date | number | null; isOpen: boolean }>(SQL.left, [broadcastId]);
  return left ?? { nextAt: null, isOpen: false };
}

/** Messages of it that no network has taken. */
export const unsentMessages = async (on: Queryable, broadcastId: number): Promise<readonly number[]> =>
  (await on.rows<{ id: number }>(SQL.unsent, [broadcastId])).map(({ id }) => id);

/** These of its messages were cancelled before any network took them: nobody is told of that. */
export async function noteCancelled(on: Queryable, broadcastId: number, messageIds: readonly number[]): Promise<void> {
  if (messageIds.length > 0) await on.run(SQL.cancelled, [broadcastId, messageIds]);
}
