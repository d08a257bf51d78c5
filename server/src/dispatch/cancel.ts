import type { Database, Queryable, Statement } from '../platform/database.ts';
import type { ChangeWriter } from './changes.ts';
import type { Cancelled } from './contract.ts';
import { decide } from './decide.ts';
import type { DecideSettings } from './facts.ts';

export interface CancelParts {
  database: Database;
  changes: ChangeWriter;
  decideSettings: DecideSettings;
}

// So many rows are locked at a time: lanes go on meanwhile.
const AT_ONCE = 200;
const PAGE = 20_000;

const OF_KEY: Statement = {
  name: 'dispatch.cancel.of_key',
  text: `
    select (item ->> 'messageId')::bigint as id
    from idempotency_key, json_array_elements(answer_body::json -> 'result') as item
    where account_id = $1 and key = $2 and item ->> 'messageId' is not null`,
};
// Of those in hand: what the call comes to is written as ever, and where it came to nothing it is not made again.
const NOT_AGAIN: Statement = {
  name: 'dispatch.cancel.not_again',
  text: 'update delivery set expires_at = least(expires_at, $2) where message_id = any($1::bigint[])',
};
// What waits was accepted within the longest ttl, and ids grow with time: nothing older than the oldest delivery is looked at.
const OLDEST: Statement = { name: 'dispatch.cancel.oldest', text: 'select min(message_id) as id from delivery' };
const OF_PHONE: Statement = {
  name: 'dispatch.cancel.of_phone',
  text: `
    with page as (
      select id, phone, status, kind from message where account_id = $1 and id >= $2 order by id limit ${PAGE}
    )
    select max(id) as "lastId", count(*)::int as seen,
      array_agg(id order by id) filter (where phone = $3 and status = 'QUEUED' and kind = 'notification') as ids
    from page`,
};

/** Cancels what of these still waits and was never sent, in their order. See Dispatch.cancelAll. */
export async function cancelMessages(
  parts: CancelParts,
  accountId: number,
  messageIds: readonly number[],
  now: Date,
): Promise<Cancelled> {
  const ids = [...new Set(messageIds)];
  const outcomes = new Map<number, 'cancelled' | 'alreadySent'>();
  for (let from = 0; from < ids.length; from += AT_ONCE)
    for (const [id, outcome] of await cancelSome(parts, accountId, ids.slice(from, from + AT_ONCE), now))
      outcomes.set(id, outcome);
  return {
    cancelled: ids.filter((id) => outcomes.get(id) === 'cancelled'),
    alreadySent: ids.filter((id) => outcomes.get(id) === 'alreadySent'),
    notFound: ids.filter((id) => !outcomes.has(id)),
  };
}

/** The messages that a request with this Idempotency-Key was answered with; null where no such answer is kept. */
export async function messagesOfKey(database: Database, accountId: number, key: string): Promise<readonly number[] | null> {
  const rows = await database.rows<{ id: number }>(OF_KEY, [accountId, key]);
  return rows.length === 0 ? null : rows.map(({ id }) => id);
}

/** Notifications to a phone that were never sent. Goes through the account's messages that may still wait, a page at a time. */
export async function waitingForPhone(database: Database, accountId: number, phone: string): Promise<readonly number[]> {
  const [oldest] = await database.rows<{ id: number | null }>(OLDEST);
  const found: number[] = [];
  for (let from = oldest?.id ?? null; from !== null; ) {
    const [page] = await database.rows<{ lastId: number | null; seen: number; ids: string[] | null }>(OF_PHONE, [
      accountId,
      from,
      phone,
    ]);
    found.push(...(page?.ids ?? []).map(Number));
    from = page?.seen === PAGE && page.lastId !== null ? page.lastId + 1 : null;
  }
  return found;
}

function cancelSome(
  { database, changes, decideSettings }: CancelParts,
  accountId: number,
  messageIds: readonly number[],
  now: Date,
): Promise<ReadonlyMap<number, 'cancelled' | 'alreadySent'>> {
  return database.transaction((tx) => cancelIn(tx, { changes, decideSettings }, accountId, messageIds, now));
}

/** See Dispatch.cancelIn. */
export async function cancelForGood(
  tx: Queryable,
  parts: Omit<CancelParts, 'database'>,
  accountId: number,
  messageIds: readonly number[],
  now: Date,
): Promise<readonly number[]> {
  const outcomes = await cancelIn(tx, parts, accountId, messageIds, now);
  const inHand = messageIds.filter((id) => outcomes.get(id) === 'alreadySent');
  if (inHand.length > 0) await tx.run(NOT_AGAIN, [inHand, now]);
  return messageIds.filter((id) => outcomes.get(id) === 'cancelled');
}

/** As `cancelMessages`, of a few, in a bigger change: it commits or falls with it. */
async function cancelIn(
  tx: Queryable,
  { changes, decideSettings }: Omit<CancelParts, 'database'>,
  accountId: number,
  messageIds: readonly number[],
  now: Date,
): Promise<ReadonlyMap<number, 'cancelled' | 'alreadySent'>> {
  const own = (await changes.lock(tx, messageIds)).filter((message) => message.accountId === accountId);
  const outcomes = new Map<number, 'cancelled' | 'alreadySent'>();
  const decided = own.flatMap((message) => {
    const change = decide(message, { kind: 'cancelled' }, now.getTime(), decideSettings);
    outcomes.set(message.id, change !== null || message.status === 'CANCELLED' ? 'cancelled' : 'alreadySent');
    return change === null ? [] : [{ message, change }];
  });
  await changes.apply(tx, decided, now);
  return outcomes;
}
