import type { Network } from '@soroka/channels';
import type { Queryable } from '../platform/database.ts';
import { gatheredOne, inOrderAsked } from '../platform/gathered.ts';

/** A dialog with what whoever speaks in it has to know. */
export interface LockedDialog {
  /** Of the dialog that this one was merged into, where it was. */
  id: number;
  accountId: number;
  network: Network;
  groupId: string;
  /** Where a reply goes; null where the person has not written yet. */
  peerId: string | null;
  /** Null in a group chat of several people. */
  contactId: number | null;
  userId: string | null;
}

const LOCK = {
  name: 'dialog_lock',
  text: `
    select asked.position::int, d.*
    from unnest($1::bigint[]) with ordinality as asked(id, position)
    cross join lateral (
      select id, account_id as "accountId", network, group_id as "groupId", peer_id as "peerId", contact_id as "contactId", user_id as "userId"
      from dialog
      where id = (select coalesce(merged_into, id) from dialog where id = asked.id)
      limit 1
      for update
    ) as d`,
} as const;

/** See Dialogs.lock. */
export const lockDialog = gatheredOne(async (tx: Queryable, dialogIds: readonly number[]) => {
  const rows = await tx.rows<LockedDialog & { position: number }>(LOCK, [dialogIds]);
  return inOrderAsked<LockedDialog>(rows, dialogIds.length);
});
