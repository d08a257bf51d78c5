import { STATUS_ERRORS, type Status, type StatusError } from '@soroka/api';
import type { RefusalReason } from '@soroka/channels';
import type { HistoryEntry } from './contract.ts';
import type { Change, HeldDelivery, HeldMessage } from './facts.ts';
import { isFinal, rank, reachedOn } from './status-order.ts';

/** A definite refusal of the present step: the next one starts, or this was the last. */
export function refuse(
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
    delivery: nextStep(delivery, now),
    giveBackDaySlot,
  };
}

export function final(message: HeldMessage, status: Status, reason: StatusError, now: number): Change {
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

export function onExpiry(message: HeldMessage, delivery: HeldDelivery, now: number): Change | null {
  if (delivery.state === 'sending') return null;
  // gateway.md, Statuses: where the provider gives no DELIVERED, SENT has settled it, and only a later step would have waited.
  const settled = delivery.state === 'sent' && message.steps[delivery.step]?.provider === 'community';
  return settled || isFinal(message.status) || rank(message.status) > 1
    ? { report: false, delivery: 'remove', giveBackDaySlot: false }
    : final(message, 'EXPIRED', 'ttl', now);
}

export function onStepEnd(message: HeldMessage, delivery: HeldDelivery, now: number): Change | null {
  const step = message.steps[delivery.step];
  const next = message.steps[delivery.step + 1];
  // A call in flight is waited for: its answer decides, and the step ends right after.
  if (delivery.state === 'sending') return null;
  const reached =
    delivery.state === 'sent' && step !== undefined && reachedOn(message, step.route) >= rank(step.success ?? 'DELIVERED');
  if (reached || next === undefined || now >= message.expiresAt)
    return { report: false, delivery: { clearStepEnd: true }, giveBackDaySlot: false };
  // What still waits holds a place only where a call had no answer, and then the person may have had it.
  return { channel: next.route, report: false, delivery: nextStep(delivery, now), giveBackDaySlot: false };
}

function nextStep({ step, maybeSent }: HeldDelivery, now: number): Change['delivery'] {
  return { queue: { step: step + 1, dueAt: now, attempt: 0, keepDaySlot: false, maybeSent } };
}
