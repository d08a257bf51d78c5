import type { Conversation as ConversationShown } from '@soroka/api';
import { BOT, type Conversation, PRIORITIES } from './conversation.ts';

/** As the API and the log of events show it. */
export function shownConversation(conversation: Conversation): ConversationShown {
  const { id, dialogId, number, state, owner, teamId, priority, openedBy, hadBot, firstReplyBy, closedBy, closedById } =
    conversation;
  return {
    id,
    dialogId,
    number,
    state,
    folder: folderOf(conversation),
    owner,
    teamId,
    priority: PRIORITIES[priority] ?? 'normal',
    snoozedUntil: iso(conversation.snoozedUntil),
    openedBy,
    openedAt: conversation.openedAt.toISOString(),
    hadBot,
    needsHumanAt: iso(conversation.needsHumanAt),
    assignedAt: iso(conversation.assignedAt),
    firstReplyAt: iso(conversation.firstReplyAt),
    firstReplyBy,
    waitingSince: iso(conversation.waitingSince),
    lastActivityAt: conversation.lastActivityAt.toISOString(),
    closedAt: iso(conversation.closedAt),
    closedBy,
    closedById,
    firstReplyDue: iso(conversation.firstReplyDue),
    nextReplyDue: iso(conversation.nextReplyDue),
    resolutionDue: iso(conversation.resolutionDue),
    breached: [...conversation.breached],
    ratingAskedAt: iso(conversation.ratingAskedAt),
    rating: conversation.rating,
    ratingComment: conversation.ratingComment,
  };
}

// As the generated column says it; a list and an event must put a conversation into the same folder.
function folderOf({ state, snoozedUntil, owner }: Conversation): ConversationShown['folder'] {
  if (state === 'closed') return 'closed';
  if (snoozedUntil !== null) return 'snoozed';
  if (owner === null) return 'queue';
  return owner === BOT ? 'bot' : 'owned';
}

const iso = (time: Date | null): string | null => time?.toISOString() ?? null;
