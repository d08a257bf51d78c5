import type { Conversation } from './conversation.ts';
import { afterWorkingMs } from './hours.ts';
import type { RuleInForce } from './rules.ts';

/** What an account promises its people, each with the column of its deadline. */
export const PROMISES = {
  'first-reply': 'firstReplyDue',
  'next-reply': 'nextReplyDue',
  resolution: 'resolutionDue',
} as const;
export type PromiseKind = keyof typeof PROMISES;

const MINUTES = {
  'first-reply': 'firstReplyMinutes',
  'next-reply': 'nextReplyMinutes',
  resolution: 'resolutionMinutes',
} as const satisfies Record<PromiseKind, keyof RuleInForce>;

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Since when a promise runs; null while it does not. */
const SINCE: Readonly<Record<PromiseKind, (conversation: Conversation) => Date | null>> = {
  'first-reply': ({ needsHumanAt, firstReplyAt }) => (firstReplyAt === null ? needsHumanAt : null),
  'next-reply': ({ waitingSince, firstReplyAt }) => (firstReplyAt === null ? null : waitingSince),
  resolution: ({ openedAt }) => openedAt,
};

/**
 * What has become of a conversation, with its deadlines. One that runs on from the same moment stays as it is, also where the rules
 * have changed since; one that was missed is not set again for the same moment.
 */
export function withDeadlines(before: Conversation | null, after: Conversation, rule: RuleInForce): Conversation {
  const kinds = Object.keys(PROMISES) as PromiseKind[];
  const due = kinds.map((kind) => [PROMISES[kind], dueOf(kind, before, after, rule)]);
  return { ...after, ...Object.fromEntries(due), closesAt: closesAt(after, rule) };
}

function dueOf(kind: PromiseKind, before: Conversation | null, after: Conversation, rule: RuleInForce): Date | null {
  const since = runningSince(kind, after);
  const minutes = rule[MINUTES[kind]];
  if (since === null) return null;
  const earlier = before === null ? null : runningSince(kind, before);
  if (earlier?.getTime() === since.getTime()) return after[PROMISES[kind]];
  const isMissed = kind !== 'next-reply' && after.breached.includes(kind);
  return minutes === null || isMissed ? null : afterWorkingMs(since, minutes * MINUTE_MS, rule.hours);
}

const runningSince = (kind: PromiseKind, conversation: Conversation): Date | null =>
  conversation.state === 'open' ? SINCE[kind](conversation) : null;

/** When silence closes it: never while somebody waits, or while it is put aside. */
function closesAt(
  { state, waitingSince, snoozedUntil, lastActivityAt }: Conversation,
  { silenceHours }: RuleInForce,
): Date | null {
  const isSilent = state === 'open' && waitingSince === null && snoozedUntil === null;
  return isSilent ? new Date(lastActivityAt.getTime() + silenceHours * HOUR_MS) : null;
}
