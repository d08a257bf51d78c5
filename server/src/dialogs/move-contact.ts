import type { Queryable } from '../platform/database.ts';

const SQL = {
  // Where the other contact has a dialog with the group already, both stay: the person's next word makes them one.
  move: {
    name: 'dialog_move_to_contact',
    text: `
      update dialog as d set contact_id = $3
      where d.account_id = $1 and d.contact_id = $2 and d.merged_into is null and ($4::bigint[] is null or d.id = any($4))
        and not exists (
          select from dialog as other
          where other.account_id = $1 and other.contact_id = $3 and other.network = d.network and other.group_id = d.group_id
            and other.merged_into is null
        )
      returning d.id`,
  },
} as const;

/** See Dialogs.moveToContact. */
export async function moveToContact(
  tx: Queryable,
  accountId: number,
  from: number,
  to: number,
  dialogIds?: readonly number[],
): Promise<readonly number[]> {
  const rows = await tx.rows<{ id: number }>(SQL.move, [accountId, from, to, dialogIds ?? null]);
  return rows.map(({ id }) => id);
}
