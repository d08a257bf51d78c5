import type { SendOutcome } from '@soroka/channels';
import { BACK_OFF, pauseMs } from './back-off.ts';
import type { Change, DecideSettings, HeldDelivery, HeldMessage, OutcomeFact } from './facts.ts';
import { final, refuse } from './rules-endings.ts';
import { progress } from './rules-receipts.ts';
import { awaitsSuccess } from './status-order.ts';

/** Claimed and then kept: the lease had run out, it had expired, or the claim was never heard of. */
export const NOT_LAUNCHED: SendOutcome = { kind: 'throttled', scope: 'lane', retryAfterMs: 0, networkCode: '' };

export function onOutcome(
  message: HeldMessage,
  delivery: HeldDelivery,
  fact: OutcomeFact,
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
    case 'sent':
      return onSent(message, delivery, fact, outcome.networkId, now, settings);
    case 'refused':
      // No route takes such a content. The repeat of a call without an answer keeps its place, as in `refuse`.
      if (outcome.reason === 'content')
        return { ...final(message, 'UNDELIVERABLE', 'content', now), giveBackDaySlot: !delivery.maybeSent };
      return refuse(message, delivery, outcome.reason === 'daily_limit' ? 'RATELIMIT' : 'UNDELIVERABLE', outcome.reason, now);
    case 'throttled': // not the message's fault: the attempt does not count
      return again(now + outcome.retryAfterMs, delivery.attempt - 1);
    case 'stopped':
      return again(now, delivery.attempt - 1);
    case 'failed':
      return again(now + backoffMs(delivery.attempt, settings.random()), delivery.attempt);
    case 'unanswered':
      return unanswered(message, delivery, fact.dropsRepeats, now + backoffMs(delivery.attempt, settings.random()), now);
  }
}

function onSent(
  message: HeldMessage,
  delivery: HeldDelivery,
  { awaitsReceipts, launchedAt }: OutcomeFact,
  networkId: string,
  now: number,
  { pollAfterMs }: DecideSettings,
): Change {
  const step = message.steps[delivery.step];
  const nothing: Change = { report: false, giveBackDaySlot: false, delivery: 'keep' };
  const change = progress(message, 'SENT', now, step?.route ?? message.channel) ?? nothing;
  const waits = awaitsReceipts || awaitsSuccess(message, delivery.step, 'SENT');
  return {
    ...change,
    // With its status, and not as a note: docs/decisions/0007.
    ...(change.entry === undefined || launchedAt === null
      ? {}
      : { entry: { ...change.entry, attempt: delivery.attempt, launchedAt } }),
    networkId,
    delivery: waits ? { await: { pollAt: now + pollAfterMs } } : 'remove',
  };
}

/** 1, 2, 4 … 60 s with ±20 % jitter (reliability 3.5). `random` from 0 up to 1. */
export function backoffMs(attempt: number, random: number): number {
  const { passing } = BACK_OFF;
  return Math.round(pauseMs(passing, Math.max(0, attempt - 1)) * (1 - passing.jitter + 2 * passing.jitter * random));
}

export function unanswered(
  message: HeldMessage,
  delivery: HeldDelivery,
  dropsRepeats: boolean,
  retryAt: number,
  now: number,
): Change {
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
