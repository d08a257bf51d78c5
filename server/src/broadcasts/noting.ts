import { STATUS_ERRORS, type Status } from '@soroka/api';
import type { Contacts, NetworkUser } from '../contacts/contacts.ts';
import type { DispatchEvent } from '../dispatch/dispatch.ts';
import type { Queryable } from '../platform/database.ts';
import { gathered } from '../platform/gathered.ts';
import { recipientOf } from './keys.ts';

/** Words within so many hours after it count as answers to a broadcast. */
export const ANSWER_HOURS = 72;

const SQL = {
  statuses: {
    name: 'broadcast_note_statuses',
    text: `
      update broadcast_recipient as r
      set status = s.status, reason = coalesce(s.reason, r.reason), sent_at = coalesce(r.sent_at, s.sent_at),
        delivered_at = coalesce(r.delivered_at, s.delivered_at), read_at = coalesce(r.read_at, s.read_at)
      from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[])
        as s(broadcast_id, contact_id, account_id, status, reason, sent_at, delivered_at, read_at)
      where r.broadcast_id = s.broadcast_id and r.contact_id = s.contact_id and r.account_id = s.account_id`,
  },
  // A person may say several things at once, on both networks; whoever writes here holds the rows in the order of contacts.
  words: {
    name: 'broadcast_note_words',
    text: `
      with said as (
        select s.account_id, i.contact_id, max(s.at) as at, bool_or(s.is_opt_out) as is_opt_out
        from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::boolean[]) as s(account_id, network, user_id, at, is_opt_out)
        cross join lateral (
          select contact_id from identity as i
          where i.account_id = s.account_id and i.network = s.network and i.user_id = s.user_id
          limit 1
        ) as i
        group by s.account_id, i.contact_id
      ), answering as (
        select r.broadcast_id, r.contact_id, said.at, said.is_opt_out
        from (select * from said order by contact_id) as said
        cross join lateral (
          select broadcast_id, contact_id
          from broadcast_recipient as r
          where r.account_id = said.account_id and r.contact_id = said.contact_id
            and r.sent_at <= said.at and r.sent_at > said.at - interval '${ANSWER_HOURS} hours'
            and (r.answered_at is null or (said.is_opt_out and r.unsubscribed_at is null))
          order by broadcast_id
          for update
        ) as r
      )
      update broadcast_recipient as r
      set answered_at = coalesce(r.answered_at, a.at), unsubscribed_at = case when a.is_opt_out then coalesce(r.unsubscribed_at, a.at) else r.unsubscribed_at end
      from answering as a
      where r.broadcast_id = a.broadcast_id and r.contact_id = a.contact_id`,
  },
  click: {
    name: 'broadcast_note_click',
    text: `
      update broadcast_recipient set clicked_at = coalesce(clicked_at, $3), read_at = coalesce(read_at, $3)
      where broadcast_id = $1 and contact_id = $2`,
  },
} as const;

const REASON_OF_CODE: ReadonlyMap<number, string> = new Map(Object.entries(STATUS_ERRORS).map(([name, code]) => [code, name]));

interface Noted {
  broadcastId: number;
  contactId: number;
  accountId: number;
  status: Status;
  reason: string | null;
  sentAt: Date | null;
  deliveredAt: Date | null;
  readAt: Date | null;
}

/** What happened to messages of broadcasts, among all that happened; in the transaction that takes the events. */
export async function noteStatuses(
  tx: Queryable,
  contacts: Pick<Contacts, 'noteRefused'>,
  events: readonly DispatchEvent[],
): Promise<void> {
  const noted = new Map<string, Noted>();
  const refused = new Map<string, { event: DispatchEvent; contactIds: number[] }>();
  for (const event of events) {
    const key = recipientOf(event.clientMessageId);
    if (key === null) continue;
    const { status, at, accountId, network, groupId } = event;
    const before = noted.get(event.clientMessageId as string);
    const reason = reasonOf(event);
    noted.set(event.clientMessageId as string, {
      ...{ ...key, accountId, status, reason: reason ?? before?.reason ?? null },
      sentAt: before?.sentAt ?? (['SENT', 'DELIVERED', 'READ'].includes(status) ? at : null),
      deliveredAt: before?.deliveredAt ?? (['DELIVERED', 'READ'].includes(status) ? at : null),
      readAt: before?.readAt ?? (status === 'READ' ? at : null),
    });
    if (reason !== 'refused_by_user') continue;
    const group = `${accountId} ${network} ${groupId}`;
    refused.set(group, { event, contactIds: [...(refused.get(group)?.contactIds ?? []), key.contactId] });
  }
  if (noted.size === 0) return;
  // In one order for everybody who writes here: contacts first.
  const rows = [...noted.values()].sort((a, b) => a.contactId - b.contactId || a.broadcastId - b.broadcastId);
  const column = <Name extends keyof Noted>(name: Name): readonly Noted[Name][] => rows.map((row) => row[name]);
  await tx.run(SQL.statuses, [
    ...[column('broadcastId'), column('contactId'), column('accountId'), column('status'), column('reason')],
    ...[column('sentAt'), column('deliveredAt'), column('readAt')],
  ]);
  for (const { event, contactIds } of refused.values()) await contacts.noteRefused(tx, event, contactIds, event.at);
}

function reasonOf({ errorCode }: DispatchEvent): string | null {
  return errorCode === STATUS_ERRORS.none ? null : (REASON_OF_CODE.get(errorCode) ?? null);
}

interface Said extends NetworkUser {
  at: Date;
  isOptOut: boolean;
}

const noteAnswers = gathered(async (tx: Queryable, said: readonly Said[]) => {
  await tx.run(SQL.words, [
    said.map(({ accountId }) => accountId),
    said.map(({ network }) => network),
    said.map(({ userId }) => userId),
    said.map(({ at }) => at),
    said.map(({ isOptOut }) => isOptOut),
  ]);
  return [];
});

/** A person wrote: an answer to what they got lately, and maybe the wish to get no more. */
export async function noteWords(tx: Queryable, user: NetworkUser, word: { at: Date; isOptOut: boolean }): Promise<void> {
  await noteAnswers(tx, [{ ...user, ...word }]);
}

/** False where the broadcast was not for them. */
export async function noteClick(on: Queryable, broadcastId: number, contactId: number, at: Date): Promise<boolean> {
  return (await on.run(SQL.click, [broadcastId, contactId, at])) === 1;
}
