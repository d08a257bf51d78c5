import type { Facts } from '@soroka/bot';
import type { LockedDialog } from '../dialogs/dialogs.ts';
import type { Clock } from '../platform/clock.ts';
import type { Queryable, Transaction } from '../platform/database.ts';
import type { People } from './people.ts';

/** What bots need of the desk, where a dialog's owner is kept. Ask and change in the transaction that holds the dialog. */
export interface Turns {
  isWorkingHours(tx: Queryable, dialog: LockedDialog, at: Date): Promise<boolean>;
  ownerOf(tx: Queryable, dialog: LockedDialog): Promise<Facts['owner']>;
  handOver(tx: Transaction, dialog: LockedDialog, to: { team?: string; note?: string }): Promise<void>;
  close(tx: Transaction, dialog: LockedDialog): Promise<void>;
}

/** Where dates that people name are of: VK and OK are used in Russia, and whoever lives elsewhere has no account of it yet. */
const TIME_ZONE = 'Europe/Moscow';

/** What is known when an event comes. `isNewDialog`: it is the person's first; `segmentNames`: which segments are asked for. */
export async function factsOf(
  tx: Queryable,
  { people, turns, clock }: { people: People; turns: Turns; clock: Clock },
  dialog: LockedDialog,
  { isNewDialog, segmentNames }: { isNewDialog: boolean; segmentNames: readonly string[] },
): Promise<Facts> {
  const { contactId, network, groupId } = dialog;
  const now = clock.now();
  return {
    now,
    timeZone: TIME_ZONE,
    random: Math.random,
    network,
    groupId,
    person: await people.of(tx, dialog),
    isWorkingHours: await turns.isWorkingHours(tx, dialog, new Date(now)),
    owner: await turns.ownerOf(tx, dialog),
    isNewDialog,
    isGroupChat: contactId === null,
    segments: await people.segments(tx, dialog, segmentNames),
  };
}
