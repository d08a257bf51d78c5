import type { Keyboard } from '@soroka/channels';
import type { CourseNote, HistoryEntry, ReplyContent } from '../../contract.ts';
import type { HandOver } from '../../hand-over.ts';
import type { StepPlan } from '../../plan.ts';
import type { ZonedWindow } from '../../windows.ts';
import { createTable, type Table } from './transactions.ts';

// Rows as the migrations make them, of the tables that lanes read and write. Times are milliseconds since 1970.

export interface LaneRow {
  id: number;
  network: 'vk' | 'ok';
  groupId: string;
  owner: string | null;
  epoch: number;
  leaseUntil: number | null;
  quietUntil: number | null;
  handedOver?: (HandOver & { epoch: number; at: number }) | null;
}

export interface MessageRow {
  id: number;
  accountId: number;
  kind: 'notification' | 'reply';
  dialogId: number | null;
  senderId: number | null;
  service: string | null;
  templateId: number | null;
  templateVersion: number | null;
  phone: string | null;
  peerId: string | null;
  text: string;
  keyboard: Keyboard | null;
  replyContent: ReplyContent | null;
  templateDataJson: string | null;
  deliveryPolicy: string;
  /** Of messages of a broadcast, which the simulation has none of beside the contract's. */
  intent?: string | null;
  isBroadcast?: boolean;
  steps: readonly StepPlan[];
  windows: readonly ZonedWindow[] | null;
  statusUrl: string | null;
  callbackDataJson: string | null;
  createdAt: number;
  expiresAt: number;
  status: string;
  channel: string;
  errorCode: number;
  history: readonly HistoryEntry[];
  notes: readonly CourseNote[] | null;
}

export interface DeliveryRow {
  messageId: number;
  accountId: number;
  laneId: number;
  connectionId: number;
  priority: number;
  step: number;
  state: 'queued' | 'sending' | 'sent';
  attempt: number;
  dueAt: number;
  stepEndsAt: number | null;
  expiresAt: number;
  epoch: number;
  daySlotAt: number | null;
  dayPersons: readonly string[] | null;
  maybeSent: boolean;
}

export interface SentRow {
  connectionId: number;
  networkId: string;
  messageId: number;
  step: number;
  sentAt: number;
}

export interface CallbackRow {
  id: number;
  orderKey: string;
  body: string;
}

export interface EventRow {
  id: number;
  messageId: number;
  status: string;
  channel: string;
}

export interface RememberedKeyRow {
  accountId: number;
  key: string;
  bodySha256: Buffer;
  answerBody: string;
  createdAt: number;
}

export interface ClientMessageRow {
  accountId: number;
  clientMessageId: string;
  contentSha256: Buffer;
  messageId: number;
  createdAt: number;
}

export interface PauseRow {
  accountId: number;
  senderId: number;
  pausedAt: number;
}

export interface Tables {
  lane: Table<number, LaneRow>;
  message: Table<number, MessageRow>;
  delivery: Table<number, DeliveryRow>;
  /** By connection and the network's id. */
  sent: Table<string, SentRow>;
  worker: Table<string, { id: string; seenAt: number }>;
  /** By lane and name of the person. */
  day: Table<string, { sentAt: readonly number[] }>;
  event: Table<number, EventRow>;
  callback: Table<number, CallbackRow>;
  /** By account and key, as the two after it. A row of `keyLock` stands for an advisory lock and is never there for others. */
  keyLock: Table<string, object>;
  rememberedKey: Table<string, RememberedKeyRow>;
  clientMessage: Table<string, ClientMessageRow>;
  /** By account and sender. */
  pause: Table<string, PauseRow>;
  /** By sender and day. */
  budget: Table<string, { senderId: number; used: number }>;
  /** Of messages, events and callbacks: like a sequence, it never goes back. */
  nextId(): number;
}

export function createTables(): Tables {
  let lastId = 1_000_000;
  return {
    lane: createTable('lane'),
    message: createTable('message'),
    delivery: createTable('delivery'),
    sent: createTable('sent_message'),
    worker: createTable('worker'),
    day: createTable('day_window'),
    event: createTable('dispatch_event'),
    callback: createTable('callback'),
    keyLock: createTable('advisory lock'),
    rememberedKey: createTable('idempotency_key'),
    clientMessage: createTable('client_message'),
    pause: createTable('sender_pause'),
    budget: createTable('sender_budget_use'),
    nextId: () => ++lastId,
  };
}

export const sentKey = (connectionId: number, networkId: string): string => `${connectionId}:${networkId}`;
export const dayKey = (laneId: number, person: string): string => `${laneId}:${person}`;
export const ownedKey = (accountId: number, name: string): string => `${accountId}:${name}`;
