import type { Route, Status } from '@soroka/api';
import type { Keyboard } from '@soroka/channels';
import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';

export interface PageRequest {
  /** `nextCursor` of the page before. */
  cursor?: string;
  limit: number;
}

export interface Page<Item> {
  items: readonly Item[];
  /** Null on the last page. */
  nextCursor: string | null;
}

export interface MessageItem {
  id: number;
  /** What happened: words, a chat opened by a link or the Start button, a button pressed. */
  kind: 'message' | 'started' | 'button';
  direction: 'in' | 'out';
  text: string;
  source: 'person' | 'bot' | 'operator' | 'notification';
  /** In: our id of the notification it answers, or the upstream's id where it is none of ours. Out: our id of the message. */
  messageTag: string | null;
  /** Of the button pressed or the link that opened the chat. */
  payload: string | null;
  /** Shown with an outgoing message. */
  keyboard: Keyboard | null;
  createdAt: Date;
  /** Null for incoming messages. */
  status: Status | null;
}

export interface DialogItem {
  id: number;
  channel: Route;
  groupId: string;
  /** Null for a group chat of several people. */
  contact: { id: number; name: string | null; phone: string | null } | null;
  lastMessage: MessageItem | null;
  createdAt: Date;
}

const MESSAGE_COLUMNS = `
  m.id, m.kind, m.direction, m.text, m.source, coalesce(m.message_tag, m.message_id::text) as "messageTag", m.payload, m.keyboard,
  m.created_at as "createdAt", m.status`;

const SQL = {
  // Contacts are read here for their names only: a list that asked for each contact by itself would not be one query.
  dialogs: {
    name: 'dialog_list',
    text: `
      select
        d.id, upper(d.network) as channel, d.group_id as "groupId", d.created_at as "openedAt", d.last_message_at as "lastMessageAt",
        c.id as "contactId", c.name as "contactName", c.phone as "contactPhone", message.*
      from (
        select * from dialog
        where account_id = $1 and merged_into is null and last_sequence > 0
          and ($2::timestamptz is null or (last_message_at, id) < ($2, $3))
        order by last_message_at desc, id desc
        limit $4
      ) as d
      left join contact as c on c.id = d.contact_id
      cross join lateral (
        select m.id as "messageId", ${MESSAGE_COLUMNS.replace('m.id,', '')}
        from dialog_message as m
        where m.dialog_id = d.id
        order by m.sequence desc
        limit 1
      ) as message
      order by d.last_message_at desc, d.id desc`,
  },
  dialog: {
    name: 'dialog_current',
    text: 'select coalesce(merged_into, id) as id from dialog where account_id = $1 and id = $2',
  },
  messages: {
    name: 'dialog_messages',
    text: `
      select m.sequence, ${MESSAGE_COLUMNS}
      from dialog_message as m
      where m.account_id = $1 and m.dialog_id = $2 and ($3::int is null or m.sequence < $3)
      order by m.sequence desc
      limit $4`,
  },
} as const;

interface DialogRow extends Omit<MessageItem, 'id'> {
  id: number;
  channel: Route;
  groupId: string;
  openedAt: Date;
  lastMessageAt: Date;
  contactId: number | null;
  contactName: string | null;
  contactPhone: string | null;
  messageId: number;
}

/** See Dialogs.list. */
export async function listDialogs(database: Database, accountId: number, request: PageRequest): Promise<Page<DialogItem>> {
  const [at, id] = request.cursor === undefined ? [] : readCursor(request.cursor, [TIME_MS_MAX, Number.MAX_SAFE_INTEGER]);
  const values = [accountId, at === undefined ? null : new Date(at), id ?? null, request.limit + 1];
  const rows = await database.rows<DialogRow>(SQL.dialogs, values);
  return pageOf(rows, request.limit, dialogOf, (row) => [row.lastMessageAt.getTime(), row.id]);
}

/** See Dialogs.messages. */
export async function listMessages(
  database: Database,
  accountId: number,
  dialogId: number,
  request: PageRequest,
): Promise<Page<MessageItem> | null> {
  const [sequence] = request.cursor === undefined ? [] : readCursor(request.cursor, [SEQUENCE_MAX]);
  const [dialog] = await database.rows<{ id: number }>(SQL.dialog, [accountId, dialogId]);
  if (dialog === undefined) return null;
  const values = [accountId, dialog.id, sequence ?? null, request.limit + 1];
  const rows = await database.rows<MessageItem & { sequence: number }>(SQL.messages, values);
  return pageOf(
    rows,
    request.limit,
    ({ sequence: _, ...item }) => item,
    (row) => [row.sequence],
  );
}

function dialogOf(row: DialogRow): DialogItem {
  const { id, channel, groupId, openedAt, lastMessageAt: _, contactId, contactName, contactPhone, messageId, ...message } = row;
  return {
    id,
    channel,
    groupId,
    contact: contactId === null ? null : { id: contactId, name: contactName, phone: contactPhone },
    lastMessage: { id: messageId, ...message },
    createdAt: openedAt,
  };
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

// What a Date and a PostgreSQL integer can hold: a cursor made by hand must not reach the database with more.
const TIME_MS_MAX = 8_640_000_000_000_000;
const SEQUENCE_MAX = 2_147_483_647;

/** `maxima` holds the largest value of each number in the cursor. */
function readCursor(cursor: string, maxima: readonly number[]): number[] {
  const position = Buffer.from(cursor, 'base64url').toString('latin1').split('.').map(Number);
  const fits = position.every((value, index) => Number.isSafeInteger(value) && value >= 0 && value <= (maxima[index] ?? 0));
  if (position.length === maxima.length && fits) return position;
  throw new AppError('parameter.invalid', 'not a cursor of this list: give nextCursor of the page before, unchanged', {
    field: 'cursor',
  });
}
