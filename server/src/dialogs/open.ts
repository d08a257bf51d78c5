import type { Queryable } from '../platform/database.ts';
import type { Dialog, DialogKey, OpenedDialog, Opening } from './dialogs.ts';
import { readOpened } from './history.ts';
import type { DialogChange } from './noting.ts';

interface DialogRow extends Dialog {
  contactId: number | null;
  userId: string | null;
  peerId: string | null;
}

const COLUMNS =
  'id, contact_id as "contactId", user_id as "userId", peer_id as "peerId", last_notification_id as "lastNotificationId"';

const SQL = {
  // The contact's dialog first: the other one, if any, is of the same person before we knew who it was.
  find: {
    name: 'dialog_find',
    text: `
      select asked.position::int, d.*
      from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[]) with ordinality
        as asked(account_id, network, group_id, contact_id, user_id, position)
      cross join lateral (
        select ${COLUMNS}
        from dialog
        where account_id = asked.account_id and network = asked.network and group_id = asked.group_id and merged_into is null
          and (contact_id = asked.contact_id or user_id = asked.user_id)
        order by contact_id is not distinct from asked.contact_id desc, id
        limit 2
        for update
      ) as d
      order by asked.position`,
  },
  insert: {
    name: 'dialog_insert',
    text: `
      insert into dialog (account_id, network, group_id, contact_id, user_id, kind, peer_id, last_message_at, created_at)
      values ($1, $2, $3, $4, $5, case when $4::bigint is null then 'chat' else 'person' end, $6, $7, $7)
      on conflict do nothing`,
  },
  meet: {
    name: 'dialog_meet',
    text: 'update dialog set contact_id = $2, user_id = $3, peer_id = $4 where id = $1',
  },
  leave: { name: 'dialog_leave', text: 'update dialog set merged_into = $2 where id = $1 or merged_into = $1' },
  // New numbers above all old ones of both: whoever reads by number sees the whole history anew, in the order of time.
  moveMessages: {
    name: 'dialog_move_messages',
    text: `
      with whole as (
        select
          id,
          (select max(last_sequence) from dialog where id in ($1, $2)) + row_number() over (order by created_at, id) as sequence
        from dialog_message
        where dialog_id in ($1, $2)
      ), moved as (
        update dialog_message as m set dialog_id = $2, sequence = whole.sequence from whole where m.id = whole.id
        returning m.sequence
      )
      update dialog as d
      set
        last_sequence = greatest(d.last_sequence, (select coalesce(max(sequence), 0) from moved)),
        last_message_at = greatest(d.last_message_at, gone.last_message_at),
        last_notification_id = greatest(d.last_notification_id, gone.last_notification_id)
      from dialog as gone
      where d.id = $2 and gone.id = $1`,
  },
  openForNotifications: {
    name: 'dialog_open_for_notifications',
    text: `
      insert into dialog (account_id, network, group_id, contact_id, last_message_at, created_at)
      select distinct on (account_id, network, group_id, contact_id) account_id, network, group_id, contact_id, at, at
      from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[]) as o(account_id, network, group_id, contact_id, at)
      order by account_id, network, group_id, contact_id, at
      on conflict do nothing
      returning id`,
  },
  // `limit 1` has each one found by its contact: while nothing is known of the table, walking through all dialogs of the account looks as good.
  ofContacts: {
    name: 'dialog_of_contacts',
    text: `
      select d.id, d.last_notification_id as "lastNotificationId"
      from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[]) with ordinality as o(account_id, network, group_id, contact_id, n)
      cross join lateral (
        select id, last_notification_id
        from dialog
        where account_id = o.account_id and network = o.network and group_id = o.group_id and contact_id = o.contact_id
          and merged_into is null
        limit 1
        for update
      ) as d
      order by o.n`,
  },
} as const;

interface Opened {
  dialog: OpenedDialog;
  changes: readonly DialogChange[];
}

/** Those of each person, held: the contact's own first. */
async function find(tx: Queryable, openings: readonly Opening[]): Promise<readonly (readonly DialogRow[])[]> {
  const rows = await tx.rows<DialogRow & { position: number }>(SQL.find, columnsOf(openings));
  const ofEach = Map.groupBy(rows, ({ position }) => position);
  return openings.map((_, index) => ofEach.get(index + 1) ?? []);
}

const findOne = async (tx: Queryable, opening: Opening): Promise<readonly DialogRow[]> => (await find(tx, [opening]))[0] ?? [];

const columnsOf = (openings: readonly Opening[]): unknown[] => [
  openings.map(({ accountId }) => accountId),
  openings.map(({ network }) => network),
  openings.map(({ groupId }) => groupId),
  openings.map(({ contactId }) => contactId),
  openings.map(({ userId }) => userId),
];

const stands = (dialog: DialogRow, { contactId, userId, peerId }: Opening): boolean =>
  dialog.contactId === contactId && dialog.userId === userId && dialog.peerId === peerId;

/** See Dialogs.open; with each, what screens are to hear. */
export async function openDialogs(tx: Queryable, openings: readonly Opening[]): Promise<readonly Opened[]> {
  const inOrder = openings.map((opening, index) => ({ opening, index })).sort((a, b) => inOneOrder(a.opening, b.opening));
  const found = await find(
    tx,
    inOrder.map(({ opening }) => opening),
  );
  const opened: Opened[] = [];
  // What is to be made or changed one after the other: two openings may be of one dialog.
  for (const [at, { opening, index }] of inOrder.entries()) {
    const [dialog, ...others] = found[at] ?? [];
    const isKnown = dialog !== undefined && others.length === 0 && stands(dialog, opening);
    opened[index] = isKnown
      ? { dialog: { id: dialog.id, lastNotificationId: dialog.lastNotificationId, isNew: false, mergedFrom: null }, changes: [] }
      : await openDialog(tx, opening);
  }
  return opened;
}

/** In which everybody holds dialogs, so that two who want the same wait for each other and do not lock up. */
function inOneOrder(a: Pick<Opening, 'contactId'>, b: Pick<Opening, 'contactId'>): number {
  return (a.contactId ?? 0) - (b.contactId ?? 0);
}

async function openDialog(tx: Queryable, opening: Opening): Promise<Opened> {
  const { accountId, network, groupId, contactId, userId, peerId, at } = opening;
  const key = [accountId, network, groupId, contactId, userId];
  let [dialog, earlier] = await findOne(tx, opening);
  let isNew = false;
  if (dialog === undefined) {
    // Somebody else may make it at this moment: then it is theirs that we find.
    isNew = (await tx.run(SQL.insert, [...key, peerId, at])) === 1;
    [dialog, earlier] = await findOne(tx, opening);
  }
  if (dialog === undefined) throw new Error('a dialog was neither found nor made: another one must have taken its person');
  if (earlier !== undefined) await merge(tx, earlier.id, dialog.id);
  if (!stands(dialog, opening)) await tx.run(SQL.meet, [dialog.id, contactId, userId, peerId]);
  const changes = isNew ? await readOpened(tx, [dialog.id]) : [];
  if (earlier !== undefined) {
    const place = { accountId, network, groupId, dialogId: earlier.id };
    changes.push({ place, kind: 'dialog.merged', body: { into: dialog.id } });
  }
  const lastNotificationId = latest(dialog.lastNotificationId, earlier?.lastNotificationId ?? null);
  const mergedFrom = earlier?.id ?? null;
  return { dialog: { id: dialog.id, lastNotificationId, isNew, mergedFrom }, changes };
}

/** See Dialogs.openForNotifications; with it, what screens are to hear. */
export async function openForNotifications(
  tx: Queryable,
  openings: readonly (DialogKey & { contactId: number; at: Date })[],
): Promise<{ dialogs: readonly Dialog[]; changes: readonly DialogChange[] }> {
  if (openings.length === 0) return { dialogs: [], changes: [] };
  const inOrder = openings.map((opening, index) => ({ ...opening, index })).sort(inOneOrder);
  const keys = [
    inOrder.map(({ accountId }) => accountId),
    inOrder.map(({ network }) => network),
    inOrder.map(({ groupId }) => groupId),
    inOrder.map(({ contactId }) => contactId),
  ];
  const made = await tx.rows<{ id: number }>(SQL.openForNotifications, [...keys, inOrder.map(({ at }) => at)]);
  const changes =
    made.length === 0
      ? []
      : await readOpened(
          tx,
          made.map(({ id }) => id),
        );
  const held = await tx.rows<Dialog>(SQL.ofContacts, keys);
  const dialogs: Dialog[] = [];
  for (const [at, { index }] of inOrder.entries()) dialogs[index] = held[at] as Dialog;
  return { dialogs, changes };
}

/** The history of `from` becomes part of `into`; `from` stays as a signpost for replies on their way. */
async function merge(tx: Queryable, from: number, into: number): Promise<void> {
  await tx.run(SQL.leave, [from, into]);
  await tx.run(SQL.moveMessages, [from, into]);
}

// Ids of messages grow with time.
function latest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}
