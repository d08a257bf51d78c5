import type { ErrorCode, MessageClass, Route, Status } from '@soroka/api';
import type { Keyboard, OutgoingAttachment, RefusalReason, SendOutcome } from '@soroka/channels';

/** One notification whose shape has been checked by http/: what is left to check needs the account's senders, templates and contacts. */
export interface NewNotification {
  /** Digits of E.164 without the plus. */
  phone: string;
  service: string;
  templateId?: number;
  tmpl?: string;
  /** Variables as values for rendering, and the same object as the JSON text that was given. */
  templateData: Record<string, unknown>;
  templateDataJson: string;
  /** Either or neither; absent: the template's own order. */
  routes?: readonly Route[];
  steps?: readonly NewStep[];
  deliveryPolicy: 'any' | 'mobile_device_required' | 'verified_phone_number';
  ttlSeconds: number;
  statusUrl?: string;
  /** JSON text as given, echoed in every callback. */
  callbackDataJson?: string;
  clientMessageId?: string;
  sendAt?: Date;
  windows?: readonly SendWindow[];
  /** Absent: the template's, else `DEFAULT_CLASS`. */
  class?: MessageClass;
  /** Over the whole item as given; tells a repeated clientMessageId from a conflicting one. */
  contentSha256: Buffer;
}

export interface NewStep {
  route: Route;
  timeoutSeconds?: number;
  success?: 'SENT' | 'DELIVERED' | 'READ';
}

/** Local hours in which a message may be sent; `weekdays` 1 (Monday) to 7, `from` and `to` as HH:MM, `to` not included. */
export interface SendWindow {
  weekdays: readonly number[];
  from: string;
  to: string;
  /** IANA name; absent: the zone of the recipient's phone. */
  timeZone?: string;
}

export interface Refusal {
  key: ErrorCode;
  field?: string;
  message?: string;
}
export type AcceptAnswer = { ok: true; messageId: number } | { ok: false; reasons: readonly Refusal[] };

/** Stores the answer under an Idempotency-Key in the same transaction as the messages. */
export interface Remember {
  key: string;
  bodySha256: Buffer;
  /** The answer's body as it will be sent, from the answers in order of the items. */
  answerBody(answers: readonly AcceptAnswer[]): string;
}
export type AcceptResult =
  | { kind: 'accepted'; answers: readonly AcceptAnswer[] }
  | { kind: 'repeated'; answerBody: string }
  | { kind: 'conflict' }
  | { kind: 'running' };

/** What would become of a notification that was given now. */
export type Rehearsal =
  | { ok: false; reasons: readonly Refusal[] }
  | {
      ok: true;
      text: string;
      /** The route that would be used, the last one where none would. */
      channel: Route;
      groupId: string;
      outcome: 'SENT' | 'RATELIMIT' | 'UNDELIVERABLE' | 'EXPIRED';
      /** Its sender or connection is paused: times count as if it were not. */
      isPaused: boolean;
      dueAt: Date;
      /** Null where it would not be sent. */
      sentBy: Date | null;
      /** Messages before it in the line of the group. */
      waiting: number;
      perSecond: number;
      /** Groups from which the person would have had all of the day's notifications. */
      caps: readonly MetCap[];
    };

export interface MetCap {
  channel: Route;
  groupId: string;
  /** Notifications to one person in any 24 hours. */
  max: number;
  /** The message is given to the next route, refused for good, or waits for a free place within its ttl. */
  follows: 'next_route' | 'refused' | 'waits';
}

/** What a reply carries beside its text, all of it known to the network. */
export interface ReplyContent {
  attachments?: readonly OutgoingAttachment[];
  /** In the same dialog. */
  replyToNetworkId?: string;
}

export interface NewReply extends ReplyContent {
  /** Taken from `nextMessageId` before; absent: a new one. */
  messageId?: number;
  accountId: number;
  connectionId: number;
  groupId: string;
  network: 'vk' | 'ok';
  /** Where the network takes it: VK peer_id, OK `chat:…` or a user id. */
  peerId: string;
  dialogId: number;
  text: string;
  /** Fitted to its network by the channel. */
  keyboard?: Keyboard;
}

/** By which connection messages of a group go. */
export interface BroadcastRoute {
  connectionId: number;
  network: 'vk' | 'ok';
  groupId: string;
  provider: 'community' | 'notify';
}

/** One message of a broadcast, to a person of the route's network. */
export interface NewBroadcastMessage {
  /** No prefix. */
  userId: string;
  /** Told back with everything that happens to it. */
  clientMessageId: string;
  text: string;
  keyboard?: Keyboard;
  /** Known to the network, for anybody. */
  attachments?: readonly OutgoingAttachment[];
  /** VK: why the group may write first. */
  intent?: string;
  /** Hours outside of which it is not sent; null: none. */
  windows: readonly (SendWindow & { timeZone: string })[] | null;
  expiresAt: Date;
}

/** What became of messages that were to be cancelled: each is in one list. */
export interface Cancelled {
  cancelled: readonly number[];
  /** Or final otherwise. */
  alreadySent: readonly number[];
  notFound: readonly number[];
}

export interface HistoryEntry {
  status: Status;
  channel: Route;
  /** Milliseconds since 1970. */
  ts: number;
  errorCode: number;
  /** A late or repeated word of the provider: kept, not reported, no step back. */
  evidence?: true;
  /** Of a SENT: which attempt it answers, and when that was launched. */
  attempt?: number;
  launchedAt?: number;
}

/** What is done next with a message: tried again, given to its next route, nothing more, or what was to be done anyway. */
export type Follows = 'again' | 'next_route' | 'end' | 'goes_on';

interface Noted {
  /** By our clock, in milliseconds since 1970, as all times here. */
  at: number;
  /** Index of its step. */
  step: number;
  follows: Follows;
  /** Not before; where it follows again. */
  until?: number;
}

/** What was done for a message that its statuses do not tell, and why. */
export type CourseNote =
  /** `at` is when it was answered, or given up. */
  | (Noted & {
      what: 'attempt';
      attempt: number;
      launchedAt: number;
      outcome: SendOutcome['kind'];
      code?: string;
      /** The head of what the network said, without secrets. */
      answer?: string;
    })
  /** Not sent on this route. */
  | (Noted & { what: 'skipped'; reason: RefusalReason | 'no_contact' })
  /** Not sent yet. */
  | (Noted & { what: 'held'; reason: 'not_prepared' | 'flood' | 'window' | 'daily_limit' })
  /** Its process was gone before it wrote an answer. `sameKey`: the network drops a repeat. */
  | (Noted & { what: 'taken_over'; attempt: number; sameKey: boolean })
  | (Noted & { what: 'step_ended'; reason: 'time_out' | 'refused' | 'earlier_route' })
  | { what: 'left_out'; at: number; count: number };

export interface MessageView {
  messageId: number;
  kind: 'notification' | 'reply';
  status: Status;
  channel: Route;
  phone: string | null;
  service: string | null;
  templateId: number | null;
  class: MessageClass;
  text: string;
  createdAt: Date;
  expiresAt: Date;
  errorCode: number;
  /** JSON text. */
  callbackDataJson: string | null;
  history: readonly HistoryEntry[];
}

/** Where a message went and why, as far as it is stored. */
export interface MessageCourse {
  createdAt: Date;
  expiresAt: Date;
  /** Settled at acceptance, in the order of use. */
  steps: readonly {
    channel: Route;
    provider: 'notify' | 'community';
    groupId: string;
    timeoutSeconds?: number;
    success?: NonNullable<NewStep['success']>;
  }[];
  windows: readonly (SendWindow & { timeZone: string })[] | null;
  history: readonly HistoryEntry[];
  notes: readonly CourseNote[];
  /** What the networks took, with their ids. */
  taken: readonly { at: Date; channel: Route; networkId: string }[];
  /** What is still to be done; null where nothing is. */
  next: {
    channel: Route;
    /** Waits for its turn; is being sent; waits for the provider's word on it. */
    state: 'queued' | 'sending' | 'sent';
    /** Calls so far on this route. */
    attempts: number;
    /** Not before. */
    dueAt: Date;
    stepEndsAt: Date | null;
    isPaused: boolean;
  } | null;
}

export interface MessageFilter {
  status?: Status;
  phone?: string;
  service?: string;
  createdFrom?: Date;
  createdTo?: Date;
  /** Ids below this one; newest first. */
  beforeId?: number;
  limit: number;
}

export interface ProviderReceipt {
  connectionId: number;
  networkId: string;
  status: Exclude<Status, 'QUEUED' | 'CANCELLED'>;
  at: Date;
}

/** A change of a message that dialogs show; read by inbox/ in the order it happened. */
export interface DispatchEvent {
  id: number;
  accountId: number;
  messageId: number;
  kind: 'notification' | 'reply';
  status: Status;
  network: 'vk' | 'ok';
  groupId: string;
  connectionId: number;
  networkId: string | null;
  /** Of a notification. */
  phone: string | null;
  /** Of a reply; null: of a broadcast. */
  dialogId: number | null;
  clientMessageId: string | null;
  text: string;
  /** Of a broadcast. */
  keyboard: Keyboard | null;
  errorCode: number;
  at: Date;
}
