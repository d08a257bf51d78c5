import type { Queryable } from '../platform/database.ts';
import type { DialogChange, DialogPlace } from './noting.ts';

const SQL = {
  absorb: {
    name: 'dialog_message_absorb_echoes',
    text: `
      delete from dialog_message as echo
      using dialog_message as ours
      where ours.message_id = any($1::bigint[])
        and echo.dialog_id = ours.dialog_id and echo.network_id = ours.network_id
        and echo.message_id is null and echo.direction = 'out'
      returning
        echo.id, echo.account_id as "accountId", echo.dialog_id as "dialogId", echo.network,
        (select group_id from dialog as d where d.id = echo.dialog_id) as "groupId"`,
  },
} as const;

/**
 * A network tells of what the group wrote, ours too, and may do so before it answers us: then the line stands there
 * already, without our id. Called when the network's ids of our messages have just been written.
 */
export async function absorbEchoes(tx: Queryable, messageIds: readonly number[]): Promise<readonly DialogChange[]> {
  if (messageIds.length === 0) return [];
  const removed = await tx.rows<DialogPlace & { id: number }>(SQL.absorb, [messageIds]);
  return removed.map(({ id, ...place }) => ({ place, kind: 'message.removed', body: { id } }));
}
