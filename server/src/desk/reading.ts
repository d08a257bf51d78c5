import type { Events } from '../events/events.ts';
import type { Asker, DeskWork } from './work.ts';

export interface ReadState {
  /** The sequence of the last line that was read. */
  upTo: number;
  /** Words of the person behind it, `UNREAD_MAX` at most. */
  unread: number;
}

/** How far each operator has read, on all their screens at once. */
export interface Reading {
  /** A smaller `upTo` than before marks what is behind it unread. Throws `not.found`. */
  readUpTo(asker: Asker & { operatorId: number }, dialogId: number, upTo: number): Promise<ReadState>;
}

export const UNREAD_MAX = 100;

/** Words of the person in dialog `d` behind `read`, an expression. */
export const unreadBehind = (read: string): string => `
  (
    select count(*)::int from (
      select from dialog_message as m
      where m.dialog_id = d.id and m.sequence > ${read} and m.direction = 'in' and m.kind <> 'system'
      limit ${UNREAD_MAX}
    ) as unread
  )`;

const SQL = {
  // Nobody reads what is not there: a mark in the future would hide what is written later.
  set: {
    name: 'desk_read_set',
    text: `
      insert into dialog_read (account_id, operator_id, dialog_id, up_to)
      select $1::bigint, $2::bigint, id, least($4::int, last_sequence) from dialog where id = $3
      on conflict (operator_id, dialog_id) do update set up_to = excluded.up_to
      returning up_to as "upTo", (select ${unreadBehind('least($4::int, d.last_sequence)')} from dialog as d where d.id = $3) as unread`,
  },
  forgetMentions: {
    name: 'desk_forget_mentions',
    text: 'delete from mention where account_id = $1 and operator_id = $2 and dialog_id = $3 and sequence <= $4',
  },
} as const;

export function createReading({ work, events }: { work: DeskWork; events: Pick<Events, 'note'> }): Reading {
  return {
    readUpTo: (asker, dialogId, upTo) =>
      work.inDialog(asker, dialogId, async ({ tx, place }) => {
        const { accountId, operatorId } = asker;
        const [state] = await tx.rows<ReadState>(SQL.set, [accountId, operatorId, place.dialogId, upTo]);
        await tx.run(SQL.forgetMentions, [accountId, operatorId, place.dialogId, upTo]);
        events.note(tx, accountId, [
          { kind: 'read.changed', dialogId: place.dialogId, operatorId, body: { ...(state as ReadState) } },
        ]);
        return state as ReadState;
      }),
  };
}
