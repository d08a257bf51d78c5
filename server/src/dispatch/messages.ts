import type { Route } from '@soroka/api';
import type { Database, Queryable, Statement } from '../platform/database.ts';
import { DEFAULT_CLASS } from './classes.ts';
import type { DispatchEvent, MessageFilter, MessageView } from './contract.ts';

/** Reads of messages for the API, and the events that dialogs work off. */

const COLUMNS = `
  m.id as "messageId", m.kind, m.status, m.channel, m.phone, m.service, m.template_id as "templateId", m.text,
  coalesce(m.class, '${DEFAULT_CLASS}') as class,
  m.created_at as "createdAt", m.expires_at as "expiresAt", m.error_code as "errorCode", m.callback_data as "callbackDataJson", m.history`;

const GET: Statement = {
  name: 'dispatch.messages.get',
  text: `select ${COLUMNS} from message as m where m.account_id = $1 and m.id = $2`,
};
const LIST: Statement = {
  name: 'dispatch.messages.list',
  text: `
    select ${COLUMNS} from message as m
    where m.account_id = $1 and m.kind = 'notification' and m.id < $2
      and ($3::text is null or m.status = $3) and ($4::text is null or m.phone = $4) and ($5::text is null or m.service = $5)
      and ($6::timestamptz is null or m.created_at >= $6) and ($7::timestamptz is null or m.created_at < $7)
    order by m.id desc limit $8`,
};
const EVENTS_LOCK: Statement = { name: 'dispatch.events.lock', text: 'select pg_try_advisory_xact_lock(720426002) as held' };
const TAKE_EVENTS: Statement = {
  name: 'dispatch.events.take',
  // Row by row through the indexes, whatever the planner knows of the tables: a plan made while they were empty read all messages each time.
  text: `
    with taken as (
      delete from dispatch_event where id = any(array(select id from dispatch_event order by id limit $1)) returning *
    )
    select taken.id, taken.account_id as "accountId", taken.message_id as "messageId", m.kind, taken.status, taken.channel,
      taken.connection_id as "connectionId", taken.network_id as "networkId", m.phone, m.dialog_id as "dialogId", m.text, taken.at,
      m.client_message_id as "clientMessageId", case when m.dialog_id is null then m.keyboard end as keyboard, m.error_code as "errorCode",
      (select step ->> 'groupId' from jsonb_array_elements(m.steps) as step where step ->> 'route' = taken.channel limit 1) as "groupId"
    from taken cross join lateral (
      select kind, phone, dialog_id, text, steps, client_message_id, keyboard, error_code from message where id = taken.message_id limit 1
    ) as m
    order by taken.id`,
};

export async function getMessage(database: Database, accountId: number, messageId: number): Promise<MessageView | null> {
  const [row] = await database.rows<MessageView>(GET, [accountId, messageId]);
  return row ?? null;
}

export function listMessages(database: Database, accountId: number, filter: MessageFilter): Promise<readonly MessageView[]> {
  const { beforeId, status, phone, service, createdFrom, createdTo, limit } = filter;
  const values = [
    accountId,
    beforeId ?? Number.MAX_SAFE_INTEGER, // always a bound, so that a page deep in the list begins where it begins
    status ?? null,
    phone ?? null,
    service ?? null,
    createdFrom ?? null,
    createdTo ?? null,
    limit,
  ];
  return database.rows<MessageView>(LIST, values);
}

type EventRow = Omit<DispatchEvent, 'network'> & { channel: Route };

/** See Dispatch.takeEvents. */
export async function takeEvents(tx: Queryable, limit: number): Promise<readonly DispatchEvent[]> {
  const [lock] = await tx.rows<{ held: boolean }>(EVENTS_LOCK);
  if (lock?.held !== true) return [];
  const rows = await tx.rows<EventRow>(TAKE_EVENTS, [limit]);
  return rows.map(({ channel, ...row }) => ({ ...row, network: channel === 'VK' ? 'vk' : 'ok' }));
}
