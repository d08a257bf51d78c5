import type { Queryable } from '../platform/database.ts';
import { storable } from './storable.ts';

// A bot's answers stand among the newest lines: who looks for those that wait needs no whole history.
const LINES_MAX = 100;

const WAITING = {
  name: 'dialog_waiting_of_bot',
  text: `
    select message_id as "messageId" from dialog_message
    where dialog_id = $1 and ($2::text is null or text = $2) and source = 'bot' and status = 'QUEUED' and message_id is not null
      and sequence > (select last_sequence from dialog where id = $1) - ${LINES_MAX}
    order by sequence`,
} as const;

/** See Dialogs.waitingOfBot. */
export async function waitingOfBot(tx: Queryable, dialogId: number, text?: string): Promise<readonly number[]> {
  const rows = await tx.rows<{ messageId: number }>(WAITING, [dialogId, text === undefined ? null : storable(text)]);
  return rows.map(({ messageId }) => messageId);
}
