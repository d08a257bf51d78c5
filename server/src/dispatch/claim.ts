import type { Keyboard } from '@soroka/channels';
import type { ConnectionSettings } from '../connections/connections.ts';
import type { ContactOfPhone, Contacts } from '../contacts/contacts.ts';
import { type DayCaps, type DayWant, LIMITS } from '../limits/limits.ts';
import type { Clock } from '../platform/clock.ts';
import { type Database, isDatabaseAway, type Queryable } from '../platform/database.ts';
import type { ChangeWriter } from './changes.ts';
import { type DueRow, lockDue, markSending, postpone } from './claim-rows.ts';
import type { ReplyContent } from './contract.ts';
import { type DecideSettings, decide, type Fact } from './decide.ts';
import type { Looked, QueueShare } from './lane-queues.ts';
import { nextAllowed } from './windows.ts';
import type { Work } from './work.ts';

/** Which work of a lane may be claimed now. */
export interface ClaimRequest {
  laneId: number;
  epoch: number;
  network: 'vk' | 'ok';
  connection: { id: number; kind: 'vk' | 'ok' | 'notify'; settings: ConnectionSettings };
  /** All of this connection. */
  queues: readonly QueueShare[];
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
  /** Of a reply. */
  replyContent: ReplyContent | null;
  templateId: number | null;
  /** That it was accepted with; null: of a release that knew none. */
  templateVersion: number | null;
  templateDataJson: string | null;
  intent: string | null;
  /** The name of its sender. */
  service: string | null;
  deliveryPolicy: string;
  expiresAt: number;
}

export interface Claim {
  messages: readonly ClaimedMessage[];
  /** What was found in each queue, in the order of the request. */
  looked: readonly Looked[];
}

export interface ClaimParts {
  database: Database;
  clock: Clock;
  contacts: Pick<Contacts, 'ofPhones'>;
  dayCaps: DayCaps;
  changes: ChangeWriter;
  decideSettings: DecideSettings;
  /** Messages ended or moved to other lanes, because they could not be sent. */
  onChanged(work: readonly Work[]): void;
}

/**
 * Claims what is due for all of these lanes and commits the intents in one transaction. Whatever cannot be sent there (no contact, a
 * policy the provider does not know, a full day) goes to its next route or ends in the same transaction. Where the transaction fails,
 * smaller ones are tried, down to the lane whose rows cannot be claimed.
 */
export async function claimTogether(
  parts: ClaimParts,
  requests: readonly ClaimRequest[],
): Promise<readonly PromiseSettledResult<Claim>[]> {
  try {
    const { claims, changed, work } = await claimAll(parts, requests, new Date(parts.clock.now()));
    if (changed) parts.onChanged(work);
    return claims.map((value) => ({ status: 'fulfilled', value }));
  } catch (reason) {
    // Whether a lost connection took a commit along is not known: each lane looks for what it may have claimed.
    if (requests.length === 1 || isDatabaseAway(reason)) return requests.map(() => ({ status: 'rejected', reason }));
    const half = Math.ceil(requests.length / 2);
    const first = await claimTogether(parts, requests.slice(0, half));
    return [...first, ...(await claimTogether(parts, requests.slice(half)))];
  }
}

// A network may have forgotten the key of an earlier call by then, longer than any wait between two tries: its person may get both.
const REPEAT_DROPPED_MS = 120_000;

interface Due {
  row: DueRow;
  request: ClaimRequest;
}
interface Ready extends Due {
  recipientId: string;
  persons: readonly string[];
}
/** Not sent now: `fact` says why. */
interface Kept<Why extends Fact['kind']> {
  row: DueRow;
  fact: Extract<Fact, { kind: Why }>;
}
interface Allowed extends Ready {
  /** The names in which it counts in its person's day from now on; null where it counts in none. */
  daySlotPersons: readonly string[] | null;
}

function claimAll(
  parts: ClaimParts,
  requests: readonly ClaimRequest[],
  now: Date,
): Promise<{ claims: readonly Claim[]; changed: boolean; work: readonly Work[] }> {
  return parts.database.transaction(async (tx) => {
    const found = await dueOf(tx, requests, now);
    const due = requests.flatMap((request, index) => (found[index] ?? []).flat().map((row): Due => ({ row, request })));

    const contacts = await contactsOf(parts, tx, due);
    const ready: Ready[] = [];
    const unsendable: Kept<'unsendable'>[] = [];
    const postponed: Kept<'postponed'>[] = [];
    for (const { row, request } of due) {
      const opens = row.windows === null ? now.getTime() : nextAllowed(row.windows, now.getTime());
      const recipient = recipientOf(row, request, contacts);
      if (opens > now.getTime()) postponed.push({ row, fact: { kind: 'postponed', reason: 'window', until: opens } });
      else if ('reason' in recipient) unsendable.push({ row, fact: { kind: 'unsendable', reason: recipient.reason } });
      else ready.push({ row, request, ...recipient });
    }

    const { allowed, refused, waiting } = await takeDaySlots(parts, tx, ready, now);
    postponed.push(...waiting);
    unsendable.push(...refused.map((row) => ({ row, fact: { kind: 'unsendable', reason: 'daily_limit' } as const })));

    const intents = allowed.map(({ row, request, daySlotPersons }) => ({
      ...{ messageId: row.messageId, epoch: request.epoch, daySlotPersons },
    }));
    await markSending(tx, intents, now);
    await postpone(
      tx,
      postponed.map(({ row, fact }) => ({ messageId: row.messageId, dueAt: new Date(fact.until) })),
    );
    const work = await settleKept(parts, tx, [...unsendable, ...postponed], now);
    const messages = Map.groupBy(allowed, ({ request }) => request);
    const claims = requests.map((request, index) => ({
      messages: (messages.get(request) ?? []).map(({ row, recipientId }) => claimed(row, recipientId)),
      looked: (found[index] ?? []).map(lookedAt),
    }));
    return { claims, changed: unsendable.length > 0, work };
  });
}

/** The due rows of each queue of each request. */
async function dueOf(
  tx: Queryable,
  requests: readonly ClaimRequest[],
  now: Date,
): Promise<readonly (readonly (readonly DueRow[])[])[]> {
  const wants = requests.flatMap(({ laneId, epoch, queues }) => queues.map((queue) => ({ laneId, epoch, ...queue })));
  const found = await lockDue(tx, wants, now);
  let next = 0;
  return requests.map(({ queues }) => queues.map(() => found[next++] ?? []));
}

function lookedAt(rows: readonly DueRow[]): Looked {
  const last = rows.at(-1);
  return { found: rows.length, last: last === undefined ? null : { dueAt: last.dueAt.getTime(), messageId: last.messageId } };
}

/** The contact of each notification's phone, by the row. */
async function contactsOf(
  { contacts }: ClaimParts,
  tx: Queryable,
  due: readonly Due[],
): Promise<ReadonlyMap<DueRow, ContactOfPhone>> {
  const asked = due.flatMap(({ row }) => (row.phone === null ? [] : [{ row, accountId: row.accountId, phone: row.phone }]));
  if (asked.length === 0) return new Map();
  const found = await contacts.ofPhones(tx, asked);
  return new Map(
    asked.flatMap(({ row }, index) => {
      const contact = found[index] ?? null;
      return contact === null ? [] : [[row, contact] as const];
    }),
  );
}

type Recipient = { recipientId: string; persons: readonly string[] } | { reason: 'no_contact' | 'policy' };

/** Whom the provider is to address, and the names under which the day's limit knows the person; a reply counts in no limit, but one of a broadcast. */
function recipientOf(
  row: DueRow,
  { connection, network }: ClaimRequest,
  contacts: ReadonlyMap<DueRow, ContactOfPhone>,
): Recipient {
  if (row.kind === 'reply') {
    if (row.peerId === null) return { reason: 'no_contact' };
    // Of a broadcast the peer is the person: group chats get none.
    return { recipientId: row.peerId, persons: row.countsInDay ? [`user:${row.peerId}`] : [] };
  }
  const phone = row.phone as string;
  const userId = contacts.get(row)?.userIds[network];
  const persons = [`phone:${phone}`, ...(userId === undefined ? [] : [`user:${userId}`])];
  if (connection.kind === 'notify') return { recipientId: phone, persons };
  if (row.deliveryPolicy !== 'any') return { reason: 'policy' };
  return userId === undefined ? { reason: 'no_contact' } : { recipientId: userId, persons };
}

/** A place in the day of each person, where the connection has a cap and the message counts in it. */
async function takeDaySlots(
  { dayCaps }: ClaimParts,
  tx: Queryable,
  ready: readonly Ready[],
  now: Date,
): Promise<{ allowed: Allowed[]; refused: DueRow[]; waiting: Kept<'postponed'>[] }> {
  const wants = ready.map(({ row, request, persons }): DayWant | null => {
    const max =
      request.connection.settings.perDay === undefined ? LIMITS.notificationsPerPerson.max : request.connection.settings.perDay;
    if (max === null || persons.length === 0) return null;
    const { daySlotAt, dayPersons, maybeSent } = row;
    const mayComeTwice = maybeSent && daySlotAt !== null && now.getTime() - daySlotAt.getTime() > REPEAT_DROPPED_MS;
    const held =
      daySlotAt === null || dayPersons === null || mayComeTwice ? {} : { held: { persons: dayPersons, takenAt: daySlotAt } };
    return { laneId: request.laneId, persons, max, ...held };
  });
  const asking = wants.filter((want) => want !== null);
  const answers = asking.length === 0 ? [] : [...(await dayCaps.take(tx, asking, now))];
  const allowed: Allowed[] = [];
  const refused: DueRow[] = [];
  const waiting: Kept<'postponed'>[] = [];
  for (const [index, item] of ready.entries()) {
    const answer = wants[index] === null ? undefined : answers.shift();
    if (answer === undefined) allowed.push({ ...item, daySlotPersons: null });
    else if (answer.taken) allowed.push({ ...item, daySlotPersons: answer.persons });
    else if (item.request.connection.settings.perDayMode === 'wait' && answer.freeAt < item.row.expiresAt)
      waiting.push({ row: item.row, fact: { kind: 'postponed', reason: 'daily_limit', until: answer.freeAt.getTime() } });
    else refused.push(item.row);
  }
  return { allowed, refused, waiting };
}

/** Ends what cannot be sent, or gives it to its next route, and notes of what is put off why it was. */
async function settleKept(
  { changes, decideSettings }: ClaimParts,
  tx: Queryable,
  kept: readonly { row: DueRow; fact: Fact }[],
  now: Date,
): Promise<readonly Work[]> {
  if (kept.length === 0) return [];
  const facts = new Map(kept.map(({ row, fact }) => [row.messageId, fact]));
  const locked = await changes.lock(tx, [...facts.keys()]);
  const decided = locked.flatMap((message) => {
    const fact = facts.get(message.id);
    const change = fact === undefined ? null : decide(message, fact, now.getTime(), decideSettings);
    return change === null ? [] : [{ message, change }];
  });
  return changes.apply(tx, decided, now);
}

function claimed(row: DueRow, recipientId: string): ClaimedMessage {
  const {
    messageId,
    accountId,
    kind,
    step,
    text,
    keyboard,
    replyContent,
    templateId,
    templateVersion,
    templateDataJson,
    service,
    deliveryPolicy,
    intent,
  } = row;
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
    replyContent,
    templateId,
    templateVersion,
    templateDataJson,
    intent,
    service,
    deliveryPolicy,
    expiresAt,
  };
}
