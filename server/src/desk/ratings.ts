import type { Keyboard } from '@soroka/channels';
import type { Dialogs } from '../dialogs/dialogs.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { Queryable, Transaction } from '../platform/database.ts';
import type { Conversation } from './conversation.ts';
import type { Rules } from './rules.ts';
import type { ConversationStore } from './store.ts';
import type { Held } from './work.ts';

/** What people think of a conversation, asked by buttons once it is over. */
export interface Ratings {
  /** Asks, where the group's rule says so, a human has answered, and there is a way to ask. Returns the conversation as it is then. */
  ask(held: Held, conversation: Conversation): Promise<Conversation>;
  /** Takes the press of one of our buttons, the first one of each conversation. False where it is none of ours. */
  take(tx: Transaction, dialogId: number, payload: string | undefined, at: Date): Promise<boolean>;
  /** The word after a rating is its comment; it opens another conversation like any word, as it may be a question. */
  comment(tx: Transaction, latest: Conversation | null, text: string, at: Date): Promise<void>;
}

export const QUESTION = 'Оцените, пожалуйста, как мы вам помогли.';
export const THANKS = 'Спасибо за оценку!';
/** What is written so long after a rating speaks of something else. */
const COMMENT_WITHIN_MS = 600_000;
const COMMENT_CHARACTERS_MAX = 4_096;
const SCORES = [1, 2, 3, 4, 5] as const;

const CONNECTION = {
  name: 'desk_rating_connection',
  text: 'select id from connection where account_id = $1 and kind = $2 and group_id = $3 and removed_at is null',
} as const;

export interface RatingsParts {
  store: ConversationStore;
  rules: Pick<Rules, 'inForce'>;
  dialogs: Pick<Dialogs, 'append'>;
  dispatch: Pick<Dispatch, 'acceptReplies'>;
}

export function createRatings({ store, rules, dialogs, dispatch }: RatingsParts): Ratings {
  const connectionOf = async (tx: Queryable, { dialog: { accountId, network, groupId } }: Held): Promise<number | null> => {
    const [found] = await tx.rows<{ id: number }>(CONNECTION, [accountId, network, groupId]);
    return found?.id ?? null;
  };

  return {
    async ask(held, conversation) {
      const { tx, now, dialog } = held;
      const { accountId, network, groupId, peerId, id: dialogId } = dialog;
      const { asksRating } = await rules.inForce(tx, accountId, conversation.groupKey);
      const isAskedFor = asksRating && conversation.firstReplyAt !== null && conversation.ratingAskedAt === null;
      const connectionId = isAskedFor && peerId !== null ? await connectionOf(tx, held) : null;
      if (connectionId === null || peerId === null) return conversation;
      const said = { text: QUESTION, keyboard: keyboardOf(conversation.id) };
      const reply = { accountId, connectionId, network, groupId, peerId, dialogId, ...said };
      const [messageId] = (await dispatch.acceptReplies(tx, [reply])) as [number];
      await dialogs.append(tx, [{ ...said, dialogId, messageId, source: 'bot', status: 'QUEUED', at: now }]);
      return store.save(tx, conversation, { ...conversation, ratingAskedAt: now });
    },
    async take(tx, dialogId, payload, at) {
      const press = payload === undefined ? null : readPress(payload);
      if (press === null) return false;
      const conversation = await store.get(tx, dialogId, press.conversationId);
      if (conversation === null) return false;
      if (conversation.ratingAskedAt !== null && conversation.rating === null)
        await store.save(tx, conversation, { ...conversation, rating: press.score, ratedAt: at });
      return true;
    },
    async comment(tx, latest, text, at) {
      if (latest === null || latest.ratedAt === null || latest.ratingComment !== null || text.trim() === '') return;
      if (latest.state !== 'closed' || at.getTime() - latest.ratedAt.getTime() > COMMENT_WITHIN_MS) return;
      await store.save(tx, latest, { ...latest, ratingComment: text.trim().slice(0, COMMENT_CHARACTERS_MAX) });
    },
  };
}

function keyboardOf(conversation: number): Keyboard {
  const row = SCORES.map((score) => ({
    kind: 'callback' as const,
    label: `${score} ★`,
    payload: JSON.stringify({ soroka: 'rating', conversation, score }),
  }));
  return { place: 'message', rows: [row] };
}

/** Payloads come from the network, and could have been made by hand: anything else is none of ours. */
function readPress(payload: string): { conversationId: number; score: number } | null {
  const { soroka, conversation, score } = fieldsOf(payload);
  const isOurs = soroka === 'rating' && Number.isSafeInteger(conversation) && SCORES.some((known) => known === score);
  return isOurs ? { conversationId: conversation as number, score: score as number } : null;
}

function fieldsOf(payload: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
