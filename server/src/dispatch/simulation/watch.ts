import type { Outgoing, SendOutcome } from '@soroka/channels';
import type { CustomerWatch } from './customer-watch.ts';
import { createLimitWatch } from './limit-watch.ts';
import { type SimulatedProcess, WALL_START } from './process.ts';
import type { Scenario, SimulatedConnection, SimulatedGroup, SimulatedPerson } from './scenario.ts';
import { isDueIn, queuesOf } from './store/queue-twins.ts';

import type { CallbackRow, DeliveryRow, MessageRow, Tables } from './store/tables.ts';
import type { RowChange, Transaction } from './store/transactions.ts';

/** One message of one call, from its launch to the written outcome. */
export interface Launch {
  messageId: number;
  step: number;
  by: string;
  group: SimulatedGroup;
  connection: SimulatedConnection;
  isNotification: boolean;
  /** What its process heard; null: nothing. */
  answer: SendOutcome['kind'] | null;
  /** The outcome is in the store. */
  isWritten: boolean;
  /** When the person got it, in milliseconds since the beginning. */
  deliveredAt: number | null;
  /** By the same clock. */
  launchedAt: number;
}

/** The invariants of dispatch (reliability 2.1), looked at where each can break. */
export interface Watch {
  readonly violations: readonly string[];
  readonly launches: number;
  /** What a claim found, and what it asked for. */
  onClaim(tx: Transaction, rows: readonly object[], values: readonly unknown[]): void;
  /** The deliveries whose outcomes are about to be written. */
  onSettle(tx: Transaction, rows: readonly object[]): void;
  onCommit(tx: Transaction, changes: readonly RowChange[]): void;
  launched(process: SimulatedProcess, connection: SimulatedConnection, batch: readonly Outgoing[]): readonly Launch[];
  received(launches: readonly Launch[]): void;
  /** The person got it. */
  delivered(launch: Launch, keyIsKnown: boolean): void;
  /** The provider took it, and says later that the person did not get it. */
  takenBack(launch: Launch): void;
  /** Everything has come to its end, or time is up. */
  ended(openDeliveries: number): void;
  violated(rule: string, what: string): void;
}

// Afterwards the network may have forgotten the key (claim.ts says 120 s, by clocks that differ), and the outcome of the call stays unknown.
const REPEATS_DROPPED_FOR_MS = 100_000;
// The look at all queues comes every 5 s at the latest (lanes.ts), and takes its time.
const LEFT_OUT_MAX_MS = 6_000;
/** Answers after which the person has not got it by this call. */
const NOTHING_SENT: readonly Launch['answer'][] = ['refused', 'throttled', 'failed', 'stopped'];
const isNothingSent = (answer: Launch['answer']): boolean => NOTHING_SENT.includes(answer);
const PROGRESS = ['QUEUED', 'SENT', 'DELIVERED', 'READ'];

interface Known {
  /** As it was accepted. */
  row: MessageRow;
  launches: Launch[];
  delivered: Launch[];
  /** Steps on which the provider took it and said later that nobody got it. */
  takenBack: Set<number>;
  /** What its customer was told, in order. */
  told: string[];
  lastCallbackId: number;
  intent: { by: string; epoch: number; attempt: number; isLaunched: boolean } | null;
  /** When a claim first left it out that had room for it; null where the last one took it, or it is not due. */
  leftOutAt: number | null;
}

export function createWatch(parts: {
  scenario: Scenario;
  tables: Tables;
  customers: CustomerWatch;
  /** Milliseconds since the beginning, and since 1970 by the database's clock. */
  now(): number;
  databaseNow(): number;
  note(actor: string, what: string): void;
  ownerOf(process: string): string;
  onLaunch(row: MessageRow): void;
}): Watch {
  const { scenario, tables, customers, now } = parts;
  const violations: string[] = [];
  const known = new Map<number, Known>();
  const settling = new WeakSet<Transaction>();
  let launches = 0;

  const violated = (rule: string, what: string): void => {
    violations.push(`${rule}: ${what}`);
    parts.note('watch', `VIOLATION ${rule}: ${what}`);
  };
  const about = (messageId: number): Known => {
    const found = known.get(messageId);
    if (found === undefined) throw new Error(`message ${messageId} was never accepted`);
    return found;
  };

  const limits = createLimitWatch({ now, violated });
  const personOf = ({ messageId }: Launch): SimulatedPerson => customers.personOf(about(messageId).row);

  const onDelivery = (tx: Transaction, before: DeliveryRow | null, after: DeliveryRow | null): void => {
    const entry = known.get(after?.messageId ?? before?.messageId ?? 0);
    if (entry === undefined) return;
    const id = after?.messageId ?? before?.messageId;
    entry.leftOutAt = null;
    if (before?.state !== after?.state || before?.step !== after?.step)
      parts.note(
        tx.by,
        `delivery ${id}: ${after === null ? 'removed' : `${after.state}, step ${after.step}, attempt ${after.attempt}`}`,
      );
    if (after?.state === 'sending' && before?.state !== 'sending') {
      entry.intent = { by: tx.by, epoch: after.epoch, attempt: after.attempt, isLaunched: false };
      customers.claimed(entry.row);
    }
    if (before?.state !== 'sending' || after?.state === 'sending') return;
    const last = entry.launches.at(-1);
    if (!settling.has(tx)) return;
    if (last?.by === tx.by && last.answer !== null && last.answer !== 'unanswered') last.isWritten = true;
  };

  const onMessage = (before: MessageRow | null, after: MessageRow, callbacks: readonly CallbackBody[]): void => {
    if (before === null) {
      known.set(after.id, {
        ...{ row: after, launches: [], delivered: [], takenBack: new Set(), told: [], lastCallbackId: 0, intent: null },
        leftOutAt: null,
      });
      customers.stored(after);
      return;
    }
    if (before.status === after.status) return;
    parts.note('store', `message ${after.id}: ${after.status} by ${after.channel}`);
    const [from, to] = [PROGRESS.indexOf(before.status), PROGRESS.indexOf(after.status)];
    const isAllowed = from >= 0 && (to >= 0 ? to > from : from <= 1);
    if (!isAllowed) violated('S1', `message ${after.id} went from ${before.status} to ${after.status}`);
    const told = callbacks.filter(({ messageId, status }) => messageId === String(after.id) && status === after.status);
    const wanted = after.statusUrl === null || after.status === 'CANCELLED' ? 0 : 1;
    if (told.length !== wanted) violated('S2', `message ${after.id} became ${after.status}, and ${told.length} callbacks say so`);
  };

  const onCallback = (row: CallbackRow, body: CallbackBody, changedIds: ReadonlySet<number>): void => {
    const messageId = Number(body.messageId);
    const entry = about(messageId);
    const said = `${body.channel} ${body.status}`;
    if (!changedIds.has(messageId))
      violated('S2', `a callback says that message ${messageId} is ${said}, without the change itself`);
    if (entry.told.includes(said)) violated('S2', `message ${messageId} is told to be ${said} for the second time`);
    if (row.id <= entry.lastCallbackId)
      violated('S3', `the callback ${said} of message ${messageId} stands before an earlier one`);
    entry.told.push(said);
    entry.lastCallbackId = row.id;
  };

  const checkLaunch = (process: SimulatedProcess, launch: Launch): void => {
    const { messageId, step, group } = launch;
    const entry = about(messageId);
    const lane = tables.lane.cells.get(group.laneId)?.committed;
    if (lane?.owner !== parts.ownerOf(process.name) || (lane.leaseUntil ?? 0) <= parts.databaseNow())
      violated('F2', `${process.name} sends message ${messageId} for ${group.groupId}, which it does not own`);
    const row = tables.message.cells.get(messageId)?.committed;
    if (row === undefined || row === null) violated('D2', `message ${messageId} is sent and is not in the store`);
    else if (process.clock.now() >= row.expiresAt) violated('T1', `message ${messageId} is sent after its end`);
    customers.launched(entry.row, process.clock.now() - WALL_START);
    if (entry.row.deliveryPolicy !== 'any' && launch.connection.kind !== 'notify')
      violated('V1', `message ${messageId} asks for a policy that ${group.groupId} itself cannot keep to`);
    const { intent } = entry;
    if (intent === null || intent.by !== process.name || intent.isLaunched)
      violated('A1', `message ${messageId} is sent by ${process.name} without an intent of its own`);
    else intent.isLaunched = true;
    checkRoute(entry, messageId, step);
  };

  /**
   * A claim that found less than it asked for left nothing of its queue behind, but for what others hold, and what its cursor has
   * passed by: that must be found by a wake, or by the next look at all queues.
   */
  const checkClaim = (tx: Transaction, rows: readonly { place: number }[], values: readonly unknown[]): void => {
    const [, epochs, , , , , , limits, at] = values as [0, number[], 0, 0, 0, 0, 0, number[], Date];
    for (const [index, queue] of queuesOf(values, [0, 2, 3, 4, 5, 6]).entries()) {
      const isFull = rows.filter(({ place }) => place === index + 1).length === limits[index];
      if (isFull || tables.lane.cells.get(queue.laneId)?.committed?.epoch !== epochs[index]) continue;
      const whole = { ...queue, afterDueAt: 0, afterId: 0 };
      for (const { committed: row, holder } of tables.delivery.cells.values()) {
        const entry = row === null ? undefined : known.get(row.messageId);
        if (row === null || entry === undefined || holder !== null || !isDueIn(row, whole, at)) continue;
        if (row.expiresAt <= at.getTime()) continue;
        entry.leftOutAt ??= now();
        const since = Math.max(entry.leftOutAt, scenario.faultsEndMs);
        if (now() - since > LEFT_OUT_MAX_MS)
          violated('L1', `message ${row.messageId} is due, and claims of ${tx.by} do not see it`);
      }
    }
  };

  /** A later route starts when the one before was refused, or ended, or its outcome is unknown and the template says to go on. */
  const checkRoute = ({ row, launches: earlier, takenBack }: Known, messageId: number, step: number): void => {
    const before = earlier.findLast((one) => one.step < step);
    const plan = before === undefined ? undefined : row.steps[before.step];
    if (
      before === undefined ||
      plan === undefined ||
      plan.timeoutSeconds !== undefined ||
      takenBack.has(before.step) ||
      isNothingSent(before.answer)
    )
      return;
    const dropsRepeat = before.connection.dropsRepeats && now() - before.launchedAt < REPEATS_DROPPED_FOR_MS;
    const mayGoOn = !before.isWritten && !dropsRepeat && plan.onUnknown === 'resend';
    if (!mayGoOn) violated('U1', `message ${messageId} starts on its step ${step}, and step ${before.step} was not refused`);
  };

  return {
    violations,
    get launches() {
      return launches;
    },
    violated,
    onClaim: (tx, rows, values) => checkClaim(tx, rows as { place: number }[], values),
    onSettle(tx, rows) {
      settling.add(tx);
      for (const { id } of rows as { id: number }[]) {
        const row = tables.delivery.cells.get(id)?.pending;
        const intent = known.get(id)?.intent;
        // Of the message, not of the lane: whoever took the lane while we waited for this row waits for us now, and takes the
        // message over as we leave it.
        const isOurs = row?.state === 'sending' && intent?.by === tx.by && row.epoch === intent.epoch;
        if (!isOurs) violated('F1', `${tx.by} writes an outcome of message ${id}, which is not its own any more`);
      }
    },
    onCommit(tx, changes) {
      const callbacks = changes.filter(({ table }) => table === 'callback').map(({ after }) => after as CallbackRow);
      const bodies = callbacks.map(({ body }) => JSON.parse(body) as CallbackBody);
      const changedIds = new Set<number>();
      for (const { table, before, after } of changes) {
        if (table === 'delivery') onDelivery(tx, before as DeliveryRow | null, after as DeliveryRow | null);
        if (table !== 'message' || after === null) continue;
        changedIds.add((after as MessageRow).id);
        onMessage(before as MessageRow | null, after as MessageRow, bodies);
      }
      for (const [index, row] of callbacks.entries()) onCallback(row, bodies[index] as CallbackBody, changedIds);
    },
    launched(process, connection, batch) {
      const made = batch.map(({ dedupKey, groupId }): Launch => {
        const [id = '', step = '0'] = dedupKey.split('.');
        const group = scenario.groups.find((one) => one.groupId === groupId) as SimulatedGroup;
        const isNotification = about(Number(id)).row.kind === 'notification';
        const launch = { messageId: Number(id), step: Number(step), by: process.name, group, connection, isNotification };
        return { ...launch, answer: null, isWritten: false, deliveredAt: null, launchedAt: now() };
      });
      launches += made.length;
      for (const launch of made) {
        checkLaunch(process, launch);
        about(launch.messageId).launches.push(launch);
        parts.onLaunch(about(launch.messageId).row);
      }
      limits.called('launched', made);
      return made;
    },
    received: (batch) => limits.called('received', batch),
    delivered(launch, keyIsKnown) {
      const { messageId, step, connection, isNotification } = launch;
      const entry = about(messageId);
      const earlier = entry.launches.filter((one) => one !== launch && one.step === step);
      const alreadyHere = entry.delivered.filter((one) => one.step === step).length;
      entry.delivered.push(launch);
      const allowed = connection.dropsRepeats && keyIsKnown ? 1 : 1 + earlier.filter(({ isWritten }) => !isWritten).length;
      if (alreadyHere + 1 > allowed) violated('P1', `message ${messageId} comes ${alreadyHere + 1} times on step ${step}`);
      if (isNotification && connection.settings.perDay !== null) limits.delivered(launch, personOf(launch));
    },
    takenBack(launch) {
      about(launch.messageId).takenBack.add(launch.step);
      limits.takenBack(launch, personOf(launch));
    },
    ended(openDeliveries) {
      if (openDeliveries > 0) violated('L1', `${openDeliveries} messages have not come to their end`);
      customers.ended();
      for (const [id, cell] of tables.message.cells) {
        if (cell.committed === null) continue;
        if (cell.committed.status === 'QUEUED') violated('L1', `message ${id} is still QUEUED and nothing is left to be done`);
      }
      for (const { committed: lane } of tables.lane.cells.values())
        if (lane !== null && lane.owner !== null && (lane.leaseUntil ?? 0) > parts.databaseNow())
          violated('L1', `lane ${lane.id} is still leased by a process that is gone`);
    },
  };
}

/** See changes.ts. */
interface CallbackBody {
  messageId: string;
  channel: string;
  status: string;
}
