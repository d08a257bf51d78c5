import type { Route, Status } from '@soroka/api';
import type { HistoryEntry } from './contract.ts';
import type { Change, HeldMessage, ReceiptFact } from './facts.ts';
import { final, refuse } from './rules-endings.ts';
import { awaitsSuccess, isFinal, rank, reachedOn } from './status-order.ts';

const READ_REPORTED_FOR_MS = 86_400_000;
// An upstream's clock may run a little ahead of ours: its EXPIRED this close to our own is the same expiry.
const EXPIRY_SKEW_MS = 5_000;

/** A step forward along SENT < DELIVERED < READ on one route; anything else the provider says is kept as evidence. */
export function progress(message: HeldMessage, status: 'SENT' | 'DELIVERED' | 'READ', at: number, channel: Route): Change | null {
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

/** The dialog tells that it was read, not by which route: by the last one that took it. */
export function onRead(message: HeldMessage, at: number, now: number): Change | null {
  const route = message.history.findLast((entry) => entry.status === 'SENT' && entry.evidence === undefined)?.channel;
  const step = message.steps.findIndex((plan) => plan.route === (route ?? message.channel));
  return onReceipt(message, { kind: 'receipt', step, status: 'READ', at }, now);
}

export function onReceipt(message: HeldMessage, fact: ReceiptFact, now: number): Change | null {
  const { delivery } = message;
  const route = message.steps[fact.step]?.route ?? message.channel;
  switch (fact.status) {
    case 'SENT': // our own SENT was reported when the provider took it
      return null;
    case 'DELIVERED':
    case 'READ': {
      // The late success of an earlier step stops a later one that has not been sent yet.
      const isSuccess = rank(fact.status) >= rank(message.steps[fact.step]?.success ?? 'DELIVERED');
      const waits = delivery?.state === 'queued' && delivery.step > fact.step;
      const stopsNext = route !== message.channel && isSuccess && waits && !isFinal(message.status);
      return progress(stopsNext ? { ...message, channel: route } : message, fact.status, fact.at, route);
    }
    default: {
      if (isFinal(message.status) || delivery === null || delivery.step !== fact.step || delivery.state !== 'sent') {
        return evidence(message, fact.status, route, fact.at);
      }
      if (rank(message.status) !== rank('SENT')) return evidence(message, fact.status, route, fact.at);
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
