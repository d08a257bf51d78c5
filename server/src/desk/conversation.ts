/** `Conversation.owner` of what a bot answers. The queue is null, and an operator is the id. */
export const BOT = 0;

/** From the most urgent on; a conversation keeps the place in this list. */
export const PRIORITIES = ['urgent', 'high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

export type ClosedBy = 'operator' | 'bot' | 'silence' | 'key';

/** A stretch of a dialog, from the first word to its closing. What each time means for reports stands in docs/desk.md. */
export interface Conversation {
  id: number;
  accountId: number;
  dialogId: number;
  /** `VK:213243638`. */
  groupKey: string;
  /** Within the dialog, from 1 on. */
  number: number;
  state: 'open' | 'closed';
  /** `BOT`, null for the queue, or the operator's id. */
  owner: number | null;
  teamId: number | null;
  /** A place in `PRIORITIES`. */
  priority: number;
  snoozedUntil: Date | null;
  /** Of the dialog's lines, the first that belongs to it. */
  firstSequence: number;
  openedBy: 'person' | 'operator';
  openedAt: Date;
  /** Whether a bot ever owned it. */
  hadBot: boolean;
  /** Since when a human is asked for; null: never. */
  needsHumanAt: Date | null;
  /** When its operator of now got it. */
  assignedAt: Date | null;
  /** By a human, after `needsHumanAt`. */
  firstReplyAt: Date | null;
  /** Null also where somebody wrote in the network's own page. */
  firstReplyBy: number | null;
  /** The oldest word that waits for a human. */
  waitingSince: Date | null;
  /** The last word of anybody. */
  lastActivityAt: Date;
  /** The operator from whom it went back to the queue by itself. */
  returnedFrom: number | null;
  closedAt: Date | null;
  closedBy: ClosedBy | null;
  /** The operator who closed it. */
  closedById: number | null;
  /** Until when the account wants to have answered first, answered again, and be done; null: no deadline runs. */
  firstReplyDue: Date | null;
  nextReplyDue: Date | null;
  resolutionDue: Date | null;
  /** Of these, the ones that were missed. */
  breached: readonly string[];
  /** When silence closes it; null: not as it stands now. */
  closesAt: Date | null;
  /** When the person was asked what they think of it. */
  ratingAskedAt: Date | null;
  /** From 1 to 5. */
  rating: number | null;
  ratedAt: Date | null;
  ratingComment: string | null;
}

export const isHuman = (owner: number | null): owner is number => owner !== null && owner !== BOT;

/** A person said something. */
export function heard(conversation: Conversation, at: Date): Conversation {
  const isAnsweredByBot = conversation.owner === BOT;
  return {
    ...conversation,
    snoozedUntil: null,
    lastActivityAt: later(conversation.lastActivityAt, at),
    waitingSince: isAnsweredByBot ? null : (conversation.waitingSince ?? at),
  };
}

/** It goes to another owner: the bot, the queue, an operator. `isByItself`: nobody decided it, its operator is away. */
export function givenTo(
  conversation: Conversation,
  owner: number | null,
  { at, teamId = conversation.teamId, isByItself = false }: { at: Date; teamId?: number | null; isByItself?: boolean },
): Conversation {
  const { owner: before, needsHumanAt, waitingSince } = conversation;
  // Whoever is handed over by a bot waits from then on; whoever is taken over has just been spoken to.
  const isHandedOver = before === BOT && owner === null;
  return {
    ...conversation,
    owner,
    teamId,
    snoozedUntil: null,
    hadBot: conversation.hadBot || owner === BOT,
    needsHumanAt: owner === BOT ? needsHumanAt : (needsHumanAt ?? at),
    assignedAt: isHuman(owner) ? at : null,
    waitingSince: owner === BOT ? null : isHandedOver ? at : waitingSince,
    returnedFrom: isByItself && isHuman(before) ? before : null,
  };
}

/** A human answered; `operatorId` null: in the network's own page. */
export function replied(conversation: Conversation, operatorId: number | null, at: Date): Conversation {
  const isFirst = conversation.firstReplyAt === null && conversation.needsHumanAt !== null;
  return {
    ...conversation,
    snoozedUntil: null,
    lastActivityAt: later(conversation.lastActivityAt, at),
    waitingSince: null,
    ...(isFirst && { firstReplyAt: at, firstReplyBy: operatorId }),
  };
}

export function closed(
  conversation: Conversation,
  { by, operatorId = null, at }: { by: ClosedBy; operatorId?: number | null; at: Date },
): Conversation {
  return {
    ...conversation,
    state: 'closed',
    snoozedUntil: null,
    waitingSince: null,
    closedAt: at,
    closedBy: by,
    closedById: operatorId,
  };
}

/** Goes on where it was closed. What the bot had goes to the queue: a human wants it open. */
export function reopened(conversation: Conversation, at: Date): Conversation {
  const open: Conversation = {
    ...conversation,
    state: 'open',
    lastActivityAt: later(conversation.lastActivityAt, at),
    closedAt: null,
    closedBy: null,
    closedById: null,
  };
  return open.owner === BOT ? { ...givenTo(open, null, { at }), waitingSince: null } : open;
}

const later = (one: Date, other: Date): Date => (one > other ? one : other);
