import { STATUS_ERRORS, type Status } from '@soroka/api';
import type { Contacts } from '../contacts/contacts.ts';
import type { DispatchEvent } from '../dispatch/dispatch.ts';
import type { Queryable } from '../platform/database.ts';
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
  words: {
    name: 'broadcast_note_words',
    text: `
      update broadcast_recipient
      set answered_at = coalesce(answered_at, $4), unsubscribed_at = case when $5 then coalesce(unsubscribed_at, $4) else unsubscribed_at end
      where account_id = $1
        and contact_id = (select contact_id from identity where account_id = $1 and network = $2 and user_id = $3)
        and sent_at <= $4 and sent_at > $4::timestamptz - interval '${ANSWER_HOURS} hours'
        and (answered_at is null or ($5 and unsubscribed_at is null))`,
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
  // In one order for everybody who writes here.
  const rows = [...noted.values()].sort((a, b) => a.broadcastId - b.broadcastId || a.contactId - b.contactId);
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

/** A person wrote: an answer to what they got lately, and maybe the wish to get no more. */
export async function noteWords(
  tx: Queryable,
  { accountId, network, userId }: { accountId: number; network: 'vk' | 'ok'; userId: string },
  { at, isOptOut }: { at: Date; isOptOut: boolean },
): Promise<void> {
  await tx.run(SQL.words, [accountId, network, userId, at, isOptOut]);
}

/** False where the broadcast was not for them. */
export async function noteClick(on: Queryable, broadcastId: number, contactId: number, at: Date): Promise<boolean> {
  return (await on.run(SQL.click, [broadcastId, contactId, at])) === 1;
}
