import type { Queryable } from '../platform/database.ts';
import type { NewMessage, StatusChange } from './dialogs.ts';
import { absorbEchoes } from './echoes.ts';
import type { MessageItem } from './history.ts';
import type { DialogChange, DialogPlace } from './noting.ts';
import { storable } from './storable.ts';

const SQL = {
  // One statement for any number: what is known already falls out, the dialogs' counters grow by what is left, and every
  // message gets its number. Callers are alone with a dialog: `open` locked it, and notifications have one writer.
  append: {
    name: 'dialog_message_append',
    text: `
      with given as (
        select g.*, coalesce(d.merged_into, d.id) as into_id, d.account_id, d.network, d.group_id
        from unnest(
          $1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[],
          $10::text[], $11::bigint[], $12::text[], $13::text[], $14::text[], $15::bigint[],
          $16::text[], $17::text[], $18::bigint[]
        ) with ordinality as g(
          dialog_id, kind, source, text, at, payload, attachments, keyboard, message_tag,
          event_id, message_id, network_id, status, author_id, operator_id,
          attached, local_id, reply_to, n
        )
        join dialog as d on d.id = g.dialog_id
      ), fresh as (
        select * from given as g
        where not exists (select from dialog_message as m where m.dialog_id = g.into_id and m.event_id = g.event_id)
          and not exists (select from dialog_message as m where m.message_id = g.message_id and m.network = g.network)
          and not exists (
            select from dialog_message as m
            where m.dialog_id = g.into_id and m.network_id = g.network_id and g.message_id is null
              and (g.source <> 'person' or m.sequence < 1)
          )
      ), imported as (
        -- The history was imported before the event came: it is known, and still new to whoever hears of events.
        update dialog_message as m set event_id = g.event_id
        from given as g
        where m.dialog_id = g.into_id and m.network_id = g.network_id and m.sequence < 1
          and m.event_id is null and m.message_id is null and g.event_id is not null
        returning g.n
      ), grown as (
        update dialog as d
        set
          last_sequence = d.last_sequence + f.messages,
          last_message_at = greatest(d.last_message_at, f.last_at),
          last_notification_id = greatest(d.last_notification_id, f.last_notification_id)
        from (
          select
            into_id, count(*)::int as messages, max(at) as last_at,
            max(message_id) filter (where source = 'notification') as last_notification_id
          from fresh
          group by into_id
        ) as f
        where d.id = f.into_id
        returning d.id, d.last_sequence - f.messages as before
      ), numbered as (
        select f.*, grown.before + row_number() over (partition by f.into_id order by f.n) as sequence
        from fresh as f
        join grown on grown.id = f.into_id
      ), added as (
        insert into dialog_message (
          account_id, dialog_id, sequence, kind, direction, source, text, payload, attachments, keyboard,
          message_tag, event_id, message_id, network, network_id, status, author_id, operator_id,
          attached, local_id, reply_to, created_at
        )
        select
          f.account_id, f.into_id, f.sequence, f.kind,
          case f.source when 'person' then 'in' else 'out' end, f.source, f.text, f.payload, f.attachments::json, f.keyboard::jsonb,
          f.message_tag, f.event_id, f.message_id, f.network, f.network_id, f.status, f.author_id, f.operator_id,
          f.attached::jsonb, f.local_id, f.reply_to, f.at
        from numbered as f
        returning id, dialog_id, sequence
      )
      select
        f.n::int as n, added.id, added.sequence, f.account_id as "accountId", f.into_id as "dialogId", f.network, f.group_id as "groupId",
        writer.name as "authorName", writer.picture_url as "authorPictureUrl"
      from numbered as f
      join added on added.dialog_id = f.into_id and added.sequence = f.sequence
      left join profile as writer
        on writer.account_id = f.account_id and writer.network = f.network and writer.user_id = f.author_id
      union all
      select n::int, null, null, null, null, null, null, null, null from imported`,
  },
  complete: {
    name: 'dialog_message_complete',
    text: 'update dialog_message set message_tag = $3 where dialog_id = $1 and event_id = $2 and message_tag is null',
  },
  buttonLabel: {
    name: 'dialog_button_label',
    text: `
      select button->>'label' as label
      from (
        select keyboard from dialog_message where dialog_id = $1 order by sequence desc limit 50
      ) as m
      cross join jsonb_array_elements(m.keyboard->'rows') as shown
      cross join jsonb_array_elements(shown) as button
      where button->>'payload' = $2
      limit 1`,
  },
  groupOfMessage: {
    name: 'dialog_group_of_message',
    text: `
      select d.group_id as "groupId"
      from dialog_message as m
      join dialog as d on d.id = m.dialog_id
      where m.message_id = $1 and m.network = $2`,
  },
  changeStatuses: {
    name: 'dialog_message_status',
    text: `
      update dialog_message as m
      set status = c.status, network_id = coalesce(m.network_id, c.network_id)
      from unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) as c(message_id, network, status, network_id)
      where m.message_id = c.message_id and m.network = c.network
      returning
        m.message_id as "messageId", m.network, m.id, m.status, m.account_id as "accountId", m.dialog_id as "dialogId",
        (select group_id from dialog as d where d.id = m.dialog_id) as "groupId"`,
  },
} as const;

/** Where a line now stands; without an id it stood there before, and only its event is new. */
type AppendedRow = { n: number } & (
  | { id: null }
  | (DialogPlace & { id: number; sequence: number; authorName: string | null; authorPictureUrl: string | null })
);

/** See Dialogs.append; with it, what screens are to hear. */
export async function appendMessages(
  tx: Queryable,
  messages: readonly NewMessage[],
): Promise<{ isNew: readonly boolean[]; changes: readonly DialogChange[] }> {
  if (messages.length === 0) return { isNew: [], changes: [] };
  const column = <Value>(read: (message: NewMessage) => Value | undefined) => messages.map((message) => read(message) ?? null);
  const rows = await tx.rows<AppendedRow>(SQL.append, [
    column(({ dialogId }) => dialogId),
    column(({ kind = 'message' }) => kind),
    column(({ source }) => source),
    column(({ text }) => storable(text)),
    column(({ at }) => at),
    column(({ payload }) => payload && storable(payload)),
    column(({ attachmentsJson }) => attachmentsJson),
    column(({ keyboard }) => keyboard && JSON.stringify(keyboard)),
    column(({ messageTag }) => messageTag && storable(messageTag)),
    column(({ eventId }) => eventId && storable(eventId)),
    column(({ messageId }) => messageId),
    column(({ networkId }) => networkId && storable(networkId)),
    column(({ status }) => status),
    column(({ authorId }) => authorId),
    column(({ operatorId }) => operatorId),
    column(({ attached }) => attached && storable(JSON.stringify(attached))),
    column(({ localId }) => localId),
    column(({ replyTo }) => replyTo),
  ]);
  const removed = await absorbEchoes(
    tx,
    messages.flatMap(({ messageId, networkId }) => (messageId === undefined || networkId === undefined ? [] : [messageId])),
  );
  const fresh = new Set(rows.map(({ n }) => n));
  const added = rows
    .sort((a, b) => a.n - b.n)
    .flatMap((row): DialogChange[] =>
      row.id === null ? [] : [{ place: row, kind: 'message.added', body: lineOf(messages[row.n - 1] as NewMessage, row) }],
    );
  return { isNew: messages.map((_, index) => fresh.has(index + 1)), changes: [...added, ...removed] };
}

/** The line as the history shows it. */
function lineOf(message: NewMessage, row: Exclude<AppendedRow, { id: null }>): MessageItem {
  const { kind = 'message', source, text, at, payload, authorId, operatorId, keyboard, messageTag, messageId, status } = message;
  const { attached, localId, replyTo } = message;
  const author = authorId === undefined ? null : { id: authorId, name: row.authorName, pictureUrl: row.authorPictureUrl };
  return {
    ...{
      id: row.id,
      sequence: row.sequence,
      kind,
      direction: source === 'person' ? 'in' : 'out',
      text: storable(text),
      source,
      author,
      operatorId: operatorId ?? null,
    },
    messageTag: messageTag ?? (messageId === undefined ? null : String(messageId)),
    ...{ payload: payload ?? null, keyboard: keyboard ?? null, createdAt: at, editedAt: null, earlierTexts: null },
    status: status ?? null,
    ...{ attachments: attached ?? [], localId: localId ?? null, replyTo: replyTo ?? null, deletedAt: null },
  };
}

/** See Dialogs.completeIncoming. */
export async function completeIncoming(tx: Queryable, dialogId: number, eventId: string, messageTag: string): Promise<void> {
  await tx.run(SQL.complete, [dialogId, storable(eventId), storable(messageTag)]);
}

/** See Dialogs.buttonLabel. */
export async function buttonLabel(tx: Queryable, dialogId: number, payload: string): Promise<string | undefined> {
  const [found] = await tx.rows<{ label: string }>(SQL.buttonLabel, [dialogId, storable(payload)]);
  return found?.label;
}

/** See Dialogs.groupOfMessage. */
export async function groupOfMessage(tx: Queryable, messageId: number, network: StatusChange['network']): Promise<string | null> {
  const [found] = await tx.rows<{ groupId: string }>(SQL.groupOfMessage, [messageId, network]);
  return found?.groupId ?? null;
}

type StatusRow = DialogPlace & Pick<StatusChange, 'messageId' | 'network' | 'status'> & { id: number };

/** See Dialogs.changeStatuses; with it, what screens are to hear. */
export async function changeStatuses(
  tx: Queryable,
  changes: readonly StatusChange[],
): Promise<{ isFound: readonly boolean[]; changes: readonly DialogChange[] }> {
  if (changes.length === 0) return { isFound: [], changes: [] };
  const keyOf = ({ messageId, network }: Pick<StatusChange, 'messageId' | 'network'>) => `${messageId} ${network}`;
  const last = [...new Map(changes.map((change) => [keyOf(change), change])).values()];
  const found = await tx.rows<StatusRow>(SQL.changeStatuses, [
    last.map(({ messageId }) => messageId),
    last.map(({ network }) => network),
    last.map(({ status }) => status),
    last.map(({ networkId }) => networkId ?? null),
  ]);
  const removed = await absorbEchoes(
    tx,
    last.flatMap(({ messageId, networkId }) => (networkId === undefined ? [] : [messageId])),
  );
  const keys = new Set(found.map(keyOf));
  const perDialog = [...Map.groupBy(found, ({ dialogId }) => dialogId).values()].flatMap((rows): DialogChange[] => {
    const [place] = rows;
    return place === undefined
      ? []
      : [{ place, kind: 'messages.status', body: { messages: rows.map(({ id, status }) => ({ id, status })) } }];
  });
  return { isFound: changes.map((change) => keys.has(keyOf(change))), changes: [...perDialog, ...removed] };
}
