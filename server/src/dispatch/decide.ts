import { type Route, STATUS_ERRORS, type Status, type StatusError } from '@soroka/api';
import type { RefusalReason, SendOutcome } from '@soroka/channels';
import type { HistoryEntry } from './contract.ts';
import type { StepPlan } from './plan.ts';

/** What dispatch knows of a message when something happens to it. Times in milliseconds since 1970. */
export interface HeldMessage {
  id: number;
  accountId: number;
  status: Status;
  channel: Route;
  createdAt: number;
  expiresAt: number;
  steps: readonly StepPlan[];
  history: readonly HistoryEntry[];
  /** Null when nothing is left to be done. */
  delivery: HeldDelivery | null;
}

export interface HeldDelivery {
  step: number;
  state: 'queued' | 'sending' | 'sent';
  attempt: number;
  daySlotAt: Date | null;
  dayPersons: readonly string[] | null;
  /** A call of it had no answer. */
  maybeSent: boolean;
}

/** Something that happened to a message. `at` is when, for facts that others tell us of. */
export type Fact =
  | { kind: 'outcome'; outcome: SendOutcome; dropsRepeats: boolean; awaitsReceipts: boolean }
  | { kind: 'unsendable'; reason: 'no_contact' | 'policy' | 'daily_limit' }
  | { kind: 'receipt'; step: number; status: Exclude<Status, 'QUEUED' | 'CANCELLED'>; at: number }
  | { kind: 'read'; at: number }
  | { kind: 'step_ended' }
  | { kind: 'expired' }
  | { kind: 'cancelled' }
  /** Its owner is gone: the call may or may not have been taken. */
  | { kind: 'orphaned'; dropsRepeats: boolean };

/** What becomes of the message; everything in one transaction. */
export interface Change {
  /** Absent: stays. */
  status?: Status;
  channel?: Route;
  errorCode?: number;
  entry?: HistoryEntry;
  /** Tell the customer and the dialog of `entry`. */
  report: boolean;
  /** Reported instead of the entry's own channel. */
  reportChannel?: Route;
  delivery:
    | 'keep'
    | 'remove'
    | { queue: { step: number; dueAt: number; attempt: number; keepDaySlot: boolean; maybeSent: boolean } }
    | { await: { pollAt: number } }
    | { clearStepEnd: true };
  /** Remember the network's id of what was sent. */
  networkId?: string;
  giveBackDaySlot: boolean;
}

export interface DecideSettings {
  /** How long to wait for a provider's callback before asking it. */
  pollAfterMs: number;
  /** 0 up to 1. */
  random(): number;
}

/** Claimed and then kept: the lease had run out, it had expired, or the claim was never heard of. */
export const NOT_LAUNCHED: SendOutcome = { kind: 'throttled', scope: 'lane', retryAfterMs: 0, networkCode: '' };

const PROGRESS: Partial<Record<Status, number>> = { QUEUED: 0, SENT: 1, DELIVERED: 2, READ: 3 };
const READ_REPORTED_FOR_MS = 86_400_000;
// An upstream's clock may run a little ahead of ours: its EXPIRED this close to our own is the same expiry.
const EXPIRY_SKEW_MS = 5_000;

const isFinal = (status: Status): boolean => PROGRESS[status] === undefined;

/** The rule book: what a fact makes of a message. Pure; null means nothing changes. */
export function decide(message: HeldMessage, fact: Fact, now: number, settings: DecideSettings): Change | null {
  switch (fact.kind) {
    case 'outcome':
      return message.delivery === null ? null : onOutcome(message, message.delivery, fact, now, settings);
    case 'unsendable':
      return message.delivery === null
        ? null
        : refuse(message, message.delivery, fact.reason === 'daily_limit' ? 'RATELIMIT' : 'UNDELIVERABLE', fact.reason, now);
    case 'receipt':
      return onReceipt(message, fact, now);
    case 'read':
      return onRead(message, fact.at, now);
    case 'step_ended':
      return message.delivery === null ? null : onStepEnd(message, message.delivery, now);
    case 'expired':
      return message.delivery === null ? null : onExpiry(message, message.delivery, now);
    case 'cancelled':
      return message.delivery?.state === 'queued' && message.status === 'QUEUED' && !message.delivery.maybeSent
        ? { ...final(message, 'CANCELLED', 'none', now), report: false }
        : null;
    case 'orphaned':
      return message.delivery === null ? null : unanswered(message, message.delivery, fact.dropsRepeats, now, now);
  }
}

function onOutcome(
  message: HeldMessage,
  delivery: HeldDelivery,
  fact: Fact & { kind: 'outcome' },
  now: number,
  settings: DecideSettings,
): Change | null {
  const { outcome } = fact;
  // Nothing was sent, so its place of the day is free for others meanwhile; unless an earlier call had no answer.
  const again = (dueAt: number, attempt: number): Change => {
    const { step, maybeSent } = delivery;
    return {
      report: false,
      delivery: { queue: { step, dueAt, attempt, keepDaySlot: maybeSent, maybeSent } },
      giveBackDaySlot: !maybeSent,
    };
  };
  switch (outcome.kind) {
    case 'sent': {
      const step = message.steps[delivery.step];
      const change = progress(message, 'SENT', now, step?.route ?? message.channel) ?? {
        report: false,
        giveBackDaySlot: false,
        delivery: 'keep',
      };
      const waits = fact.awaitsReceipts || awaitsSuccess(message, delivery.step, 'SENT');
      return {
        ...change,
        networkId: outcome.networkId,
        delivery: waits ? { await: { pollAt: now + settings.pollAfterMs } } : 'remove',
      };
    }
    case 'refused':
      if (outcome.reason === 'content') return { ...final(message, 'UNDELIVERABLE', 'content', now), giveBackDaySlot: true };
      return refuse(message, delivery, outcome.reason === 'daily_limit' ? 'RATELIMIT' : 'UNDELIVERABLE', outcome.reason, now);
    case 'throttled': {
      // Not the message's fault: the attempt does not count. Flood control of one person grows by the published rule 4^n s.
      const wait =
        outcome.scope === 'lane'
          ? outcome.retryAfterMs
          : Math.max(outcome.retryAfterMs, 1_000 * 4 ** Math.min(delivery.attempt - 1, 8));
      return again(now + wait, outcome.scope === 'lane' ? delivery.attempt - 1 : delivery.attempt);
    }
    case 'stopped':
      return again(now, delivery.attempt - 1);
    case 'failed':
      return again(now + backoffMs(delivery.attempt, settings.random()), delivery.attempt);
    case 'unanswered':
      return unanswered(message, delivery, fact.dropsRepeats, now + backoffMs(delivery.attempt, settings.random()), now);
  }
}

/** 1, 2, 4 … 60 s with ±20 % jitter (reliability 3.5). `random` from 0 up to 1. */
export function backoffMs(attempt: number, random: number): number {
  const base = Math.min(60_000, 1_000 * 2 ** Math.max(0, attempt - 1));
  return Math.round(base * (0.8 + 0.4 * random));
}

function unanswered(message: HeldMessage, delivery: HeldDelivery, dropsRepeats: boolean, retryAt: number, now: number): Change {
  const step = message.steps[delivery.step];
  if (!dropsRepeats && step?.onUnknown === 'stop') return final(message, 'UNKNOWN', 'unknown_outcome', now);
  // A repeat that the network may deliver a second time is a second notification for the person: it takes another place of the day.
  return {
    report: false,
    delivery: {
      queue: { step: delivery.step, dueAt: retryAt, attempt: delivery.attempt, keepDaySlot: dropsRepeats, maybeSent: true },
    },
    giveBackDaySlot: false,
  };
}

/** A definite refusal of the present step: the next one starts, or this was the last. */
function refuse(
  message: HeldMessage,
  delivery: HeldDelivery,
  status: 'UNDELIVERABLE' | 'RATELIMIT' | 'EXPIRED',
  reason: RefusalReason | 'no_contact' | 'ttl',
  now: number,
): Change {
  const next = message.steps[delivery.step + 1];
  // An earlier call of it had no answer: what was refused now is the repeat, and the person may have the first.
  const giveBackDaySlot = !delivery.maybeSent;
  if (next === undefined || now >= message.expiresAt) return { ...final(message, status, reason, now), giveBackDaySlot };
  const channel = message.steps[delivery.step]?.route ?? message.channel;
  return {
    channel: next.route,
    entry: { status, channel, ts: now, errorCode: STATUS_ERRORS[reason] },
    report: false,
    delivery: {
      queue: { step: delivery.step + 1, dueAt: now, attempt: 0, keepDaySlot: false, maybeSent: delivery.maybeSent },
    },
    giveBackDaySlot,
  };
}

function final(message: HeldMessage, status: Status, reason: StatusError, now: number): Change {
  const errorCode = STATUS_ERRORS[reason];
  const wasSent = message.history.some((entry) => entry.status === 'SENT');
  // gateway.md: the channel of a message that was never sent is its first route, whichever refused last.
  const channel = wasSent ? message.channel : (message.steps[0]?.route ?? message.channel);
  // A first route has delivered it: what becomes of a second one is no step back.
  if (rank(message.status) > 1) {
    const entry: HistoryEntry = { status, channel: message.channel, ts: now, errorCode };
    return { entry, report: false, delivery: 'remove', giveBackDaySlot: false };
  }
  return {
    status,
    channel,
    errorCode,
    entry: { status, channel: message.channel, ts: now, errorCode },
    report: true,
    reportChannel: channel,
    delivery: 'remove',
    giveBackDaySlot: false,
  };
}

/** A step forward along SENT < DELIVERED < READ on one route; anything else the provider says is kept as evidence. */
function progress(message: HeldMessage, status: 'SENT' | 'DELIVERED' | 'READ', at: number, channel: Route): Change | null {
  if (message.history.some((entry) => entry.status === status && entry.channel === channel)) return null;
  const entry: HistoryEntry = { status, channel, ts: at, errorCode: 0 };
  const late = status === 'READ' && at > message.expiresAt + READ_REPORTED_FOR_MS;
  const forward = !isFinal(message.status) && rank(status) > reachedOn(message, channel);
  const otherRoute = channel !== message.channel;
  if (!forward || late || (otherRoute && status !== 'SENT')) {
    return { entry: { ...entry, evidence: true }, report: false, delivery: 'keep', giveBackDaySlot: false };
  }
  const { delivery } = message;
  const goesOn = status === 'SENT' || (delivery?.state === 'sent' && awaitsSuccess(message, delivery.step, status));
  return {
    // A second route begins anew, its message does not go back.
    ...(rank(status) > rank(message.status) ? { status } : {}),
    channel,
    errorCode: 0,
    entry,
    report: true,
    delivery: goesOn ? 'keep' : 'remove',
    giveBackDaySlot: false,
  };
}

const rank = (status: Status): number => PROGRESS[status] ?? 0;

/** How far a message got on one route. */
function reachedOn(message: HeldMessage, channel: Route): number {
  const own = message.history.filter((entry) => entry.channel === channel && entry.evidence === undefined);
  return Math.max(0, ...own.map((entry) => rank(entry.status)));
}

/** Whether a step that has reached `status` still waits for more, until its time-out starts the next one. */
function awaitsSuccess(message: HeldMessage, step: number, status: Status): boolean {
  const plan = message.steps[step];
  if (plan?.timeoutSeconds === undefined || message.steps[step + 1] === undefined) return false;
  return rank(plan.success ?? 'DELIVERED') > rank(status);
}

/** The dialog tells that it was read, not by which route: by the last one that took it. */
function onRead(message: HeldMessage, at: number, now: number): Change | null {
  const route = message.history.findLast((entry) => entry.status === 'SENT' && entry.evidence === undefined)?.channel;
  const step = message.steps.findIndex((plan) => plan.route === (route ?? message.channel));
  return onReceipt(message, { kind: 'receipt', step, status: 'READ', at }, now);
}

function onExpiry(message: HeldMessage, delivery: HeldDelivery, now: number): Change | null {
  if (delivery.state === 'sending') return null;
  // gateway.md, Statuses: where the provider gives no DELIVERED, SENT has settled it, and only a later step would have waited.
  const settled = delivery.state === 'sent' && message.steps[delivery.step]?.provider === 'community';
  return settled || isFinal(message.status) || rank(message.status) > 1
    ? { report: false, delivery: 'remove', giveBackDaySlot: false }
    : final(message, 'EXPIRED', 'ttl', now);
}

function onReceipt(message: HeldMessage, fact: Fact & { kind: 'receipt' }, now: number): Change | null {
  const { delivery } = message;
  const route = message.steps[fact.step]?.route ?? message.channel;
  switch (fact.status) {
    case 'SENT': // our own SENT was reported when the provider took it
      return null;
    case 'DELIVERED':
    case 'READ': {
      // A late word on an earlier step stops a later one that has not been sent yet.
      const stopsNext =
        route !== message.channel && delivery?.state === 'queued' && delivery.step > fact.step && !isFinal(message.status);
      return progress(stopsNext ? { ...message, channel: route } : message, fact.status, fact.at, route);
    }
    default: {
      if (isFinal(message.status) || delivery === null || delivery.step !== fact.step || delivery.state !== 'sent') {
        return evidence(message, fact.status, route, fact.at);
      }
      if (PROGRESS[message.status] !== 1) return evidence(message, fact.status, route, fact.at);
      if (fact.status === 'UNKNOWN') return final(message, 'UNKNOWN', 'provider', now);
      if (fact.status === 'EXPIRED' && message.expiresAt - now < EXPIRY_SKEW_MS) return null; // our own expiry is the truth and comes now
      if (fact.status === 'RATELIMIT') return refuse(message, delivery, 'RATELIMIT', 'daily_limit', now);
      return refuse(message, delivery, fact.status, fact.status === 'EXPIRED' ? 'ttl' : 'provider', now);
    }
  }
}

function evidence(message: HeldMessage, status: Status, channel: Route, at: number): Change | null {
  if (message.history.some((entry) => entry.status === status && entry.channel === channel)) return null;
  return {
    entry: { status, channel, ts: at, errorCode: 0, evidence: true },
    report: false,
    delivery: 'keep',
    giveBackDaySlot: false,
  };
}

function onStepEnd(message: HeldMessage, delivery: HeldDelivery, now: number): Change | null {
  const step = message.steps[delivery.step];
  const next = message.steps[delivery.step + 1];
  // A call in flight is waited for: its answer decides, and the step ends right after.
  if (delivery.state === 'sending') return null;
  const reached =
    delivery.state === 'sent' && step !== undefined && reachedOn(message, step.route) >= rank(step.success ?? 'DELIVERED');
  if (reached || next === undefined || now >= message.expiresAt)
    return { report: false, delivery: { clearStepEnd: true }, giveBackDaySlot: false };
  return {
    channel: next.route,
    report: false,
    delivery: {
      queue: { step: delivery.step + 1, dueAt: now, attempt: 0, keepDaySlot: false, maybeSent: delivery.maybeSent },
    },
    // What still waits holds a place only where a call had no answer, and then the person may have had it.
    giveBackDaySlot: false,
  };
}
