import { randomUUID } from 'node:crypto';
import type { Accounts } from '../accounts/accounts.ts';
import type { Callbacks } from '../callbacks/callbacks.ts';
import type { Connection, Connections } from '../connections/connections.ts';
import type { Contacts } from '../contacts/contacts.ts';
import { createBudgets, createDayCaps, LIMITS } from '../limits/limits.ts';
import { createAgedCache } from '../platform/aged-cache.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable, Transaction } from '../platform/database.ts';
import type { Logger } from '../platform/telemetry.ts';
import type { Templates } from '../templates/templates.ts';
import { createAccept } from './accept.ts';
import { createBacklog } from './backlog.ts';
import { acceptBroadcast, roomWithin, sentOfDay } from './broadcast.ts';
import { cancelForGood, cancelMessages, messagesOfKey, waitingForPhone } from './cancel.ts';
import { createChangeWriter } from './changes.ts';
import { type Claim, type ClaimRequest, claimTogether } from './claim.ts';
import type {
  AcceptResult,
  BroadcastRoute,
  Cancelled,
  DispatchEvent,
  MessageCourse,
  MessageFilter,
  MessageView,
  NewBroadcastMessage,
  NewNotification,
  NewReply,
  ProviderReceipt,
  Rehearsal,
  Remember,
  ReplyContent,
} from './contract.ts';
import { courseOf } from './course.ts';
import { logDispatchTo } from './events.ts';
import type { DecideSettings } from './facts.ts';
import { createGroupCommit } from './group-commit.ts';
import { createLaneDirectory } from './lane-directory.ts';
import { createLanes } from './lanes.ts';
import { getMessage, listMessages, takeEvents } from './messages.ts';
import { createOutgoing } from './outgoing.ts';
import { createPauses } from './pauses.ts';
import { applyFacts, messageIdOf, takeReceipts } from './receipts.ts';
import { createRecovery } from './recover.ts';
import { rehearse } from './rehearse.ts';
import { acceptReplies, nextMessageId, replyContent } from './reply.ts';
import { createSettler } from './settle.ts';
import { createSweep } from './sweep.ts';
import { createTurns } from './turns.ts';
import { createUpstreamBreakers } from './upstream-breaker.ts';
import type { Work } from './work.ts';

export type {
  AcceptAnswer,
  AcceptResult,
  BroadcastRoute,
  Cancelled,
  CourseNote,
  DispatchEvent,
  HistoryEntry,
  MessageCourse,
  MessageFilter,
  MessageView,
  MetCap,
  NewBroadcastMessage,
  NewNotification,
  NewReply,
  NewStep,
  ProviderReceipt,
  Refusal,
  Rehearsal,
  Remember,
  ReplyContent,
  SendWindow,
} from './contract.ts';

export { createPurge, type Purge } from './purge.ts';
export { type Prepared, prepareRestored } from './restored.ts';
export { nextAllowed, timeZoneOfPhone, WHOLE_DAY, withoutQuiet, type ZonedWindow } from './windows.ts';

export interface Dispatch {
  /** Renders, refuses or stores each; everything accepted is durable when this resolves. Answers in the order of the items. */
  accept(accountId: number, items: readonly NewNotification[], remember?: Remember): Promise<AcceptResult>;
  /** What would become of each if it were given now, in their order; those before count for those after. Nothing is stored or taken. */
  rehearse(accountId: number, items: readonly NewNotification[]): Promise<readonly Rehearsal[]>;
  /** Puts replies of bots and operators ahead of the notifications of their groups; ttl 24 h, no cap, no callback. The messages' ids, in their order. */
  acceptReplies(tx: Queryable, replies: readonly NewReply[]): Promise<readonly number[]>;
  /** An id for a reply that is shown before it can be given. */
  nextMessageId(on: Queryable): Promise<number>;
  /** What a reply of the account carries beside its text; null where it carries nothing, or is none. */
  replyContent(on: Queryable, accountId: number, messageId: number): Promise<ReplyContent | null>;
  /** Puts messages of a broadcast behind what waits for their group, in the class of broadcasts; they count in the person's day. Ids in their order. */
  acceptBroadcast(
    tx: Transaction,
    accountId: number,
    route: BroadcastRoute,
    messages: readonly NewBroadcastMessage[],
  ): Promise<readonly number[]>;
  /** How many more messages the group's line can send within so many ms, behind all that waits. */
  roomWithin(route: BroadcastRoute, ms: number): Promise<number>;
  /** How many notifications of a group each of these people got in the last 24 hours. */
  sentOfDay(
    on: Queryable,
    group: Pick<BroadcastRoute, 'network' | 'groupId'>,
    people: readonly ({ userId: string } | { phone: string })[],
  ): Promise<readonly number[]>;
  get(accountId: number, messageId: number): Promise<MessageView | null>;
  /** Where the message went and why; null where the account has no such message. */
  course(accountId: number, messageId: number): Promise<MessageCourse | null>;
  list(accountId: number, filter: MessageFilter): Promise<readonly MessageView[]>;
  cancel(accountId: number, messageId: number): Promise<'cancelled' | 'already_sent' | 'not_found'>;
  cancelAll(accountId: number, messageIds: readonly number[]): Promise<Cancelled>;
  /**
   * A few, in a bigger change: what no lane has claimed is never sent once that commits. Returns those; nobody else is told of them. What is in
   * hand at that moment is not tried again: it ends as EXPIRED where the network did not take it.
   */
  cancelIn(tx: Queryable, accountId: number, messageIds: readonly number[]): Promise<readonly number[]>;
  /** Everything that the request with this Idempotency-Key had accepted; null where no such request of the last 24 h took any message. */
  cancelOfKey(accountId: number, idempotencyKey: string): Promise<Cancelled | null>;
  /** Every notification that waits for a phone (digits of E.164). */
  cancelOfPhone(accountId: number, phone: string): Promise<Cancelled>;
  /** Keeps what waits of a sender, and what it is given, from being sent; the ttl runs. */
  pauseSender(accountId: number, senderId: number): Promise<void>;
  resumeSender(accountId: number, senderId: number): Promise<void>;
  /** Since when, by the id of the sender. */
  pausedSenders(accountId: number): Promise<ReadonlyMap<number, Date>>;
  /** Takes receipts of a provider. Returns those whose message is not known (yet): its answer may still be on the way to us. */
  takeReceipts(receipts: readonly ProviderReceipt[]): Promise<readonly ProviderReceipt[]>;
  /** A person read these messages; what was read or is final otherwise stays as it is. */
  markRead(tx: Queryable, read: readonly { accountId: number; messageId: number; at: Date }[]): Promise<void>;
  /** Our id of a message by the network's or upstream's. */
  messageIdOf(tx: Queryable, connectionId: number, networkId: string): Promise<number | null>;
  /** Removes and returns the oldest events. One caller at a time (it takes an advisory lock for the transaction; [] when another has it). */
  takeEvents(tx: Queryable, limit: number): Promise<readonly DispatchEvent[]>;
  /** Starts sending, expiring and asking for statuses. */
  run(): void;
  /** Stops claiming, lets launched calls finish, writes their outcomes and gives the lanes back. */
  stop(): Promise<void>;
}

export interface DispatchParts {
  database: Database;
  clock: Clock;
  log: Logger;
  accounts: Pick<Accounts, 'urls' | 'quietHours'>;
  connections: Connections;
  templates: Templates;
  contacts: Pick<Contacts, 'byPhones' | 'ofPhones'>;
  callbacks: Pick<Callbacks, 'enqueue' | 'wake'>;
  /** How long a network may take to answer a send, in ms. */
  sendTimeoutMs: number;
  /** How long a silent process keeps its lanes, in ms. */
  laneLeaseMs: number;
  /** How long to wait for a provider's callback before asking it, in ms. */
  statusPollAfterMs: number;
  /** Something happened that dialogs will want to know: wakes inbox/. */
  onEvents?(): void;
  /** 0 up to 1; jitter of retries. */
  random?(): number;
  /** A uuid that no other process has; absent: a random one. */
  workerId?: string;
}

// How soon a lane follows a changed setting, a pause or a resumption.
const CONNECTION_AGE_MAX_MS = 2_000;
// docs/decisions/0006-claims-of-many-lanes.md has the figures behind these.
const CLAIMS = { batchMax: 1_000, atOnceMax: 2, waitingMax: Number.POSITIVE_INFINITY, patienceMs: 50 } as const;
// A thousand lanes that are taken over together must leave database connections to those who renew leases and write outcomes.
const RECOVERIES_AT_ONCE = 8;

export function createDispatch(parts: DispatchParts): Dispatch {
  const { database, clock, connections, callbacks, contacts } = parts;
  logDispatchTo(parts.log);
  const decideSettings: DecideSettings = { pollAfterMs: parts.statusPollAfterMs, random: parts.random ?? Math.random };
  const dayCaps = createDayCaps({ windowMs: LIMITS.notificationsPerPerson.windowMs });
  const changes = createChangeWriter({ callbacks, dayCaps });
  const laneDirectory = createLaneDirectory(database);
  const fresh = createAgedCache<Connection>({ clock, maxAgeMs: CONNECTION_AGE_MAX_MS });

  const connectionOf = (id: number): Promise<Connection | null> => fresh.get(String(id), () => connections.get(id));
  const onChanged = (work: readonly Work[]): void => {
    lanes.wake(work);
    callbacks.wake();
    parts.onEvents?.();
  };
  const recover = createRecovery({ database, clock, changes, decideSettings, connections, onChanged });
  const inTurn = createTurns(RECOVERIES_AT_ONCE);
  const claimParts = { database, clock, contacts, dayCaps, changes, decideSettings, onChanged };
  const claims = createGroupCommit<ClaimRequest, Claim>({
    ...CLAIMS,
    clock,
    commit: (requests) => claimTogether(claimParts, requests),
  });
  const lanes = createLanes({
    database,
    clock,
    workerId: parts.workerId ?? randomUUID(),
    leaseMs: parts.laneLeaseMs,
    onError: (error) => parts.log.warn({ event: 'lanes_notice_failed', error: error.message }),
    lane: {
      clock,
      connection: connectionOf,
      channel: (connectionId) => connections.channel(connectionId),
      claim: (request) =>
        claims.add(
          request,
          request.queues.reduce((sum, { limit }) => sum + limit, 0),
        ),
      recover: (lane, inHand) => inTurn(() => recover(lane, inHand)),
      outgoing: createOutgoing({ templates: parts.templates, clock }),
      settler: createSettler({ database, changes, clock, decideSettings, onSettled: onChanged }),
      breakers: createUpstreamBreakers(clock),
      async pauseConnection(connectionId, reason, refused) {
        await connections.pause(connectionId, reason, refused);
        fresh.clear();
      },
      sendTimeoutMs: parts.sendTimeoutMs,
    },
  });
  const sweep = createSweep({
    database,
    clock,
    changes,
    decideSettings,
    connections,
    askTimeoutMs: parts.sendTimeoutMs,
    onChanged,
  });
  const backlog = createBacklog({
    database,
    clock,
    connection: connectionOf,
    lanes: laneDirectory,
    onError: (error) => parts.log.warn({ event: 'backlog_count_failed', error: error.message }),
  });
  const acceptParts = { ...parts, budgets: createBudgets(), lanes: laneDirectory, backlog, connection: connectionOf };
  const accept = createAccept({ ...acceptParts, onAccepted: (work) => lanes.wake(work) });
  const now = (): Date => new Date(clock.now());
  const pauses = createPauses({ database, clock });
  const cancelAll = (accountId: number, messageIds: readonly number[]): Promise<Cancelled> =>
    cancelMessages({ database, changes, decideSettings }, accountId, messageIds, now());

  return {
    accept,
    rehearse: (accountId, items) => rehearse({ ...acceptParts, dayCaps, pauses }, accountId, items),
    acceptReplies: (tx, replies) => acceptReplies(tx, laneDirectory, replies, now()),
    acceptBroadcast: (tx, accountId, route, messages) =>
      acceptBroadcast(
        { clock, lanes: laneDirectory, backlog, onAccepted: (work) => lanes.wake(work) },
        tx,
        accountId,
        route,
        messages,
      ),
    roomWithin: (route, ms) => roomWithin({ lanes: laneDirectory, backlog }, route, ms),
    sentOfDay: (on, group, people) => sentOfDay({ lanes: laneDirectory, dayCaps }, on, group, people, now()),
    nextMessageId,
    replyContent,
    get: (accountId, messageId) => getMessage(database, accountId, messageId),
    course: (accountId, messageId) => courseOf(database, accountId, messageId),
    list: (accountId, filter) => listMessages(database, accountId, filter),
    async cancel(accountId, messageId) {
      const { cancelled, alreadySent } = await cancelAll(accountId, [messageId]);
      if (cancelled.length > 0) return 'cancelled';
      return alreadySent.length > 0 ? 'already_sent' : 'not_found';
    },
    cancelAll,
    async cancelIn(tx, accountId, messageIds) {
      return messageIds.length === 0 ? [] : cancelForGood(tx, { changes, decideSettings }, accountId, messageIds, now());
    },
    async cancelOfKey(accountId, key) {
      const messageIds = await messagesOfKey(database, accountId, key);
      return messageIds === null ? null : cancelAll(accountId, messageIds);
    },
    cancelOfPhone: async (accountId, phone) => cancelAll(accountId, await waitingForPhone(database, accountId, phone)),
    pauseSender: pauses.pause,
    async resumeSender(accountId, senderId) {
      lanes.wake(await pauses.resume(accountId, senderId));
    },
    pausedSenders: pauses.paused,
    async takeReceipts(receipts) {
      const { unknown, work } = await takeReceipts({ database, changes, decideSettings }, receipts, now());
      onChanged(work);
      return unknown;
    },
    async markRead(tx, read) {
      const facts = new Map(
        read.map(({ accountId, messageId, at }) => {
          const fact = { kind: 'read', at: at.getTime() } as const;
          return [messageId, (message: { accountId: number }) => (message.accountId === accountId ? fact : null)];
        }),
      );
      await applyFacts({ changes, decideSettings }, tx, facts, now());
    },
    messageIdOf,
    takeEvents,
    run() {
      lanes.run();
      sweep.run();
    },
    async stop() {
      await Promise.all([lanes.stop(), sweep.stop()]);
    },
  };
}
