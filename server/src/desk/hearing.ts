import type { Dialogs, LockedDialog } from '../dialogs/dialogs.ts';
import { groupKey } from '../events/events.ts';
import type { Clock } from '../platform/clock.ts';
import type { Queryable, Transaction } from '../platform/database.ts';
import { gatheredOne } from '../platform/gathered.ts';
import { BOT, type Conversation, heard, isHuman, replied } from './conversation.ts';
import type { Drafts } from './drafts.ts';
import { isWorking } from './hours.ts';
import { type Moves, owned } from './moves.ts';
import type { Notes } from './notes.ts';
import { type Ratings, THANKS } from './ratings.ts';
import type { Rules } from './rules.ts';
import type { ConversationStore, DeskPlace } from './store.ts';
import type { DeskWork, Held } from './work.ts';

/** A person's word that stands in its dialog, which the transaction holds. */
export interface Word extends DeskPlace {
  /** As the network says. */
  at: Date;
  /** Whether a bot answers in the group. */
  hasBot: boolean;
  /** Of the person, where they wrote something. */
  text?: string;
}

/** What others tell the desk in their own transactions, which hold the dialog. */
export interface Hearing {
  /** Another dialog became a part of this one: its conversations, labels and drafts come with it. */
  adopt(tx: Transaction, fromDialogId: number, place: DeskPlace): Promise<void>;
  /** A press of a button that asked for a rating: then it is no word. Gives the line for whoever pressed; null where it was none. */
  rate(tx: Transaction, dialogId: number, payload: string | undefined, at: Date): Promise<string | null>;
  /** Opens a conversation where none is open. The bot is asked only where it owns it. */
  hear(tx: Transaction, word: Word): Promise<Conversation>;
  /**
   * An operator answers: takes the dialog where the bot or the queue has it, opens a conversation where none is open, and forgets
   * the draft. Throws `conversation.owned` where a colleague has it.
   */
  answering(tx: Transaction, dialogId: number, operatorId: number): Promise<Conversation>;
  /** Somebody answers who is no operator of ours, in the network's own page or by a key: the bot is silent then, and nobody owns it. */
  answeringElsewhere(tx: Transaction, dialogId: number): Promise<void>;
  /** Who answers now, or did last. The bot before the first word, and in chats of several people, which have no conversations. */
  ownerOf(tx: Queryable, dialog: Pick<LockedDialog, 'id'>): Promise<'bot' | 'queue' | 'human'>;
  /** Whether it is working time in the group; without hours it always is. */
  isWorkingHours(tx: Queryable, dialog: LockedDialog, at: Date): Promise<boolean>;
  /** The bot gives the dialog to the queue, of a team by its name. Nothing happens where it has not got it. */
  handOver(tx: Transaction, dialog: LockedDialog, to: { team?: string; note?: string }): Promise<void>;
  /** The bot is done. Nothing happens where it has not got the dialog. */
  close(tx: Transaction, dialog: LockedDialog): Promise<void>;
}

export interface HearingParts {
  work: DeskWork;
  store: ConversationStore;
  moves: Moves;
  notes: Notes;
  drafts: Drafts;
  dialogs: Pick<Dialogs, 'lock'>;
  rules: Pick<Rules, 'inForce'>;
  ratings: Pick<Ratings, 'take' | 'comment'>;
  clock: Clock;
}

const SQL = {
  owner: {
    name: 'desk_owner',
    text: `
      select asked.dialog_id as "dialogId", c.owner
      from unnest($1::bigint[]) as asked(dialog_id)
      cross join lateral (select owner from conversation where dialog_id = asked.dialog_id and is_latest limit 1) as c`,
  },
  teamNamed: { name: 'desk_team_named', text: 'select id from team where account_id = $1 and lower(name) = lower($2) limit 1' },
} as const;

export function createHearing({ work, store, moves, notes, drafts, dialogs, rules, ratings, clock }: HearingParts): Hearing {
  const hold = async (tx: Transaction, dialogId: number): Promise<Held> => {
    const dialog = await dialogs.lock(tx, dialogId);
    if (dialog === null) throw new Error('a dialog that is answered in does not exist');
    return work.holding(tx, dialog);
  };
  /** The conversation, where it is open and the bot has it. */
  const ofBot = ({ conversation }: Held): Conversation | null =>
    conversation?.state === 'open' && conversation.owner === BOT ? conversation : null;

  /** Somebody of the account, and no operator of ours: the bot is silent then, and nobody owns it. */
  const answerAsNobody = async (tx: Transaction, dialogId: number): Promise<void> => {
    const held = await hold(tx, dialogId);
    const { conversation, now } = held;
    if (conversation?.state !== 'open') return;
    const isOfBot = conversation.owner === BOT;
    const left = isOfBot ? await moves.give(held, conversation, null, { by: { key: true } }) : conversation;
    await store.save(tx, left, replied(left, null, now));
  };

  return {
    adopt: (tx, fromDialogId, place) => store.adopt(tx, fromDialogId, place, new Date(clock.now())),
    rate: async (tx, dialogId, payload, at) => ((await ratings.take(tx, dialogId, payload, at)) ? THANKS : null),
    async hear(tx, { at: told, hasBot, text = '', ...place }) {
      // A network's clock may go before ours, and nobody waits from the future on.
      const at = new Date(Math.min(told.getTime(), clock.now()));
      const conversation = await store.latest(tx, place.dialogId);
      if (conversation?.state === 'open') return store.save(tx, conversation, heard(conversation, at));
      await ratings.comment(tx, conversation, text, at);
      return store.open(tx, place, { openedBy: 'person', owner: hasBot ? BOT : null, at, isBeforeLine: false });
    },
    async answering(tx, dialogId, operatorId) {
      const held = await hold(tx, dialogId);
      const { conversation, place, now } = held;
      await drafts.drop(tx, operatorId, place.dialogId);
      if (conversation?.state !== 'open') {
        return store.open(tx, place, { openedBy: 'operator', owner: operatorId, at: now, isBeforeLine: true });
      }
      const isTheirs = conversation.owner === operatorId;
      if (isHuman(conversation.owner) && !isTheirs) throw owned(conversation);
      const taken = isTheirs ? conversation : await moves.give(held, conversation, operatorId, { by: { operatorId } });
      return store.save(tx, taken, replied(taken, operatorId, now));
    },
    answeringElsewhere: answerAsNobody,
    ownerOf: (tx, { id }) => ownerOf(tx, id),
    isWorkingHours: async (tx, dialog, at) => isWorking(at, (await rules.inForce(tx, dialog.accountId, groupKey(dialog))).hours),
    async handOver(tx, dialog, { team, note }) {
      const held = await work.holding(tx, dialog);
      const before = ofBot(held);
      if (before === null) return;
      const teamId = team === undefined ? before.teamId : await teamNamed(tx, dialog.accountId, team);
      await moves.give(held, before, null, { teamId, by: { bot: true } });
      if (note !== undefined && note.trim() !== '') await notes.write(held, { text: note, operatorId: null, mentions: [] });
    },
    async close(tx, dialog) {
      const held = await work.holding(tx, dialog);
      const before = ofBot(held);
      if (before !== null) await moves.closeHeld(held, before, { by: 'bot' });
    },
  };
}

const ownerOf = gatheredOne(async (tx: Queryable, dialogIds: readonly number[]) => {
  const rows = await tx.rows<Pick<Conversation, 'dialogId' | 'owner'>>(SQL.owner, [dialogIds]);
  const owners = new Map(rows.map(({ dialogId, owner }) => [dialogId, owner]));
  return dialogIds.map((dialogId) => {
    const owner = owners.get(dialogId);
    if (owner === undefined || owner === BOT) return 'bot';
    return owner === null ? 'queue' : 'human';
  });
});

/** Null where no team is called so: then the dialog is in everybody's queue. */
async function teamNamed(tx: Queryable, accountId: number, name: string): Promise<number | null> {
  const [team] = await tx.rows<{ id: number }>(SQL.teamNamed, [accountId, name.trim()]);
  return team?.id ?? null;
}
