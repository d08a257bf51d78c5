import type { Queryable } from '../platform/database.ts';

const SQL = {
  absorb: {
    name: 'dialog_message_absorb_echoes',
    text: `
      delete from dialog_message as echo
      using dialog_message as ours
      where ours.message_id = any($1::bigint[])
        and echo.dialog_id = ours.dialog_id and echo.network_id = ours.network_id
        and echo.message_id is null and echo.direction = 'out'`,
  },
} as const;

/**
 * A network tells of what the group wrote, ours too, and may do so before it answers us: then the line stands there
 * already, without our id. Called when the network's ids of our messages have just been written.
 */
export async function absorbEchoes(tx: Queryable, messageIds: readonly number[]): Promise<void> {
  if (messageIds.length > 0) await tx.run(SQL.absorb, [messageIds]);
}
