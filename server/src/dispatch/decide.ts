import { noteOf } from './course-notes.ts';
import type { Change, DecideSettings, Fact, HeldMessage } from './facts.ts';
import { final, onExpiry, onStepEnd, refuse } from './rules-endings.ts';
import { onOutcome, unanswered } from './rules-outcomes.ts';
import { onRead, onReceipt } from './rules-receipts.ts';

export type { DecideSettings, Fact } from './facts.ts';

/** The rule book: what a fact makes of a message, and what its timeline says of that. Pure; null means nothing changes. */
export function decide(message: HeldMessage, fact: Fact, now: number, settings: DecideSettings): Change | null {
  const change = changeBy(message, fact, now, settings);
  const note = change === null ? null : noteOf(message, fact, change, now);
  return change === null || note === null ? change : { ...change, note };
}

function changeBy(message: HeldMessage, fact: Fact, now: number, settings: DecideSettings): Change | null {
  const { delivery } = message;
  switch (fact.kind) {
    case 'receipt':
      return onReceipt(message, fact, now);
    case 'read':
      return onRead(message, fact.at, now);
  }
  if (delivery === null) return null;
  switch (fact.kind) {
    case 'outcome':
      return onOutcome(message, delivery, fact, now, settings);
    case 'unsendable':
      // It is we who do not send, and that says nothing of an earlier call that had no answer.
      if (delivery.maybeSent && delivery.attempt > 0 && message.steps[delivery.step]?.onUnknown === 'stop')
        return final(message, 'UNKNOWN', 'unknown_outcome', now);
      return refuse(message, delivery, fact.reason === 'daily_limit' ? 'RATELIMIT' : 'UNDELIVERABLE', fact.reason, now);
    case 'postponed': // the claim has moved it already
      return { report: false, delivery: 'keep', giveBackDaySlot: false };
    case 'step_ended':
      return onStepEnd(message, delivery, now);
    case 'expired':
      return onExpiry(message, delivery, now);
    case 'cancelled':
      return delivery.state === 'queued' && message.status === 'QUEUED' && !delivery.maybeSent
        ? { ...final(message, 'CANCELLED', 'none', now), report: false }
        : null;
    case 'orphaned':
      // Where it stood, before all that waits: the network does not remember its key for ever, and a backlog may take hours.
      return unanswered(message, delivery, fact.dropsRepeats, delivery.dueAt.getTime(), now);
  }
}
