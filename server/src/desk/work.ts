import type { Actor } from '../audit/audit.ts';
import type { Dialogs, LockedDialog } from '../dialogs/dialogs.ts';
import { groupKey } from '../events/events.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Transaction } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { ClosedBy, Conversation } from './conversation.ts';
import type { ConversationStore, DeskPlace } from './store.ts';

/** Who asks for what is done in a dialog. */
export interface Asker {
  accountId: number;
  actor: Actor;
  /** Whose dialogs there are at all, as `VK:213243638`; null: all of the account. */
  groups: readonly string[] | null;
}

/** A dialog that is held, with its last conversation. */
export interface Held {
  tx: Transaction;
  place: DeskPlace;
  dialog: LockedDialog;
  /** Null before the first word. */
  conversation: Conversation | null;
  now: Date;
}

/** A line of the history that says what the desk did. */
export interface DeskLine {
  text: string;
  change: 'owner' | 'closed' | 'reopened';
  details?: Readonly<Record<string, unknown>>;
  source: 'bot' | 'operator';
  operatorId?: number | null;
}

/** What every change of a dialog's conversation has in common. */
export interface DeskWork {
  /** Holds the dialog, and does `change` in the same transaction. Throws `not.found`. */
  inDialog<Result>(asker: Asker, dialogId: number, change: (held: Held) => Promise<Result>): Promise<Result>;
  /** As `inDialog`, within a bigger change that holds the dialog already. */
  holding(tx: Transaction, dialog: LockedDialog): Promise<Held>;
  say(held: Pick<Held, 'tx' | 'place' | 'now'>, line: DeskLine): Promise<void>;
}

export interface DeskWorkParts {
  database: Database;
  dialogs: Pick<Dialogs, 'lock' | 'append'>;
  store: ConversationStore;
  clock: Clock;
}

export function createDeskWork({ database, dialogs, store, clock }: DeskWorkParts): DeskWork {
  const holding: DeskWork['holding'] = async (tx, dialog) => ({
    tx,
    place: placeOf(dialog),
    dialog,
    conversation: await store.latest(tx, dialog.id),
    now: new Date(clock.now()),
  });

  return {
    holding,
    inDialog: ({ accountId, groups }, dialogId, change) =>
      database.transaction(async (tx) => {
        const dialog = await dialogs.lock(tx, dialogId);
        const isTheirs =
          dialog !== null && dialog.accountId === accountId && (groups === null || groups.includes(groupKey(dialog)));
        if (!isTheirs) throw new AppError('not.found', 'this account has no such dialog');
        return change(await holding(tx, dialog));
      }),
    async say({ tx, place, now }, { text, change, details = {}, source, operatorId = null }) {
      const payload = JSON.stringify({ change, ...details });
      const line = { dialogId: place.dialogId, kind: 'system', source, text, payload, at: now } as const;
      await dialogs.append(tx, [{ ...line, ...(operatorId !== null && { operatorId }) }]);
    },
  };
}

export function placeOf({ id, accountId, network, groupId }: LockedDialog): DeskPlace {
  return { accountId, dialogId: id, network, groupId };
}

/** Null for a key. */
export function operatorIdOf({ kind, ...rest }: Actor): number | null {
  return kind === 'operator' && 'id' in rest ? Number(rest.id) : null;
}

/** How reports count a closing by this actor. */
export function closerOf(actor: Actor): Extract<ClosedBy, 'operator' | 'key'> {
  return actor.kind === 'operator' ? 'operator' : 'key';
}

/** Throws `conversation.closed`. */
export function openOf({ conversation }: Pick<Held, 'conversation'>): Conversation {
  if (conversation?.state !== 'open') throw new AppError('conversation.closed', 'no conversation is open in this dialog');
  return conversation;
}
