import type { Route, Status } from '@soroka/api';
import type { Callbacks } from '../callbacks/callbacks.ts';
import type { DayCaps } from '../limits/limits.ts';
import type { Queryable, Statement } from '../platform/database.ts';
import type { CourseNote, HistoryEntry } from './contract.ts';
import { withNote } from './course-notes.ts';
import { statusReported } from './events.ts';
import type { Change, HeldDelivery, HeldMessage } from './facts.ts';
import type { StepPlan } from './plan.ts';
import { type Work, type WorkRow, workOf } from './work.ts';

/** A message under lock, with what its reports need. */
export interface LockedMessage extends HeldMessage {
  kind: 'notification' | 'reply';
  statusUrl: string | null;
  callbackDataJson: string | null;
}

export interface ChangeWriter {
  /** Locks the messages and what is left of their deliveries, in the order of ids; unknown ids are left out. */
  lock(tx: Queryable, messageIds: readonly number[]): Promise<readonly LockedMessage[]>;
  /** Writes what was decided, with callbacks and dialog events, in the caller's transaction. Returns what became due by it. */
  apply(tx: Queryable, decided: readonly { message: LockedMessage; change: Change }[], now: Date): Promise<readonly Work[]>;
}

// Deliveries before messages, everywhere: claims hold deliveries when they come to lock messages.
const LOCK_DELIVERIES: Statement = {
  name: 'dispatch.lock.deliveries',
  text: `
    select message_id as id, step, state, due_at as "dueAt", attempt, day_slot_at as "daySlotAt", day_persons as "dayPersons",
      maybe_sent as "maybeSent"
    from delivery where message_id = any($1::bigint[]) order by message_id for update`,
};
const LOCK_MESSAGES: Statement = {
  name: 'dispatch.lock.messages',
  text: `
    select id, account_id as "accountId", kind, status, channel, created_at as "createdAt", expires_at as "expiresAt",
      steps, history, notes, status_url as "statusUrl", callback_data as "callbackDataJson"
    from message where id = any($1::bigint[]) order by id for update`,
};
const UPDATE_MESSAGES: Statement = {
  name: 'dispatch.change.messages',
  text: `
    update message as m
    set status = coalesce(c.status, m.status),
        channel = coalesce(c.channel, m.channel),
        error_code = coalesce(c.error_code, m.error_code),
        history = case when c.entry is null then m.history else m.history || c.entry end,
        notes = coalesce(c.notes, m.notes)
    from unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::jsonb[], $6::jsonb[]) as c(id, status, channel, error_code, entry, notes)
    where m.id = c.id`,
};
const REMOVE: Statement = { name: 'dispatch.change.remove', text: 'delete from delivery where message_id = any($1::bigint[])' };
const QUEUE: Statement = {
  name: 'dispatch.change.queue',
  text: `
    update delivery as d
    set state = 'queued', step = c.step, due_at = c.due_at, attempt = c.attempt, lane_id = c.lane_id, connection_id = c.connection_id,
        step_ends_at = case when d.step = c.step then d.step_ends_at else c.step_ends_at end,
        day_slot_at = case when c.keep_slot then d.day_slot_at end,
        day_persons = case when c.keep_slot then d.day_persons end,
        maybe_sent = c.maybe_sent
    from unnest($1::bigint[], $2::smallint[], $3::timestamptz[], $4::smallint[], $5::int[], $6::bigint[], $7::timestamptz[], $8::boolean[],
      $9::boolean[]) as c(id, step, due_at, attempt, lane_id, connection_id, step_ends_at, keep_slot, maybe_sent)
    where d.message_id = c.id
    returning d.lane_id as "laneId", d.connection_id as "connectionId", d.priority, d.account_id as "accountId", d.due_at as "dueAt",
      d.message_id as "messageId"`,
};
const AWAIT: Statement = {
  name: 'dispatch.change.await',
  text: `
    update delivery as d set state = 'sent', due_at = c.poll_at
    from unnest($1::bigint[], $2::timestamptz[]) as c(id, poll_at) where d.message_id = c.id`,
};
const CLEAR_STEP_END: Statement = {
  name: 'dispatch.change.clear_step_end',
  text: 'update delivery set step_ends_at = null where message_id = any($1::bigint[])',
};
const REMEMBER_SENT: Statement = {
  name: 'dispatch.change.remember_sent',
  // A repeat that the network dropped comes back with the same id.
  text: `
    insert into sent_message (connection_id, network_id, message_id, step, sent_at)
    select connection_id, network_id, message_id, step, $5 from unnest($1::bigint[], $2::text[], $3::bigint[], $4::smallint[])
      as s(connection_id, network_id, message_id, step)
    on conflict (connection_id, network_id) do nothing`,
};
const ADD_EVENTS: Statement = {
  name: 'dispatch.change.events',
  text: `
    insert into dispatch_event (account_id, message_id, status, channel, connection_id, network_id, at)
    select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::timestamptz[])`,
};

interface MessageRow {
  id: number;
  accountId: number;
  kind: 'notification' | 'reply';
  status: Status;
  channel: Route;
  createdAt: Date;
  expiresAt: Date;
  steps: readonly StepPlan[];
  history: readonly HistoryEntry[];
  notes: readonly CourseNote[] | null;
  statusUrl: string | null;
  callbackDataJson: string | null;
}

export function createChangeWriter({
  callbacks,
  dayCaps,
}: {
  callbacks: Pick<Callbacks, 'enqueue'>;
  dayCaps: DayCaps;
}): ChangeWriter {
  return {
    async lock(tx, messageIds) {
      if (messageIds.length === 0) return [];
      const deliveries = await tx.rows<HeldDelivery & { id: number }>(LOCK_DELIVERIES, [messageIds]);
      const byId = new Map(deliveries.map((delivery) => [delivery.id, delivery]));
      const messages = await tx.rows<MessageRow>(LOCK_MESSAGES, [messageIds]);
      return messages.map((row) => ({
        ...row,
        createdAt: row.createdAt.getTime(),
        expiresAt: row.expiresAt.getTime(),
        delivery: byId.get(row.id) ?? null,
      }));
    },
    async apply(tx, decided, now) {
      if (decided.length === 0) return [];
      await updateMessages(tx, decided);
      const work = await updateDeliveries(tx, decided, now);
      await rememberSent(tx, decided, now);
      await giveBackPlaces(tx, decided, dayCaps);
      await report(tx, decided, callbacks);
      return work;
    },
  };
}

type Decided = { message: LockedMessage; change: Change };
type QueueChange = Extract<Change['delivery'], { queue: unknown }>['queue'];

/** The step that is in use, or the one finally used. */
function stepOf(message: HeldMessage): StepPlan {
  const step =
    message.delivery === null
      ? message.steps.find((candidate) => candidate.route === message.channel)
      : message.steps[message.delivery.step];
  const found = step ?? message.steps[0];
  if (found === undefined) throw new Error(`message ${message.id} has no steps`);
  return found;
}

async function updateMessages(tx: Queryable, decided: readonly Decided[]): Promise<void> {
  const changed = decided.filter(
    ({ change }) =>
      change.status !== undefined || change.channel !== undefined || change.entry !== undefined || change.note !== undefined,
  );
  if (changed.length === 0) return;
  await tx.run(UPDATE_MESSAGES, [
    changed.map(({ message }) => message.id),
    changed.map(({ change }) => change.status ?? null),
    changed.map(({ change }) => change.channel ?? null),
    changed.map(({ change }) => change.errorCode ?? null),
    changed.map(({ change }) => (change.entry === undefined ? null : JSON.stringify(change.entry))),
    changed.map(({ message, change }) =>
      change.note === undefined ? null : JSON.stringify(withNote(message.notes, change.note)),
    ),
  ]);
}

async function updateDeliveries(tx: Queryable, decided: readonly Decided[], now: Date): Promise<readonly Work[]> {
  const removed: number[] = [];
  const cleared: number[] = [];
  const awaiting: { id: number; pollAt: number }[] = [];
  const queued: (QueueChange & { id: number; plan: StepPlan })[] = [];
  for (const { message, change } of decided) {
    const { delivery } = change;
    if (message.delivery === null || delivery === 'keep') continue;
    if (delivery === 'remove') removed.push(message.id);
    else if ('clearStepEnd' in delivery) cleared.push(message.id);
    else if ('await' in delivery) awaiting.push({ id: message.id, pollAt: delivery.await.pollAt });
    else queued.push({ id: message.id, ...delivery.queue, plan: planOf(message, delivery.queue.step) });
  }
  if (removed.length > 0) await tx.run(REMOVE, [removed]);
  if (cleared.length > 0) await tx.run(CLEAR_STEP_END, [cleared]);
  if (awaiting.length > 0) await tx.run(AWAIT, [awaiting.map((row) => row.id), awaiting.map((row) => new Date(row.pollAt))]);
  if (queued.length === 0) return [];
  const rows = await tx.rows<WorkRow>(QUEUE, [
    queued.map((row) => row.id),
    queued.map((row) => row.step),
    queued.map((row) => new Date(row.dueAt)),
    queued.map((row) => Math.max(0, row.attempt)),
    queued.map((row) => row.plan.laneId),
    queued.map((row) => row.plan.connectionId),
    queued.map((row) => (row.plan.timeoutSeconds === undefined ? null : new Date(row.dueAt + row.plan.timeoutSeconds * 1_000))),
    queued.map((row) => row.keepDaySlot),
    queued.map((row) => row.maybeSent),
  ]);
  return workOf(rows, now);
}

function planOf(message: HeldMessage, step: number): StepPlan {
  const plan = message.steps[step];
  if (plan === undefined) throw new Error(`message ${message.id} has no step ${step}`);
  return plan;
}

async function giveBackPlaces(tx: Queryable, decided: readonly Decided[], dayCaps: DayCaps): Promise<void> {
  const places = decided.flatMap(({ message, change }) => {
    const slot = message.delivery;
    if (!change.giveBackDaySlot || slot === null || slot.daySlotAt === null || slot.dayPersons === null) return [];
    return [{ laneId: stepOf(message).laneId, persons: slot.dayPersons, takenAt: slot.daySlotAt }];
  });
  if (places.length > 0) await dayCaps.giveBack(tx, places);
}

async function rememberSent(tx: Queryable, decided: readonly Decided[], now: Date): Promise<void> {
  const sent = decided.filter(({ change }) => change.networkId !== undefined);
  if (sent.length === 0) return;
  await tx.run(REMEMBER_SENT, [
    sent.map(({ message }) => stepOf(message).connectionId),
    sent.map(({ change }) => change.networkId),
    sent.map(({ message }) => message.id),
    sent.map(({ message }) => message.delivery?.step ?? 0),
    now,
  ]);
}

async function report(tx: Queryable, decided: readonly Decided[], callbacks: Pick<Callbacks, 'enqueue'>): Promise<void> {
  const reports = decided.flatMap(({ message, change }) => {
    if (!change.report || change.entry === undefined) return [];
    const entry = { ...change.entry, channel: change.reportChannel ?? change.entry.channel };
    return [{ message, entry, networkId: change.networkId ?? null }];
  });
  if (reports.length === 0) return;
  await tx.run(ADD_EVENTS, [
    reports.map(({ message }) => message.accountId),
    reports.map(({ message }) => message.id),
    reports.map(({ entry }) => entry.status),
    reports.map(({ entry }) => entry.channel),
    reports.map(({ message }) => stepOf(message).connectionId),
    reports.map(({ networkId }) => networkId),
    reports.map(({ entry }) => new Date(entry.ts)),
  ]);
  const called = reports.flatMap(({ message, entry }) => {
    if (message.statusUrl === null || entry.status === 'CANCELLED') return [];
    const body = callbackBody(message, entry);
    return [
      { accountId: message.accountId, url: message.statusUrl, form: 'status' as const, orderKey: `message:${message.id}`, body },
    ];
  });
  if (called.length > 0) await callbacks.enqueue(tx, called);
  for (const { message, entry } of reports)
    statusReported({
      messageId: message.id,
      channel: entry.channel,
      status: entry.status,
      errorCode: entry.errorCode,
      waitedMs: entry.ts - message.createdAt,
    });
}

/** One item of a status callback (gateway.md, "Statuses and callbacks"); callbackData goes out as the bytes that came in. */
function callbackBody(message: LockedMessage, entry: HistoryEntry): string {
  const { channel, ts, status, errorCode } = entry;
  const known = JSON.stringify({ channel, messageId: String(message.id), ts, status, errorCode });
  return message.callbackDataJson === null ? known : `${known.slice(0, -1)},"callbackData":${message.callbackDataJson}}`;
}
