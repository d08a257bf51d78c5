import { DESK_FOLDERS, type DeskFolder, type DeskSort } from '@soroka/api';
import type { DialogItem, Dialogs } from '../dialogs/dialogs.ts';
import type { Database, Statement } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { Conversation } from './conversation.ts';
import { unreadBehind } from './reading.ts';
import { COLUMNS } from './store.ts';

export interface DeskListRequest {
  accountId: number;
  /** Null for a key: it has no folders of its own, and reads nothing. */
  operatorId: number | null;
  /** Whose dialogs there are at all; null: all of the account. */
  groups: readonly string[] | null;
  folder: DeskFolder;
  sort: DeskSort;
  /** Only of this group, as `VK:213243638`. */
  group?: string;
  labelId?: number;
  /** 0: the bot. */
  owner?: number;
  teamId?: number;
  limit: number;
  cursor?: string;
}

export interface DeskItem {
  dialog: DialogItem;
  conversation: Conversation;
  labelIds: readonly number[];
  /** Null for a key. */
  unread: number | null;
  hasDraft: boolean;
}

export type DeskCounts = Readonly<Record<DeskFolder, { count: number; isMore: boolean }>>;

/** Dialogs by what is to be done about them. */
export interface DeskList {
  /** Throws `parameter.invalid` for a cursor that is not of this list. */
  list(request: DeskListRequest): Promise<{ items: readonly DeskItem[]; nextCursor: string | null }>;
  /** Up to `COUNT_MAX` of each folder. */
  counts(request: Pick<DeskListRequest, 'accountId' | 'operatorId' | 'groups'>): Promise<DeskCounts>;
  /** One dialog; the conversation is null before the first word. Null where the groups have no such dialog. */
  get(
    request: Pick<DeskListRequest, 'accountId' | 'operatorId' | 'groups'> & { dialogId: number },
  ): Promise<(Omit<DeskItem, 'conversation'> & { conversation: Conversation | null }) | null>;
  /** All of a dialog, the newest first. */
  conversations(accountId: number, dialogId: number): Promise<readonly Conversation[]>;
}

const COUNT_MAX = 1_000;

/** `$2` is the operator. */
const FOLDERS: Readonly<Record<DeskFolder, string>> = {
  queue: "c.folder = 'queue'",
  mine: "c.folder = 'owned' and c.owner = $2::bigint",
  mentions: 'exists (select from mention as m where m.operator_id = $2::bigint and m.dialog_id = c.dialog_id)',
  open: "c.folder in ('queue', 'owned')",
  bot: "c.folder = 'bot'",
  snoozed: "c.folder = 'snoozed'",
  closed: "c.folder = 'closed'",
};

const WAITING = "coalesce(c.waiting_since, 'infinity')";
interface Order {
  by: string;
  /** Whether a row comes behind the cursor: $9 its time, $10 its id, $11 its priority. */
  isBehind: string;
}
const ORDERS: Readonly<Record<DeskSort, Order>> = {
  waiting: { by: `${WAITING}, c.id`, isBehind: `(${WAITING}, c.id) > ($9::timestamptz, $10::bigint)` },
  newest: { by: 'c.last_activity_at desc, c.id desc', isBehind: '(c.last_activity_at, c.id) < ($9::timestamptz, $10::bigint)' },
  priority: {
    by: `c.priority, ${WAITING}, c.id`,
    isBehind: `(c.priority, ${WAITING}, c.id) > ($11::smallint, $9::timestamptz, $10::bigint)`,
  },
};

const SEEN = 'c.account_id = $1 and c.is_latest and ($3::text[] is null or c.group_key = any($3))';
const EXTRAS = `
  array(select label_id from dialog_label as l where l.dialog_id = c.dialog_id order by label_id) as "labelIds",
  case when $2::bigint is not null then
    (select ${unreadBehind('coalesce(r.up_to, c.first_sequence - 1)')} from dialog as d where d.id = c.dialog_id)
  end as unread,
  exists (select from dialog_draft as f where f.operator_id = $2::bigint and f.dialog_id = c.dialog_id) as "hasDraft"`;
const READ = 'left join dialog_read as r on r.operator_id = $2::bigint and r.dialog_id = c.dialog_id';

const listStatement = (folder: DeskFolder, sort: DeskSort): Statement => ({
  name: `desk_list_${folder}_${sort}`,
  text: `
    with page as (
      select c.* from conversation as c
      where ${SEEN} and ${FOLDERS[folder]}
        and ($4::text is null or c.group_key = $4)
        and ($5::bigint is null or exists (select from dialog_label as l where l.dialog_id = c.dialog_id and l.label_id = $5))
        and ($6::bigint is null or c.owner = $6)
        and ($7::bigint is null or c.team_id = $7)
        and ($10::bigint is null or ${ORDERS[sort].isBehind})
      order by ${ORDERS[sort].by}
      limit $8
    )
    select ${COLUMNS}, ${EXTRAS}
    from page as c
    ${READ}
    order by ${ORDERS[sort].by}`,
});

const SQL = {
  counts: {
    name: 'desk_counts',
    text: `select ${DESK_FOLDERS.map(
      (folder) =>
        `(select count(*)::int from (select from conversation as c where ${SEEN} and ${FOLDERS[folder]} limit ${COUNT_MAX + 1}) as n) as "${folder}"`,
    ).join(', ')}`,
  },
  get: {
    name: 'desk_get',
    text: `
      select ${COLUMNS}, ${EXTRAS} from conversation as c ${READ}
      where ${SEEN} and c.dialog_id = (select coalesce(merged_into, id) from dialog where id = $4)`,
  },
  dialog: {
    name: 'desk_dialog',
    text: `
      select d.id, array(select label_id from dialog_label as l where l.dialog_id = d.id order by label_id) as "labelIds",
        exists (select from dialog_draft as f where f.operator_id = $2::bigint and f.dialog_id = d.id) as "hasDraft"
      from dialog as d
      where d.account_id = $1 and d.id = (select coalesce(merged_into, id) from dialog where id = $4)
        and ($3::text[] is null or upper(d.network) || ':' || d.group_id = any($3))`,
  },
  conversations: {
    name: 'desk_conversations',
    text: `select ${COLUMNS} from conversation as c where c.account_id = $1 and c.dialog_id = $2 order by c.number desc limit 1000`,
  },
} as const;

type Row = Conversation & { labelIds: string[]; unread: number | null; hasDraft: boolean };

export function createDeskList({ database, dialogs }: { database: Database; dialogs: Pick<Dialogs, 'some'> }): DeskList {
  return {
    async list({ accountId, operatorId, groups, folder, sort, group, labelId, owner, teamId, limit, cursor }) {
      const position = cursor === undefined ? null : readCursor(cursor);
      const rows = await database.rows<Row>(listStatement(folder, sort), [
        ...[accountId, operatorId, groups, group ?? null, labelId ?? null, owner ?? null, teamId ?? null, limit + 1],
        ...[position?.time ?? null, position?.id ?? null],
        ...(sort === 'priority' ? [position?.priority ?? null] : []),
      ]);
      const shown = rows.slice(0, limit);
      const known = await dialogs.some(
        accountId,
        shown.map(({ dialogId }) => dialogId),
      );
      const last = shown.at(-1);
      return {
        items: shown.flatMap((row) => itemOf(row, known.get(row.dialogId))),
        nextCursor: rows.length > limit && last !== undefined ? writeCursor(last, sort) : null,
      };
    },
    async counts({ accountId, operatorId, groups }) {
      const [row] = await database.rows<Record<DeskFolder, number>>(SQL.counts, [accountId, operatorId, groups]);
      const counted = row as Record<DeskFolder, number>;
      const countOf = (count: number) => ({ count: Math.min(count, COUNT_MAX), isMore: count > COUNT_MAX });
      return Object.fromEntries(DESK_FOLDERS.map((folder) => [folder, countOf(counted[folder])])) as unknown as DeskCounts;
    },
    async get({ accountId, operatorId, groups, dialogId }) {
      const values = [accountId, operatorId, groups, dialogId];
      const [row] = await database.rows<Row>(SQL.get, values);
      if (row !== undefined) {
        const [item] = itemOf(row, (await dialogs.some(accountId, [row.dialogId])).get(row.dialogId));
        return item ?? null;
      }
      type Bare = Pick<Row, 'id' | 'labelIds' | 'hasDraft'>;
      const [bare] = await database.rows<Bare>(SQL.dialog, values);
      const dialog = bare === undefined ? undefined : (await dialogs.some(accountId, [bare.id])).get(bare.id);
      if (bare === undefined || dialog === undefined) return null;
      const labelIds = bare.labelIds.map(Number);
      return { dialog, conversation: null, labelIds, unread: operatorId === null ? null : 0, hasDraft: bare.hasDraft };
    },
    conversations: (accountId, dialogId) => database.rows<Conversation>(SQL.conversations, [accountId, dialogId]),
  };
}

function itemOf({ labelIds, unread, hasDraft, ...conversation }: Row, dialog: DialogItem | undefined): DeskItem[] {
  return dialog === undefined ? [] : [{ dialog, conversation, labelIds: labelIds.map(Number), unread, hasDraft }];
}

interface Position {
  time: Date | 'infinity';
  id: number;
  priority: number;
}

function writeCursor({ id, priority, waitingSince, lastActivityAt }: Conversation, sort: DeskSort): string {
  const time = sort === 'newest' ? lastActivityAt : waitingSince;
  return Buffer.from([time === null ? 'infinity' : time.getTime(), id, priority].join('.')).toString('base64url');
}

const CURSOR = /^(infinity|\d{1,15})\.(\d{1,15})\.([0-3])$/;

function readCursor(cursor: string): Position {
  const [, time, id, priority] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (time === undefined)
    throw new AppError('parameter.invalid', 'not a cursor of this list: give nextCursor of the page before, unchanged', {
      field: 'cursor',
    });
  return { time: time === 'infinity' ? 'infinity' : new Date(Number(time)), id: Number(id), priority: Number(priority) };
}
