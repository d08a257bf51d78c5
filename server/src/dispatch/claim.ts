import type { Keyboard } from '@soroka/channels';
import type { ConnectionSettings } from '../connections/connections.ts';
import type { ContactOfPhone, Contacts } from '../contacts/contacts.ts';
import { type DayCaps, type DayWant, LIMITS } from '../limits/limits.ts';
import type { Database, Queryable, Statement } from '../platform/database.ts';
import type { ChangeWriter } from './changes.ts';
import { type DecideSettings, decide, type Fact } from './decide.ts';
import { nextAllowed, type ZonedWindow } from './windows.ts';
import type { Work } from './work.ts';

/** Which work of a lane may be claimed now. */
export interface ClaimRequest {
  laneId: number;
  epoch: number;
  network: 'vk' | 'ok';
  connection: { id: number; kind: 'vk' | 'ok' | 'notify'; settings: ConnectionSettings };
  /** 0: replies only, because the group's notification slots are all taken. */
  priorityMax: 0 | 1;
  limit: number;
}

/** A message whose intent is committed: it is ours to send, once, under this attempt. */
export interface ClaimedMessage {
  messageId: number;
  accountId: number;
  kind: 'notification' | 'reply';
  step: number;
  attempt: number;
  /** Digits of the phone (notify), or the network's id of the person or chat. */
  recipientId: string;
  text: string;
  keyboard: Keyboard | null;
  templateId: number | null;
  templateDataJson: string | null;
  /** The name of its sender. */
  service: string | null;
  deliveryPolicy: string;
  expiresAt: number;
}

export interface Claim {
  messages: readonly ClaimedMessage[];
  /** As many rows were due as were asked for: there may be more. */
  more: boolean;
}

interface DueRow {
  messageId: number;
  accountId: number;
  step: number;
  attempt: number;
  daySlotAt: Date | null;
  dayPersons: readonly string[] | null;
  expiresAt: Date;
  kind: 'notification' | 'reply';
  phone: string | null;
  peerId: string | null;
  text: string;
  keyboard: Keyboard | null;
  templateId: number | null;
  templateDataJson: string | null;
  /** The name of its sender. */
  service: string | null;
  deliveryPolicy: string;
  windows: readonly ZonedWindow[] | null;
}

// Only the lane's owner of this epoch finds anything. `skip locked` is for cancels and expiry, not for other claimers: a lane has one.
// One class at a time: then the index gives the due rows in their order, and those of tomorrow behind them are not walked through.
const DUE: Statement = {
  name: 'dispatch.claim.due',
  text: `
    select d.message_id as "messageId", d.account_id as "accountId", d.step, d.attempt, d.day_slot_at as "daySlotAt",
      d.day_persons as "dayPersons", d.expires_at as "expiresAt", m.kind, m.phone, m.peer_id as "peerId", m.text, m.keyboard, m.template_id as "templateId",
      m.template_data as "templateDataJson", m.service, m.delivery_policy as "deliveryPolicy", m.windows
    from lane as l
    cross join lateral (
      select message_id, account_id, step, attempt, day_slot_at, day_persons, expires_at, due_at
      from delivery
      where lane_id = l.id and connection_id = $3 and state = 'queued' and priority = $4 and due_at <= $5 and expires_at > $5
      order by due_at, message_id
      limit $6
      for update skip locked
    ) as d
    join message as m on m.id = d.message_id
    where l.id = $1 and l.epoch = $2
    order by d.due_at, d.message_id`,
};
const MARK: Statement = {
  name: 'dispatch.claim.mark',
  text: `
    update delivery as d
    set state = 'sending', attempt = d.attempt + 1, epoch = $1,
        day_slot_at = coalesce(c.day_slot_at, d.day_slot_at), day_persons = coalesce(c.day_persons, d.day_persons)
    from unnest($2::bigint[], $3::timestamptz[], $4::jsonb[]) as c(id, day_slot_at, day_persons)
    where d.message_id = c.id`,
};
const POSTPONE: Statement = {
  name: 'dispatch.claim.postpone',
  text: `
    update delivery as d set due_at = c.due_at
    from unnest($1::bigint[], $2::timestamptz[]) as c(id, due_at) where d.message_id = c.id`,
};

export interface ClaimParts {
  database: Database;
  contacts: Pick<Contacts, 'byPhones'>;
  dayCaps: DayCaps;
  changes: ChangeWriter;
  decideSettings: DecideSettings;
}

/**
 * Claims what is due on one connection of a lane and commits the intents. Whatever cannot be sent there (no contact, a
 * policy the provider does not know, a full day) goes to its next route or ends in the same transaction.
 */
export async function claimDue(
  parts: ClaimParts,
  request: ClaimRequest,
  now: Date,
): Promise<Claim & { changed: boolean; work: readonly Work[] }> {
  return parts.database.transaction(async (tx) => {
    const due = await dueOf(tx, request, now);
    if (due.length === 0) return { messages: [], more: false, changed: false, work: [] };

    const contacts = await contactsOf(parts, tx, due);
    const ready: { row: DueRow; recipientId: string; persons: readonly string[] }[] = [];
    const unsendable: { row: DueRow; fact: Fact }[] = [];
    const postponed: { id: number; dueAt: Date }[] = [];
    for (const row of due) {
      const opens = row.windows === null ? now.getTime() : nextAllowed(row.windows, now.getTime());
      const recipient = recipientOf(row, request, contacts);
      if (opens > now.getTime()) postponed.push({ id: row.messageId, dueAt: new Date(opens) });
      else if ('reason' in recipient) unsendable.push({ row, fact: { kind: 'unsendable', reason: recipient.reason } });
      else ready.push({ row, ...recipient });
    }

    const { allowed, refused, waiting } = await takeDaySlots(parts, tx, request, ready, now);
    postponed.push(...waiting);
    unsendable.push(...refused.map((row) => ({ row, fact: { kind: 'unsendable', reason: 'daily_limit' } as const })));

    if (allowed.length > 0) {
      await tx.run(MARK, [
        request.epoch,
        allowed.map(({ row }) => row.messageId),
        allowed.map(({ place }) => (place === null ? null : now)),
        allowed.map(({ place }) => (place === null ? null : JSON.stringify(place))),
      ]);
    }
    if (postponed.length > 0) await tx.run(POSTPONE, [postponed.map((row) => row.id), postponed.map((row) => row.dueAt)]);
    const work = await settleUnsendable(parts, tx, unsendable, now);
    const messages = allowed.map(({ row, recipientId }) => claimed(row, recipientId));
    return { messages, more: due.length === request.limit, changed: unsendable.length > 0, work };
  });
}

async function dueOf(tx: Queryable, request: ClaimRequest, now: Date): Promise<readonly DueRow[]> {
  const { laneId, epoch, connection, priorityMax, limit } = request;
  const due: DueRow[] = [];
  // An upstream takes no replies.
  for (let priority = connection.kind === 'notify' ? 1 : 0; priority <= priorityMax && due.length < limit; priority += 1)
    due.push(...(await tx.rows<DueRow>(DUE, [laneId, epoch, connection.id, priority, now, limit - due.length])));
  return due;
}

async function contactsOf(
  parts: ClaimParts,
  tx: Queryable,
  due: readonly DueRow[],
): Promise<ReadonlyMap<string, ContactOfPhone>> {
  const phonesByAccount = Map.groupBy(
    due.filter((row) => row.phone !== null),
    (row) => row.accountId,
  );
  const found = new Map<string, ContactOfPhone>();
  for (const [accountId, rows] of phonesByAccount) {
    const phones = [...new Set(rows.map((row) => row.phone as string))];
    for (const [phone, contact] of await parts.contacts.byPhones(tx, accountId, phones))
      found.set(`${accountId}:${phone}`, contact);
  }
  return found;
}

type Recipient = { recipientId: string; persons: readonly string[] } | { reason: 'no_contact' | 'policy' };

/** Whom the provider is to address, and the names under which the day's limit knows the person; a reply counts in no limit. */
function recipientOf(
  row: DueRow,
  { connection, network }: ClaimRequest,
  contacts: ReadonlyMap<string, ContactOfPhone>,
): Recipient {
  if (row.kind === 'reply') return row.peerId === null ? { reason: 'no_contact' } : { recipientId: row.peerId, persons: [] };
  const phone = row.phone as string;
  const userId = contacts.get(`${row.accountId}:${phone}`)?.userIds[network];
  const persons = [`phone:${phone}`, ...(userId === undefined ? [] : [`user:${userId}`])];
  if (connection.kind === 'notify') return { recipientId: phone, persons };
  if (row.deliveryPolicy !== 'any') return { reason: 'policy' };
  return userId === undefined ? { reason: 'no_contact' } : { recipientId: userId, persons };
}

/** `place`: the names under which it counts from now on; null where the connection has no cap or it counts in none. */
async function takeDaySlots<Ready extends { row: DueRow; persons: readonly string[] }>(
  { dayCaps }: ClaimParts,
  tx: Queryable,
  { laneId, connection }: ClaimRequest,
  ready: readonly Ready[],
  now: Date,
): Promise<{
  allowed: (Ready & { place: readonly string[] | null })[];
  refused: DueRow[];
  waiting: { id: number; dueAt: Date }[];
}> {
  const { perDay = LIMITS.notificationsPerPerson.max, perDayMode = 'refuse' } = connection.settings;
  const asks = ({ persons }: Ready): boolean => perDay !== null && persons.length > 0;
  const wants = ready.filter(asks).map(({ row, persons }): DayWant => {
    const { daySlotAt, dayPersons } = row;
    const held = daySlotAt === null || dayPersons === null ? {} : { held: { persons: dayPersons, takenAt: daySlotAt } };
    return { persons, max: perDay ?? 0, ...held };
  });
  const answers = wants.length === 0 ? [] : [...(await dayCaps.take(tx, laneId, wants, now))];
  const allowed: (Ready & { place: readonly string[] | null })[] = [];
  const refused: DueRow[] = [];
  const waiting: { id: number; dueAt: Date }[] = [];
  for (const item of ready) {
    const answer = asks(item) ? answers.shift() : undefined;
    if (answer === undefined) allowed.push({ ...item, place: null });
    else if (answer.taken) allowed.push({ ...item, place: answer.persons });
    else if (perDayMode === 'wait' && answer.freeAt < item.row.expiresAt)
      waiting.push({ id: item.row.messageId, dueAt: answer.freeAt });
    else refused.push(item.row);
  }
  return { allowed, refused, waiting };
}

async function settleUnsendable(
  { changes, decideSettings }: ClaimParts,
  tx: Queryable,
  unsendable: readonly { row: DueRow; fact: Fact }[],
  now: Date,
): Promise<readonly Work[]> {
  if (unsendable.length === 0) return [];
  const facts = new Map(unsendable.map(({ row, fact }) => [row.messageId, fact]));
  const locked = await changes.lock(tx, [...facts.keys()]);
  const decided = locked.flatMap((message) => {
    const fact = facts.get(message.id);
    const change = fact === undefined ? null : decide(message, fact, now.getTime(), decideSettings);
    return change === null ? [] : [{ message, change }];
  });
  return changes.apply(tx, decided, now);
}

function claimed(row: DueRow, recipientId: string): ClaimedMessage {
  const { messageId, accountId, kind, step, text, keyboard, templateId, templateDataJson, service, deliveryPolicy } = row;
  const attempt = row.attempt + 1;
  const expiresAt = row.expiresAt.getTime();
  return {
    messageId,
    accountId,
    kind,
    step,
    attempt,
    recipientId,
    text,
    keyboard,
    templateId,
    templateDataJson,
    service,
    deliveryPolicy,
    expiresAt,
  };
}
