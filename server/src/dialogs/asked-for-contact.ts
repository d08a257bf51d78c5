import type { Queryable } from '../platform/database.ts';
import type { DialogKey } from './dialogs.ts';

// As far back as a label of a button is looked for: keyboards stand under messages that people scroll back to.
const LINES_BACK = 50;

const SQL = {
  asked: {
    name: 'dialog_asked_for_contact',
    text: `
      select 1
      from dialog as d
      cross join lateral (
        select keyboard from dialog_message where dialog_id = d.id order by sequence desc limit ${LINES_BACK}
      ) as m
      where d.account_id = $1 and d.network = $2 and d.group_id = $3 and d.user_id = $4 and d.merged_into is null
        and m.keyboard @? '$.rows[*][*] ? (@.kind == "contact")'
      limit 1`,
  },
} as const;

/** See Dialogs.askedForContact. */
export async function askedForContact(
  tx: Queryable,
  { accountId, network, groupId }: DialogKey,
  userId: string,
): Promise<boolean> {
  return (await tx.rows(SQL.asked, [accountId, network, groupId, userId])).length > 0;
}
