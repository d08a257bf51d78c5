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
      select ${COLUMNS}
      from dialog
      where account_id = $1 and network = $2 and group_id = $3 and merged_into is null and (contact_id = $4 or user_id = $5)
      order by contact_id is not distinct from $4 desc, id
      for update`,
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

/** See Dialogs.open; with it, what screens are to hear. */
export async function openDialog(
  tx: Queryable,
  opening: Opening,
): Promise<{ dialog: OpenedDialog; changes: readonly DialogChange[] }> {
  const { accountId, network, groupId, contactId, userId, peerId, at } = opening;
  const key = [accountId, network, groupId, contactId, userId];
  let [dialog, earlier] = await tx.rows<DialogRow>(SQL.find, key);
  let isNew = false;
  if (dialog === undefined) {
    // Somebody else may make it at this moment: then it is theirs that we find.
    isNew = (await tx.run(SQL.insert, [...key, peerId, at])) === 1;
    [dialog, earlier] = await tx.rows<DialogRow>(SQL.find, key);
  }
  if (dialog === undefined) throw new Error('a dialog was neither found nor made: another one must have taken its person');
  if (earlier !== undefined) await merge(tx, earlier.id, dialog.id);
  const isSame = dialog.contactId === contactId && dialog.userId === userId && dialog.peerId === peerId;
  if (!isSame) await tx.run(SQL.meet, [dialog.id, contactId, userId, peerId]);
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
  const keys = [
    openings.map(({ accountId }) => accountId),
    openings.map(({ network }) => network),
    openings.map(({ groupId }) => groupId),
    openings.map(({ contactId }) => contactId),
  ];
  const made = await tx.rows<{ id: number }>(SQL.openForNotifications, [...keys, openings.map(({ at }) => at)]);
  const changes =
    made.length === 0
      ? []
      : await readOpened(
          tx,
          made.map(({ id }) => id),
        );
  return { dialogs: await tx.rows<Dialog>(SQL.ofContacts, keys), changes };
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
