import { type Database, openDatabase, type Queryable, type Statement } from '../../../platform/database.ts';
import type { StepPlan } from '../../plan.ts';
import { createMemoryStore } from './memory-store.ts';
import type { DeliveryRow, LaneRow, MessageRow } from './tables.ts';
import { rowsOf, write } from './transactions.ts';

/** One of the two stores, as its contract looks at it: what is put in and read out passes the statements of dispatch by. */
export interface ContractStore {
  readonly name: string;
  readonly database: Database;
  /** Names of the statements that were run. */
  readonly ran: ReadonlySet<string>;
  /** A free lane of a group of its own. */
  addLane(): Promise<number>;
  /** An approved sender, for what counts in a budget. */
  addSender(): Promise<number>;
  /** One message with its delivery; what is not given is due now for an hour. Returns its id. */
  addMessage(laneId: number, more?: { message?: Partial<MessageRow>; delivery?: Partial<DeliveryRow> }): Promise<number>;
  delivery(messageId: number): Promise<DeliveryRow | null>;
  message(messageId: number): Promise<Pick<MessageRow, 'status' | 'channel' | 'errorCode' | 'history' | 'notes'>>;
  lane(laneId: number): Promise<Pick<LaneRow, 'owner' | 'epoch'>>;
  close(): Promise<void>;
}

export const CONNECTION_ID = 77;
const HOUR_MS = 3_600_000;

export const stepOn = (laneId: number, more: Partial<StepPlan> = {}): StepPlan => ({
  ...{ route: 'VK', provider: 'notify', connectionId: CONNECTION_ID, laneId, groupId: 'g', onUnknown: 'resend' },
  ...more,
});

function rowsFor(id: number, laneId: number, more: { message?: Partial<MessageRow>; delivery?: Partial<DeliveryRow> }) {
  const now = Date.now();
  const message: MessageRow = {
    ...{
      id,
      accountId: 1,
      kind: 'notification',
      dialogId: null,
      senderId: null,
      service: 's',
      templateId: 4,
      templateVersion: 2,
      phone: '79999999999',
      peerId: null,
    },
    ...{
      text: 't',
      keyboard: null,
      replyContent: null,
      templateDataJson: '{}',
      deliveryPolicy: 'any',
      steps: [stepOn(laneId)],
      windows: null,
    },
    ...{ statusUrl: null, callbackDataJson: null, createdAt: now, expiresAt: now + HOUR_MS, status: 'QUEUED', channel: 'VK' },
    ...{ errorCode: 0, history: [], notes: null },
    ...more.message,
  };
  const delivery: DeliveryRow = {
    ...{ messageId: id, accountId: 1, laneId, connectionId: CONNECTION_ID, priority: 1, step: 0, state: 'queued', attempt: 0 },
    ...{ dueAt: now, stepEndsAt: null, expiresAt: message.expiresAt, epoch: 0, daySlotAt: null, dayPersons: null },
    maybeSent: false,
    ...more.delivery,
  };
  return { message, delivery };
}

function there<Row>(row: Row | null | undefined): Row {
  if (row === null || row === undefined) throw new Error('there is no such row');
  return row;
}

export function openMemoryContractStore(): ContractStore {
  const store = createMemoryStore({ now: () => Date.now() });
  const { tables } = store;
  const ran = new Set<string>();
  const put = async (work: (tx: ReturnType<typeof store.begin>) => void | Promise<void>): Promise<void> => {
    const tx = store.begin('contract');
    await work(tx);
    store.commit(tx);
  };
  return {
    name: 'in memory',
    database: recording(store.database('contract'), ran),
    ran,
    async addLane() {
      const id = tables.nextId();
      const lane = { id, network: 'vk', groupId: String(id), owner: null, epoch: 0, leaseUntil: null, quietUntil: null } as const;
      await put((tx) => write(tx, tables.lane, id, lane));
      return id;
    },
    addSender: async () => tables.nextId(),
    async addMessage(laneId, more = {}) {
      const { message, delivery } = rowsFor(tables.nextId(), laneId, more);
      await put(async (tx) => {
        await write(tx, tables.message, message.id, message);
        await write(tx, tables.delivery, message.id, delivery);
      });
      return message.id;
    },
    delivery: async (id) => rowsOf(store.begin('look'), tables.delivery).find((row) => row.messageId === id) ?? null,
    async message(id) {
      const { status, channel, errorCode, history, notes } = there(tables.message.cells.get(id)?.committed);
      return { status, channel, errorCode, history, notes };
    },
    async lane(id) {
      const { owner, epoch } = there(tables.lane.cells.get(id)?.committed);
      return { owner, epoch };
    },
    close: async () => {},
  };
}

const SQL = {
  addLane: {
    name: 'test.lane.add',
    text: `insert into lane (network, group_id) select 'vk', gen_random_uuid()::text returning id`,
  },
  addSender: {
    name: 'test.sender.add',
    text: `
      with owner as (insert into account (name, callback_secret) values (gen_random_uuid()::text, '') returning id)
      insert into sender (account_id, name) select id, 's' from owner returning id`,
  },
  addMessage: {
    name: 'test.message.add',
    text: `
      insert into message (id, account_id, kind, sender_id, service, template_id, template_version, phone, peer_id, text, template_data, steps, windows, status_url,
        created_at, expires_at, status, channel, history)
      values (nextval('message_id'), 1, $1, $12, 's', 4, 2, $2, $3, 't', '{}', $4, $5, $6, $7, $8, $9, $10, $11) returning id`,
  },
  addDelivery: {
    name: 'test.delivery.add',
    text: `
      insert into delivery (message_id, account_id, lane_id, connection_id, priority, step, state, attempt, due_at, step_ends_at,
        expires_at, epoch, day_slot_at, day_persons, maybe_sent)
      values ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
  },
  delivery: {
    name: 'test.delivery.get',
    text: `
      select message_id as "messageId", account_id as "accountId", lane_id as "laneId", connection_id as "connectionId", priority, step,
        state, attempt, due_at as "dueAt", step_ends_at as "stepEndsAt", expires_at as "expiresAt", epoch,
        day_slot_at as "daySlotAt", day_persons as "dayPersons", maybe_sent as "maybeSent"
      from delivery where message_id = $1`,
  },
  message: {
    name: 'test.message.get',
    text: 'select status, channel, error_code as "errorCode", history, notes from message where id = $1',
  },
  lane: { name: 'test.lane.get', text: 'select owner, epoch from lane where id = $1' },
} satisfies Record<string, Statement>;

type Dated = Omit<DeliveryRow, 'dueAt' | 'stepEndsAt' | 'expiresAt' | 'daySlotAt'> &
  Record<'dueAt' | 'expiresAt', Date> &
  Record<'stepEndsAt' | 'daySlotAt', Date | null>;
const date = (at: number | null): Date | null => (at === null ? null : new Date(at));
const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

export function openPostgresContractStore(url: string): ContractStore {
  const database = openDatabase(url, { connectionsMax: 8 });
  const ran = new Set<string>();
  const one = async <Row extends object>(statement: Statement, values: readonly unknown[] = []): Promise<Row> => {
    const [row] = await database.rows<Row>(statement, values);
    if (row === undefined) throw new Error(`${statement.name} found nothing`);
    return row;
  };
  return {
    name: 'PostgreSQL',
    database: recording(database, ran),
    ran,
    addLane: async () => (await one<{ id: number }>(SQL.addLane)).id,
    addSender: async () => (await one<{ id: number }>(SQL.addSender)).id,
    async addMessage(laneId, more = {}) {
      const { message: m, delivery: d } = rowsFor(0, laneId, more);
      const { id } = await one<{ id: number }>(SQL.addMessage, [
        ...[m.kind, m.phone, m.peerId, json(m.steps), json(m.windows), m.statusUrl, date(m.createdAt), date(m.expiresAt)],
        ...[m.status, m.channel, json(m.history), m.senderId],
      ]);
      await database.run(SQL.addDelivery, [
        ...[id, d.laneId, d.connectionId, d.priority, d.step, d.state, d.attempt, date(d.dueAt), date(d.stepEndsAt)],
        ...[date(d.expiresAt), d.epoch, date(d.daySlotAt), json(d.dayPersons), d.maybeSent],
      ]);
      return id;
    },
    async delivery(id) {
      const [row] = await database.rows<Dated>(SQL.delivery, [id]);
      if (row === undefined) return null;
      const [dueAt, expiresAt] = [row.dueAt.getTime(), row.expiresAt.getTime()];
      return {
        ...row,
        dueAt,
        expiresAt,
        stepEndsAt: row.stepEndsAt?.getTime() ?? null,
        daySlotAt: row.daySlotAt?.getTime() ?? null,
      };
    },
    message: (id) => one(SQL.message, [id]),
    lane: (id) => one(SQL.lane, [id]),
    close: () => database.close(),
  };
}

function recording(database: Database, ran: Set<string>): Database {
  const over = (on: Queryable): Queryable => ({
    rows(statement, values) {
      ran.add(statement.name);
      return on.rows(statement, values);
    },
    run(statement, values) {
      ran.add(statement.name);
      return on.run(statement, values);
    },
  });
  return { ...database, ...over(database), transaction: (work) => database.transaction((tx) => work({ ...tx, ...over(tx) })) };
}
