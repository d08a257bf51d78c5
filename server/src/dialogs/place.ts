import type { Network } from '@soroka/channels';
import type { Queryable } from '../platform/database.ts';

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
    select id, account_id as "accountId", network, group_id as "groupId", peer_id as "peerId", contact_id as "contactId", user_id as "userId"
    from dialog
    where id = (select coalesce(merged_into, id) from dialog where id = $1)
    for update`,
} as const;

/** See Dialogs.lock. */
export async function lockDialog(tx: Queryable, dialogId: number): Promise<LockedDialog | null> {
  const [row] = await tx.rows<LockedDialog>(LOCK, [dialogId]);
  return row ?? null;
}
