import type { HistoryMessage } from '@soroka/channels';
import { stringifyJson } from '@soroka/channels';
import type { Queryable } from '../platform/database.ts';
import { storable } from './storable.ts';

const SQL = {
  // What came as events, or was sent by us, begins the dialog as we know it: only older messages are taken, and none that
  // stands there already. A notification that an upstream delivered has no id of the network here: its words tell it.
  // Numbers count down from the first one, so that what was numbered before keeps its place.
  prepend: {
    name: 'dialog_message_prepend',
    text: `
      with given as (
        select * from unnest($2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[])
          with ordinality as g(direction, text, at, attachments, network_id, author_id, n)
      ), fresh as (
        select g.*, row_number() over (order by g.n) as rank
        from given as g
        where g.at <= coalesce(
            (select created_at from dialog_message where dialog_id = $1 and sequence >= 1 order by sequence limit 1), 'infinity'
          )
          and not exists (select from dialog_message as m where m.dialog_id = $1 and m.network_id = g.network_id)
          and not exists (
            select from dialog_message as m
            where m.dialog_id = $1 and m.direction = 'out' and g.direction = 'out' and m.network_id is null and m.text = g.text
              and m.created_at between g.at - interval '5 minutes' and g.at + interval '5 minutes'
          )
      ), grown as (
        update dialog set first_sequence = first_sequence - (select count(*) from fresh)
        where id = $1
        returning id, account_id, network, first_sequence + (select count(*) from fresh) as before
      )
      insert into dialog_message (
        account_id, dialog_id, sequence, kind, direction, source, text, attachments, network, network_id, author_id, status, created_at
      )
      select
        d.account_id, d.id, d.before - f.rank, 'message', f.direction, case f.direction when 'in' then 'person' else 'operator' end,
        f.text, f.attachments::json, d.network, f.network_id, f.author_id, case f.direction when 'out' then 'SENT' end, f.at
      from fresh as f
      cross join grown as d`,
  },
} as const;

/**
 * Puts older messages, newest first, before everything that the dialog holds; returns how many were new. `isChat` keeps who
 * wrote each. The caller holds the dialog's row.
 */
export function prependHistory(
  tx: Queryable,
  dialogId: number,
  messages: readonly HistoryMessage[],
  isChat: boolean,
): Promise<number> {
  return tx.run(SQL.prepend, [
    dialogId,
    messages.map(({ direction }) => direction),
    messages.map(({ text }) => storable(text)),
    messages.map(({ at }) => at),
    messages.map(({ attachments }) => (attachments.length === 0 ? null : stringifyJson(attachments))),
    messages.map(({ networkId }) => storable(networkId)),
    messages.map(({ userId }) => (isChat && userId !== '' ? userId : null)),
  ]);
}
