import type { Keyboard } from '@soroka/channels';
import type { Queryable, Statement } from '../platform/database.ts';
import type { ReplyContent } from './contract.ts';
import type { QueueShare } from './lane-queues.ts';
import type { ZonedWindow } from './windows.ts';

// The statements of a claim: for many lanes at once, whose requests are rows of arrays.

/** Due rows of one queue that a lane wants. */
export interface QueueWant extends QueueShare {
  laneId: number;
  epoch: number;
}

export interface DueRow {
  messageId: number;
  accountId: number;
  step: number;
  attempt: number;
  daySlotAt: Date | null;
  dayPersons: readonly string[] | null;
  /** An earlier call had no answer. */
  maybeSent: boolean;
  expiresAt: Date;
  dueAt: Date;
  kind: 'notification' | 'reply';
  phone: string | null;
  peerId: string | null;
  text: string;
  keyboard: Keyboard | null;
  replyContent: ReplyContent | null;
  templateId: number | null;
  templateVersion: number | null;
  templateDataJson: string | null;
  /** The name of its sender. */
  service: string | null;
  deliveryPolicy: string;
  /** Of a broadcast. */
  intent: string | null;
  /** A reply that counts in the person's day as notifications do. */
  countsInDay: boolean;
  windows: readonly ZonedWindow[] | null;
}

// Only the lane's owner of this epoch finds anything. `skip locked` is for cancels and expiry, not for other claimers: a lane has one.
// One queue at a time, from its cursor on: the index gives the due rows in their order, and neither those of tomorrow behind them nor
// what is left of those that went before are walked through, however long a snapshot keeps those from being cleaned away.
const DUE: Statement = {
  name: 'dispatch.claim.due',
  text: `
    select w.place, d.message_id as "messageId", d.account_id as "accountId", d.step, d.attempt, d.day_slot_at as "daySlotAt",
      d.day_persons as "dayPersons", d.maybe_sent as "maybeSent", d.expires_at as "expiresAt", d.due_at as "dueAt", m.kind, m.phone, m.peer_id as "peerId", m.text, m.keyboard, m.reply_content as "replyContent", m.template_id as "templateId", m.template_version as "templateVersion",
      m.template_data as "templateDataJson", m.service, m.delivery_policy as "deliveryPolicy", m.windows, m.intent,
      m.kind = 'reply' and m.class is not null as "countsInDay"
    from unnest($1::int[], $2::bigint[], $3::bigint[], $4::smallint[], $5::bigint[], $6::timestamptz[], $7::bigint[], $8::int[]) with ordinality
      as w(lane_id, epoch, connection_id, priority, account_id, after_due_at, after_id, wanted, place)
    join lane as l on l.id = w.lane_id and l.epoch = w.epoch
    cross join lateral (
      select message_id, account_id, step, attempt, day_slot_at, day_persons, maybe_sent, expires_at, due_at
      from delivery
      where lane_id = l.id and connection_id = w.connection_id and priority = w.priority and account_id = w.account_id and state = 'queued'
        and (due_at, message_id) > (w.after_due_at, w.after_id) and due_at <= $9 and expires_at > $9
      order by due_at, message_id
      limit w.wanted
      for update skip locked
    ) as d
    cross join lateral (select * from message where id = d.message_id limit 1) as m
    order by w.place, d.due_at, d.message_id`,
};
const MARK: Statement = {
  name: 'dispatch.claim.mark',
  text: `
    update delivery as d
    set state = 'sending', attempt = d.attempt + 1, epoch = c.epoch,
        day_slot_at = coalesce(c.day_slot_at, d.day_slot_at), day_persons = coalesce(c.day_persons, d.day_persons)
    from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::jsonb[]) as c(id, epoch, day_slot_at, day_persons)
    where d.message_id = c.id`,
};
const POSTPONE: Statement = {
  name: 'dispatch.claim.postpone',
  text: `
    update delivery as d set due_at = c.due_at
    from unnest($1::bigint[], $2::timestamptz[]) as c(id, due_at) where d.message_id = c.id`,
};

/** Locks what is due of each queue; the rows of each want, in their order. */
export async function lockDue(tx: Queryable, wants: readonly QueueWant[], now: Date): Promise<readonly (readonly DueRow[])[]> {
  if (wants.length === 0) return [];
  const rows = await tx.rows<DueRow & { place: number }>(DUE, [
    wants.map(({ laneId }) => laneId),
    wants.map(({ epoch }) => epoch),
    wants.map(({ connectionId }) => connectionId),
    wants.map(({ priority }) => priority),
    wants.map(({ accountId }) => accountId),
    wants.map(({ after }) => new Date(after?.dueAt ?? 0)),
    wants.map(({ after }) => after?.messageId ?? 0),
    wants.map(({ limit }) => limit),
    now,
  ]);
  const found: DueRow[][] = wants.map(() => []);
  for (const { place, ...row } of rows) found[place - 1]?.push(row);
  return found;
}

/** Commits the intent to send these under the epochs of their lanes; `daySlotPersons`: the names in which they count from now on. */
export async function markSending(
  tx: Queryable,
  claimed: readonly { messageId: number; epoch: number; daySlotPersons: readonly string[] | null }[],
  now: Date,
): Promise<void> {
  if (claimed.length === 0) return;
  await tx.run(MARK, [
    claimed.map(({ messageId }) => messageId),
    claimed.map(({ epoch }) => epoch),
    claimed.map(({ daySlotPersons }) => (daySlotPersons === null ? null : now)),
    claimed.map(({ daySlotPersons }) => (daySlotPersons === null ? null : JSON.stringify(daySlotPersons))),
  ]);
}

export async function postpone(tx: Queryable, postponed: readonly { messageId: number; dueAt: Date }[]): Promise<void> {
  if (postponed.length === 0) return;
  await tx.run(POSTPONE, [postponed.map(({ messageId }) => messageId), postponed.map(({ dueAt }) => dueAt)]);
}
