import type { Dialogs } from '../dialogs/dialogs.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { Operators } from '../operators/operators.ts';
import { AppError } from '../platform/errors.ts';
import {
  BOT,
  type ClosedBy,
  type Conversation,
  closed,
  givenTo,
  isHuman,
  PRIORITIES,
  type Priority,
  reopened,
} from './conversation.ts';
import type { Notes } from './notes.ts';
import type { Ratings } from './ratings.ts';
import type { ConversationStore } from './store.ts';
import { type Asker, closerOf, type DeskWork, type Held, openOf, operatorIdOf } from './work.ts';

export interface OwnerChange {
  /** `BOT`, null for the queue, or an operator. */
  owner: number | null;
  teamId?: number | null;
  /** Who must have it. Absent: it is taken from the bot, the queue and oneself alone. */
  from?: number | null;
  /** Becomes a note. */
  comment?: string;
}

/** Why nobody of the account decided on a change of owner. */
export type ByItself = 'assigned' | 'idle' | 'offline';

/** What is done about a conversation. Each is one transaction with its line of the history and its event. */
export interface Moves {
  /** Throws `not.found`, `conversation.closed`, `conversation.owned`, `parameter.invalid` for an operator or team that cannot have it. */
  changeOwner(asker: Asker, dialogId: number, change: OwnerChange): Promise<Conversation>;
  /** Of a dialog that is held; without questions, as whoever calls has decided. What the bot still has to say is cancelled. */
  give(held: Held, before: Conversation, owner: number | null, options: GiveOptions): Promise<Conversation>;
  /** Throws `not.found`, `conversation.closed`. */
  close(asker: Asker, dialogId: number): Promise<Conversation>;
  closeHeld(held: Held, before: Conversation, by: { by: ClosedBy; operatorId?: number | null }): Promise<Conversation>;
  /** Throws `not.found`, `conversation.open`. */
  reopen(asker: Asker, dialogId: number): Promise<Conversation>;
  /** `until` null: it is to be seen again now. Throws `not.found`, `conversation.closed`. */
  snooze(asker: Asker, dialogId: number, until: Date | null): Promise<Conversation>;
  /** Of a dialog that is held. Throws `conversation.closed`. */
  setPriority(held: Held, priority: Priority): Promise<void>;
}

export interface GiveOptions {
  teamId?: number | null;
  by: { operatorId: number } | { bot: true } | { key: true } | { itself: ByItself };
}

export interface MovesParts {
  work: DeskWork;
  store: ConversationStore;
  notes: Notes;
  ratings: Pick<Ratings, 'ask'>;
  dialogs: Pick<Dialogs, 'waitingOfBot' | 'changeStatuses'>;
  dispatch: Pick<Dispatch, 'cancelIn'>;
  operators: Pick<Operators, 'staff' | 'teams'>;
}

export function createMoves({ work, store, notes, ratings, dialogs, dispatch, operators }: MovesParts): Moves {
  /** Throws `parameter.invalid`. Before the transaction: whoever is removed in between had it for a moment. */
  const checkOwner = async (accountId: number, owner: number | null): Promise<readonly string[] | null> => {
    if (!isHuman(owner)) return null;
    const operator = await operators.staff.get(accountId, owner);
    if (operator === null || operator.disabledAt !== null || operator.role === 'analyst')
      throw refused('owner', 'must be 0 for the bot, null for the queue, or the id of an operator who may answer');
    return operator.groups;
  };
  const checkTeam = async (accountId: number, teamId: number | null | undefined): Promise<void> => {
    if (teamId === undefined || teamId === null) return;
    const teams = await operators.teams.list(accountId);
    if (!teams.some(({ id }) => id === teamId)) throw refused('teamId', 'must be the id of a team of this account');
  };

  const give: Moves['give'] = async (held, before, owner, { teamId = before.teamId, by }) => {
    const { tx, now, place } = held;
    const isByItself = 'itself' in by;
    const after = await store.save(tx, before, givenTo(before, owner, { at: now, teamId, isByItself }));
    if (before.owner === BOT && owner !== BOT && !('bot' in by)) {
      const cancelled = await dispatch.cancelIn(tx, place.accountId, await dialogs.waitingOfBot(tx, place.dialogId));
      const { network } = held.dialog;
      await dialogs.changeStatuses(
        tx,
        cancelled.map((messageId) => ({ messageId, network, status: 'CANCELLED' })),
      );
    }
    const details = { from: before.owner, to: owner, teamId, ...(isByItself && { reason: by.itself }) };
    await work.say(held, {
      change: 'owner',
      text: sentenceOf(owner),
      details,
      source: 'bot' in by ? 'bot' : 'operator',
      operatorId: 'operatorId' in by ? by.operatorId : null,
    });
    return after;
  };

  const closeHeld: Moves['closeHeld'] = async (held, before, { by, operatorId = null }) => {
    const after = await store.save(held.tx, before, closed(before, { by, operatorId, at: held.now }));
    const source = by === 'bot' ? 'bot' : 'operator';
    await work.say(held, { change: 'closed', text: 'The conversation was closed.', details: { by }, source, operatorId });
    return by === 'operator' || by === 'key' ? ratings.ask(held, after) : after;
  };

  return {
    give,
    closeHeld,
    async changeOwner(asker, dialogId, { owner, teamId, from, comment }) {
      const operatorId = operatorIdOf(asker.actor);
      const groupsOfOwner = await checkOwner(asker.accountId, owner);
      await checkTeam(asker.accountId, teamId);
      return work.inDialog(asker, dialogId, async (held) => {
        const before = openOf(held);
        const isExpected = from === undefined ? !isHuman(before.owner) || before.owner === operatorId : before.owner === from;
        if (!isExpected) throw owned(before);
        if (groupsOfOwner !== null && !groupsOfOwner.includes(before.groupKey))
          throw refused('owner', 'this operator does not see the dialogs of the group');
        const isSame = before.owner === owner && (teamId === undefined || before.teamId === teamId);
        const by = operatorId === null ? ({ key: true } as const) : { operatorId };
        const after = isSame ? before : await give(held, before, owner, { ...(teamId !== undefined && { teamId }), by });
        if (comment !== undefined && comment.trim() !== '')
          await notes.write(held, { text: comment, operatorId, mentions: isHuman(owner) && owner !== operatorId ? [owner] : [] });
        return after;
      });
    },
    close: (asker, dialogId) =>
      work.inDialog(asker, dialogId, (held) =>
        closeHeld(held, openOf(held), { by: closerOf(asker.actor), operatorId: operatorIdOf(asker.actor) }),
      ),
    reopen: (asker, dialogId) =>
      work.inDialog(asker, dialogId, async (held) => {
        const { conversation, tx, now } = held;
        if (conversation === null) throw new AppError('not.found', 'nobody has written in this dialog yet');
        if (conversation.state === 'open') throw new AppError('conversation.open', 'the conversation of this dialog is open');
        const after = await store.save(tx, conversation, reopened(conversation, now));
        const operatorId = operatorIdOf(asker.actor);
        await work.say(held, { change: 'reopened', text: 'The conversation was opened again.', source: 'operator', operatorId });
        return after;
      }),
    snooze: (asker, dialogId, until) =>
      work.inDialog(asker, dialogId, (held) => {
        const before = openOf(held);
        if (until !== null && until <= held.now) throw refused('until', 'must be in the future');
        return store.save(held.tx, before, { ...before, snoozedUntil: until });
      }),
    async setPriority(held, priority) {
      const before = openOf(held);
      await store.save(held.tx, before, { ...before, priority: PRIORITIES.indexOf(priority) });
    },
  };
}

/** For who reads the history as text; a screen makes its own of the payload. */
function sentenceOf(owner: number | null): string {
  if (owner === null) return 'The dialog was put into the queue.';
  return owner === BOT ? 'The dialog was given to the bot.' : 'An operator took the dialog.';
}

/** Names who has it: who came second is told whom to ask. */
export function owned({ owner }: Conversation): AppError {
  const who = owner === null ? 'the queue' : owner === BOT ? 'the bot' : `operator ${owner}`;
  return new AppError('conversation.owned', `${who} has this dialog`, { field: 'from' });
}

const refused = (field: string, problem: string) => new AppError('parameter.invalid', problem, { field });
