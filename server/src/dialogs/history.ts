import type { Route, Status } from '@soroka/api';
import type { Keyboard } from '@soroka/channels';
import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { Attached } from './attached.ts';
import type { PeerPlace } from './dialogs.ts';
import type { DialogChange } from './noting.ts';

export interface PageRequest {
  /** `nextCursor` of the page before. */
  cursor?: string;
  limit: number;
  /** Whose dialogs there are at all, as `VK:213243638`; null or absent: all of the account. */
  groups?: readonly string[] | null;
}

export interface Page<Item> {
  items: readonly Item[];
  /** Null on the last page. */
  nextCursor: string | null;
}

export interface MessageItem {
  id: number;
  /** Its place in the dialog; what was imported from before us is below 1. Given anew when two dialogs become one. */
  sequence: number;
  /** What happened: words, a chat opened by a link or the Start button, a button pressed, something that befell the dialog, a note among operators. */
  kind: 'message' | 'started' | 'button' | 'system' | 'note';
  direction: 'in' | 'out';
  text: string;
  source: 'person' | 'bot' | 'operator' | 'notification';
  /** In: our id of the notification it answers, or the upstream's id where it is none of ours. Out: our id of the message. */
  messageTag: string | null;
  /** Who of several wrote or did it: a member of a group chat, an admin in the network's own page. Null where the dialog says it. */
  author: Author | null;
  /** Which of our operators wrote or did it. */
  operatorId: number | null;
  /** Of the button pressed or the link that opened the chat; of a system line, {change, title?, memberId?}. */
  payload: string | null;
  /** Shown with an outgoing message. */
  keyboard: Keyboard | null;
  createdAt: Date;
  editedAt: Date | null;
  /** Its words before, oldest first. */
  earlierTexts: readonly { text: string; until: string }[] | null;
  /** Null for incoming messages. */
  status: Status | null;
  /** What of it is a file. */
  attachments: readonly Attached[];
  /** What its author's client called it; null for incoming messages. */
  localId: string | null;
  /** Id of the line that it answers. */
  replyTo: number | null;
  /** When it was taken back from the network. */
  deletedAt: Date | null;
}

/** Somebody on a network; `name` and `pictureUrl` as the network shows them, null until it was asked. */
export interface Author {
  id: string;
  name: string | null;
  pictureUrl: string | null;
}

export interface DialogItem {
  id: number;
  channel: Route;
  groupId: string;
  /** `chat`: of several people. */
  kind: 'person' | 'chat';
  /** Of a chat. */
  title: string | null;
  pictureUrl: string | null;
  /** Null for a group chat of several people. */
  contact: { id: number; name: string | null; phone: string | null; pictureUrl: string | null } | null;
  lastMessage: MessageItem | null;
  createdAt: Date;
}

const MESSAGE_COLUMNS = `
  m.id, m.sequence, m.kind, m.direction, m.text, m.source, coalesce(m.message_tag, m.message_id::text) as "messageTag", m.payload, m.keyboard,
  m.created_at as "createdAt", m.edited_at as "editedAt", m.earlier_texts as "earlierTexts", m.status, m.operator_id as "operatorId",
  coalesce(m.attached, '[]') as attachments, m.local_id as "localId", m.reply_to as "replyTo", m.deleted_at as "deletedAt",
  case when m.author_id is not null then
    jsonb_build_object('id', m.author_id, 'name', writer.name, 'pictureUrl', writer.picture_url)
  end as author`;

// Contacts' tables are read here for their names only: a list that asked for each by itself would not be one query.
const WRITER = `
  left join profile as writer
    on writer.account_id = m.account_id and writer.network = m.network and writer.user_id = m.author_id`;

const DIALOG_COLUMNS = `
    d.id, upper(d.network) as channel, d.group_id as "groupId", d.kind as "dialogKind", d.title, d.picture_url as "pictureUrl",
    d.created_at as "openedAt", d.last_message_at as "lastMessageAt",
    c.id as "contactId", coalesce(c.name, p.name) as "contactName", c.phone as "contactPhone", p.picture_url as "contactPictureUrl",
    message.*`;
const DIALOG_JOINS = `
  left join contact as c on c.id = d.contact_id
  left join profile as p on p.account_id = d.account_id and p.network = d.network and p.user_id = d.user_id and d.kind = 'person'
  cross join lateral (
    select m.id as "messageId", ${MESSAGE_COLUMNS.replace('m.id,', '')}
    from dialog_message as m${WRITER}
    where m.dialog_id = d.id
    order by m.sequence desc
    limit 1
  ) as message`;

const SQL = {
  dialogs: {
    name: 'dialog_list',
    text: `
      select ${DIALOG_COLUMNS}
      from (
        select * from dialog
        where account_id = $1 and merged_into is null and last_sequence >= first_sequence
          and ($2::timestamptz is null or (last_message_at, id) < ($2, $3))
          and ($5::text[] is null or upper(network) || ':' || group_id = any($5))
        order by last_message_at desc, id desc
        limit $4
      ) as d
      ${DIALOG_JOINS}
      order by d.last_message_at desc, d.id desc`,
  },
  some: {
    name: 'dialog_some',
    text: `
      select ${DIALOG_COLUMNS}
      from dialog as d
      ${DIALOG_JOINS}
      where d.account_id = $1 and d.id = any($2::bigint[])`,
  },
  opened: {
    name: 'dialog_opened',
    text: `
      select
        d.id, d.account_id as "accountId", d.network, d.group_id as "groupId", d.kind, d.title, d.picture_url as "pictureUrl",
        d.created_at as "createdAt", c.id as "contactId", coalesce(c.name, p.name) as "contactName", c.phone as "contactPhone",
        p.picture_url as "contactPictureUrl"
      from dialog as d
      left join contact as c on c.id = d.contact_id
      left join profile as p on p.account_id = d.account_id and p.network = d.network and p.user_id = d.user_id and d.kind = 'person'
      where d.id = any($1::bigint[])
      order by d.id`,
  },
  dialog: {
    name: 'dialog_current',
    text: `
      select coalesce(merged_into, id) as id from dialog
      where account_id = $1 and id = $2 and ($3::text[] is null or upper(network) || ':' || group_id = any($3))`,
  },
  linesAfter: {
    name: 'dialog_lines_after',
    text: `
      select ${MESSAGE_COLUMNS}
      from dialog_message as m${WRITER}
      where m.dialog_id = $1 and ($2::int is null or m.sequence > $2)
      order by m.sequence
      limit $3`,
  },
  place: {
    name: 'dialog_place',
    text: `
      select d.account_id as "accountId", d.id as "dialogId", d.network, d.group_id as "groupId", d.kind, d.peer_id as "peerId"
      from dialog as asked
      join dialog as d on d.id = coalesce(asked.merged_into, asked.id)
      where asked.account_id = $1 and asked.id = $2 and ($3::text[] is null or upper(d.network) || ':' || d.group_id = any($3))`,
  },
  messages: {
    name: 'dialog_messages',
    text: `
      select ${MESSAGE_COLUMNS}
      from dialog_message as m${WRITER}
      where m.account_id = $1 and m.dialog_id = $2 and ($3::int is null or m.sequence < $3)
      order by m.sequence desc
      limit $4`,
  },
} as const;

interface DialogRow extends Omit<MessageItem, 'id'> {
  id: number;
  channel: Route;
  groupId: string;
  dialogKind: DialogItem['kind'];
  title: string | null;
  pictureUrl: string | null;
  openedAt: Date;
  lastMessageAt: Date;
  contactId: number | null;
  contactName: string | null;
  contactPhone: string | null;
  contactPictureUrl: string | null;
  messageId: number;
}

/** See Dialogs.list. */
export async function listDialogs(database: Database, accountId: number, request: PageRequest): Promise<Page<DialogItem>> {
  const [at, id] = request.cursor === undefined ? [] : readCursor(request.cursor, [TIMES_MS, IDS]);
  const values = [accountId, at === undefined ? null : new Date(at), id ?? null, request.limit + 1, request.groups ?? null];
  const rows = await database.rows<DialogRow>(SQL.dialogs, values);
  return pageOf(rows, request.limit, dialogOf, (row) => [row.lastMessageAt.getTime(), row.id]);
}

/** See Dialogs.linesAfter. */
export function linesAfter(on: Queryable, dialogId: number, sequence: number | null, limit: number): Promise<MessageItem[]> {
  return on.rows<MessageItem>(SQL.linesAfter, [dialogId, sequence, limit]);
}

/** See Dialogs.place. */
export async function dialogPlace(
  database: Queryable,
  accountId: number,
  dialogId: number,
  groups: readonly string[] | null,
): Promise<PeerPlace | null> {
  const [place] = await database.rows<PeerPlace>(SQL.place, [accountId, dialogId, groups]);
  return place ?? null;
}

/** See Dialogs.some. */
export async function readDialogs(
  database: Database,
  accountId: number,
  dialogIds: readonly number[],
): Promise<ReadonlyMap<number, DialogItem>> {
  if (dialogIds.length === 0) return new Map();
  const rows = await database.rows<DialogRow>(SQL.some, [accountId, dialogIds]);
  return new Map(rows.map((row) => [row.id, dialogOf(row)]));
}

/** See Dialogs.messages. */
export async function listMessages(
  database: Database,
  accountId: number,
  dialogId: number,
  request: PageRequest,
): Promise<Page<MessageItem> | null> {
  const [sequence] = request.cursor === undefined ? [] : readCursor(request.cursor, [SEQUENCES]);
  const [dialog] = await database.rows<{ id: number }>(SQL.dialog, [accountId, dialogId, request.groups ?? null]);
  if (dialog === undefined) return null;
  const values = [accountId, dialog.id, sequence ?? null, request.limit + 1];
  const rows = await database.rows<MessageItem>(SQL.messages, values);
  return pageOf(
    rows,
    request.limit,
    (row) => row,
    (row) => [row.sequence],
  );
}

type OpenedRow = Pick<DialogRow, 'id' | 'groupId' | 'title' | 'pictureUrl' | (`contact${string}` & keyof DialogRow)> & {
  accountId: number;
  network: string;
  kind: DialogItem['kind'];
  createdAt: Date;
};

/** Dialogs that were made just now and hold nothing yet, as the list shows them. */
export async function readOpened(on: Queryable, ids: readonly number[]): Promise<DialogChange[]> {
  const rows = await on.rows<OpenedRow>(SQL.opened, [ids]);
  return rows.map(({ accountId, network, contactId, contactName, contactPhone, contactPictureUrl, ...row }) => {
    const contact =
      contactId === null ? null : { id: contactId, name: contactName, phone: contactPhone, pictureUrl: contactPictureUrl };
    const channel = network.toUpperCase() as Route;
    const body: DialogItem = { ...row, channel, contact, lastMessage: null };
    return { place: { accountId, network, dialogId: row.id, groupId: row.groupId }, kind: 'dialog.opened', body };
  });
}

function dialogOf({
  id,
  channel,
  groupId,
  dialogKind: kind,
  title,
  pictureUrl,
  openedAt: createdAt,
  lastMessageAt: _,
  contactId,
  contactName: name,
  contactPhone: phone,
  contactPictureUrl,
  messageId,
  ...message
}: DialogRow): DialogItem {
  const contact = contactId === null ? null : { id: contactId, name, phone, pictureUrl: contactPictureUrl };
  return { id, channel, groupId, kind, title, pictureUrl, contact, lastMessage: { ...message, id: messageId }, createdAt };
}

/** `rows` holds one more than the page where there is a next one. */
function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  itemOf: (row: Row) => Item,
  positionOf: (row: Row) => readonly number[],
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? writeCursor(positionOf(last)) : null;
  return { items: shown.map(itemOf), nextCursor };
}

function writeCursor(position: readonly number[]): string {
  return Buffer.from(position.join('.')).toString('base64url');
}

interface Range {
  min: number;
  max: number;
}

// What a Date and PostgreSQL's integers can hold: a cursor made by hand must not reach the database with more.
const TIMES_MS: Range = { min: 0, max: 8_640_000_000_000_000 };
const IDS: Range = { min: 0, max: Number.MAX_SAFE_INTEGER };
const SEQUENCES: Range = { min: -2_147_483_648, max: 2_147_483_647 };

/** `ranges` are those of the numbers in the cursor. */
function readCursor(cursor: string, ranges: readonly Range[]): number[] {
  const position = Buffer.from(cursor, 'base64url').toString('latin1').split('.').map(Number);
  const fits = ranges.every(({ min, max }, index) => {
    const value = position[index];
    return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
  });
  if (position.length === ranges.length && fits) return position;
  throw new AppError('parameter.invalid', 'not a cursor of this list: give nextCursor of the page before, unchanged', {
    field: 'cursor',
  });
}
