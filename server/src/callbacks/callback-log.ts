import type { CALLBACK_STATES } from '@soroka/api';
import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { CallbackPosted } from './callback-events.ts';
import { bodyOf, CALL_HEADERS } from './post-batch.ts';

/** One callback, wherever it is on its way. */
export interface CallbackItem {
  id: number;
  endpointId: number;
  form: 'status' | 'incoming';
  url: string;
  /** `message:123`, `dialog:55`. */
  orderKey: string;
  state: (typeof CALLBACK_STATES)[number];
  tries: number;
  /** What was wrong at the last try; null once it is delivered. */
  problem: string | null;
  createdAt: Date;
  /** Null while it is being tried, and when it is settled. */
  nextTryAt: Date | null;
  /** When it was delivered or parked. */
  settledAt: Date | null;
}

export interface CallbackDetails extends CallbackItem {
  /** JSON text of this one. */
  body: string;
  /** Every call it went in, oldest first, of the tries before a replay too. */
  calls: readonly CallbackCall[];
}

export interface CallbackCall {
  attempt: number;
  outcome: CallbackPosted['outcome'];
  problem: string | null;
  startedAt: Date;
  durationMs: number;
  /** Without the signature. `body` is null where some of what it carried is not kept any more. */
  request: { url: string; headers: Readonly<Record<string, string>>; body: string | null };
  /** Null where no whole answer came. `body` is its first 16 KB. */
  answer: { status: number; body: string } | null;
}

export interface CallbackFilter {
  endpointId?: number;
  state?: (typeof CALLBACK_STATES)[number];
  createdFrom?: Date;
  createdTo?: Date;
  /** `nextCursor` of the page before. */
  cursor?: string;
  limit: number;
}

export interface CallbackPage {
  items: readonly CallbackItem[];
  nextCursor: string | null;
}

const COLUMNS = 'id, endpoint_id, form, url, order_key, attempt, created_at';
const OF_LIVE = `${COLUMNS}, case when state = 'parked' then 'parked' else 'waiting' end as state, problem,
  case when state = 'waiting' and (attempt = 0 or held_until is null) then due_at end as next_try_at,
  case when state = 'parked' then due_at end as settled_at`;
const OF_DELIVERED = `${COLUMNS}, 'delivered' as state, null as problem, null::timestamptz as next_try_at, delivered_at as settled_at`;
const ITEM = `id, endpoint_id as "endpointId", form, url, order_key as "orderKey", state, attempt as tries, problem,
  created_at as "createdAt", next_try_at as "nextTryAt", settled_at as "settledAt"`;
const IN_RANGE = `($4::timestamptz is null or created_at >= $4) and ($5::timestamptz is null or created_at < $5)
  and ($6::bigint is null or (created_at, id) < (timestamptz 'epoch' + $6 * interval '1 microsecond', $7::bigint))`;
const NEWEST_FIRST = 'order by created_at desc, id desc limit $8';

// What waits has no index for this: it is the queue, and every index there is paid for by each delivery.
const LIST = {
  name: 'callbacks_list',
  text: `
  with endpoint as (
    select id from callback_endpoint where account_id = $1 and ($2::int is null or id = $2)
  ), found as (
    (
      select ${OF_LIVE}
      from callback
      where account_id = $1 and ($2::int is null or endpoint_id = $2) and ($3::text is null or $3 = 'waiting')
        and state <> 'parked' and ${IN_RANGE}
      ${NEWEST_FIRST}
    )
    union all
    select parked.*
    from endpoint
    cross join lateral (
      select ${OF_LIVE}
      from callback
      where endpoint_id = endpoint.id and ($3::text is null or $3 = 'parked') and state = 'parked' and ${IN_RANGE}
      ${NEWEST_FIRST}
    ) as parked
    union all
    select delivered.*
    from endpoint
    cross join lateral (
      select ${OF_DELIVERED}
      from callback_delivered
      where endpoint_id = endpoint.id and ($3::text is null or $3 = 'delivered') and ${IN_RANGE}
      ${NEWEST_FIRST}
    ) as delivered
  )
  select ${ITEM}, (extract(epoch from created_at) * 1000000)::bigint as "createdUs"
  from found
  ${NEWEST_FIRST}`,
};

/** Callbacks of the account, newest first. Throws `parameter.invalid` for a cursor that is none of ours. */
export async function listCallbacks(database: Database, accountId: number, filter: CallbackFilter): Promise<CallbackPage> {
  const { endpointId, state, createdFrom, createdTo, cursor, limit } = filter;
  const after = cursor === undefined ? null : readCursor(cursor);
  const rows = await database.rows<CallbackItem & { createdUs: number }>(LIST, [
    ...[accountId, endpointId ?? null, state ?? null, createdFrom ?? null, createdTo ?? null],
    ...[after?.createdUs ?? null, after?.id ?? null, limit + 1],
  ]);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(({ createdUs: _, ...item }) => item),
    nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null,
  };
}

const cursorOf = ({ createdUs, id }: { createdUs: number; id: number }): string =>
  Buffer.from(`${createdUs}.${id}`).toString('base64url');

function readCursor(cursor: string): { createdUs: number; id: number } {
  const [, createdUs, id] = /^(\d{1,16})\.(\d{1,16})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (createdUs === undefined || id === undefined)
    throw new AppError('parameter.invalid', 'give nextCursor of the page before, unchanged', { field: 'cursor' });
  return { createdUs: Number(createdUs), id: Number(id) };
}

const GET = {
  name: 'callbacks_get',
  text: `
  select ${ITEM}, body, batch_ids as "batchIds"
  from (
    select ${OF_LIVE}, body, earlier_batch_ids || batch_id as batch_ids from callback where account_id = $1 and id = $2
    union all
    select ${OF_DELIVERED}, body, earlier_batch_ids || batch_id from callback_delivered where account_id = $1 and id = $2
  ) as found`,
};

// By the endpoints of the account and the time, as rows that were delivered or parked have no index by their order key.
const OF_ORDER_KEY = {
  name: 'callbacks_of_order_key',
  text: `
  with endpoint as (select id from callback_endpoint where account_id = $1), found as (
    select ${OF_LIVE} from callback where account_id = $1 and order_key = $2 and state <> 'parked'
    union all
    select parked.*
    from endpoint
    cross join lateral (
      select ${OF_LIVE}
      from callback
      where endpoint_id = endpoint.id and order_key = $2 and state = 'parked' and created_at >= $3 and created_at < $4
    ) as parked
    union all
    select delivered.*
    from endpoint
    cross join lateral (
      select ${OF_DELIVERED}
      from callback_delivered
      where endpoint_id = endpoint.id and order_key = $2 and created_at >= $3 and created_at < $4
    ) as delivered
  )
  select ${ITEM} from found order by id`,
};

/** Callbacks of one order key that were enqueued in a time, oldest first. */
export function callbacksOfOrderKey(
  database: Database,
  accountId: number,
  orderKey: string,
  created: { from: Date; to: Date },
): Promise<readonly CallbackItem[]> {
  return database.rows<CallbackItem>(OF_ORDER_KEY, [accountId, orderKey, created.from, created.to]);
}

// What is delivered between the two looks is found in both or in neither only for a moment: bodies are the same in both.
const CALLS = {
  name: 'callbacks_calls',
  text: `
  select attempt, outcome, problem, started_at as "startedAt", duration_ms as "durationMs", webhook_id as "webhookId", url, form,
    answer_status as "answerStatus", answer_head as "answerHead",
    array(
      select item.body
      from unnest(callback_ids) with ordinality as member(id, position)
      join (
        select id, body from callback where account_id = $1 and id = any(callback_ids)
        union
        select id, body from callback_delivered where account_id = $1 and id = any(callback_ids)
      ) as item using (id)
      order by position
    ) as bodies,
    cardinality(callback_ids) as "callbackCount"
  from callback_call
  where account_id = $1 and batch_id = any($2::bigint[]) and $3 = any(callback_ids)
  order by id`,
};

interface CallRow extends Omit<CallbackCall, 'request' | 'answer'> {
  webhookId: string;
  url: string;
  form: 'status' | 'incoming';
  answerStatus: number | null;
  answerHead: string | null;
  bodies: readonly string[];
  callbackCount: number;
}

/** One callback with its calls; null where the account has no such one. */
export async function getCallback(database: Database, accountId: number, callbackId: number): Promise<CallbackDetails | null> {
  const [found] = await database.rows<Omit<CallbackDetails, 'calls'> & { batchIds: (number | null)[] }>(GET, [
    accountId,
    callbackId,
  ]);
  if (found === undefined) return null;
  const { batchIds, ...callback } = found;
  const calls = await database.rows<CallRow>(CALLS, [accountId, batchIds.filter((id) => id !== null), callbackId]);
  return { ...callback, calls: calls.map(shownCall) };
}

function shownCall({ webhookId, url, form, answerStatus, answerHead, bodies, callbackCount, ...call }: CallRow): CallbackCall {
  const headers = {
    ...CALL_HEADERS,
    'webhook-id': webhookId,
    'webhook-timestamp': String(Math.floor(call.startedAt.getTime() / 1000)),
  };
  return {
    ...call,
    request: { url, headers, body: bodies.length === callbackCount ? bodyOf(form, bodies) : null },
    answer: answerStatus === null ? null : { status: answerStatus, body: answerHead ?? '' },
  };
}
