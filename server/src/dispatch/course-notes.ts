import type { CourseNote, Follows } from './contract.ts';
import type { Change, Fact, HeldDelivery, HeldMessage, OutcomeFact } from './facts.ts';

// Kept of a message that was tried for a day: how it began, and what came last.
const FIRST_KEPT = 5;
const LAST_KEPT = 15;

type Said = { what: CourseNote['what'] } & Record<string, unknown>;

/** The notes with one more at their end; what is too many goes from the middle, and how much is told there. */
export function withNote(notes: readonly CourseNote[] | null, note: CourseNote): readonly CourseNote[] {
  const gap = notes?.[FIRST_KEPT];
  const leftOut = gap?.what === 'left_out' ? gap.count : 0;
  const all = [...(notes ?? []).filter(({ what }) => what !== 'left_out'), note];
  const surplus = all.length - FIRST_KEPT - LAST_KEPT;
  if (surplus <= 0) return all;
  const at = all[FIRST_KEPT]?.at ?? note.at;
  return [
    ...all.slice(0, FIRST_KEPT),
    { what: 'left_out', at: gap?.at ?? at, count: leftOut + surplus },
    ...all.slice(FIRST_KEPT + surplus),
  ];
}

/** What the timeline is to say of a fact and its change beside the statuses; null where the status says it all. */
export function noteOf(message: HeldMessage, fact: Fact, change: Change, now: number): CourseNote | null {
  const { delivery } = message;
  if (delivery === null) return null;
  const said = saidOf(fact, delivery, change);
  return said === null ? null : ({ at: now, step: delivery.step, ...followsOf(change, delivery, now), ...said } as CourseNote);
}

function saidOf(fact: Fact, delivery: HeldDelivery, change: Change): Said | null {
  switch (fact.kind) {
    case 'outcome':
      return fact.launchedAt === null ? ofNoCall(fact) : ofCall(fact, fact.launchedAt, delivery.attempt, change);
    case 'unsendable':
      return { what: 'skipped', reason: fact.reason };
    case 'postponed':
      return { what: 'held', reason: fact.reason, follows: 'again', until: fact.until };
    case 'orphaned':
      return { what: 'taken_over', attempt: delivery.attempt, sameKey: fact.dropsRepeats };
    case 'step_ended':
      return change.channel === undefined ? null : { what: 'step_ended', reason: 'time_out' };
    case 'receipt':
    case 'read':
      if (change.channel === undefined || typeof change.delivery === 'string') {
        // A late word on an earlier route took the place of what had not been sent yet.
        return change.delivery === 'remove' && delivery.state === 'queued'
          ? { what: 'step_ended', reason: 'earlier_route' }
          : null;
      }
      return { what: 'step_ended', reason: 'refused' };
    default:
      return null;
  }
}

function ofCall({ outcome }: OutcomeFact, launchedAt: number, attempt: number, { entry }: Change): Said | null {
  if (outcome.kind === 'sent' && entry?.launchedAt !== undefined) return null;
  const code = 'networkCode' in outcome ? { code: outcome.networkCode } : {};
  const answer = 'answer' in outcome && outcome.answer !== undefined ? { answer: outcome.answer } : {};
  return { what: 'attempt', attempt, launchedAt, outcome: outcome.kind, ...code, ...answer };
}

/** Kept without a call. A lane that lost its turn says nothing: the message waits as before. */
function ofNoCall({ outcome }: OutcomeFact): Said | null {
  if (outcome.kind === 'refused') return { what: 'skipped', reason: outcome.reason };
  if (outcome.kind === 'failed') return { what: 'held', reason: 'not_prepared' };
  return outcome.kind === 'throttled' && outcome.scope === 'recipient' ? { what: 'held', reason: 'flood' } : null;
}

function followsOf({ delivery }: Change, { step }: HeldDelivery, now: number): { follows: Follows; until?: number } {
  if (delivery === 'remove') return { follows: 'end' };
  if (typeof delivery === 'string' || !('queue' in delivery)) return { follows: 'goes_on' };
  if (delivery.queue.step !== step) return { follows: 'next_route' };
  return { follows: 'again', until: Math.max(now, delivery.queue.dueAt) };
}
