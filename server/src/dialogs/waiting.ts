import type { Queryable } from '../platform/database.ts';
import { gatheredOne } from '../platform/gathered.ts';
import { storable } from './storable.ts';

// A bot's answers stand among the newest lines: who looks for those that wait needs no whole history.
const LINES_MAX = 100;

const WAITING = {
  name: 'dialog_waiting_of_bot',
  text: `
    select asked.position::int, m.message_id as "messageId"
    from unnest($1::bigint[], $2::text[]) with ordinality as asked(dialog_id, text, position)
    cross join lateral (
      select message_id, sequence from dialog_message
      where dialog_id = asked.dialog_id and sequence > (select last_sequence from dialog where id = asked.dialog_id) - ${LINES_MAX}
        and source = 'bot' and status = 'QUEUED' and message_id is not null and (asked.text is null or text = asked.text)
      limit ${LINES_MAX}
    ) as m
    order by asked.position, m.sequence`,
} as const;

const waitingIn = gatheredOne(async (tx: Queryable, asked: readonly { dialogId: number; text: string | undefined }[]) => {
  const rows = await tx.rows<{ position: number; messageId: number }>(WAITING, [
    asked.map(({ dialogId }) => dialogId),
    asked.map(({ text }) => (text === undefined ? null : storable(text))),
  ]);
  const ofEach = Map.groupBy(rows, ({ position }) => position);
  return asked.map((_, index) => (ofEach.get(index + 1) ?? []).map(({ messageId }) => messageId));
});

/** See Dialogs.waitingOfBot. */
export function waitingOfBot(tx: Queryable, dialogId: number, text?: string): Promise<readonly number[]> {
  return waitingIn(tx, { dialogId, text });
}
