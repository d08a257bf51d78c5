import { type EventEntry, type Events, groupKey } from '../events/events.ts';
import type { Transaction } from '../platform/database.ts';

/** Which dialog, and with which group. */
export interface DialogPlace {
  accountId: number;
  dialogId: number;
  network: string;
  groupId: string;
}

/** What happened in a dialog, as its screens hear of it. */
export interface DialogChange {
  place: DialogPlace;
  /** docs/real-time.md lists them. */
  kind:
    | 'dialog.opened'
    | 'dialog.merged'
    | 'message.added'
    | 'message.edited'
    | 'message.attached'
    | 'message.removed'
    | 'messages.status';
  body: object;
}

/** Tells of changes of any dialogs, when the transaction commits. */
export function noteChanges(events: Pick<Events, 'note'>, tx: Transaction, changes: readonly DialogChange[]): void {
  for (const [accountId, ofAccount] of Map.groupBy(changes, ({ place }) => place.accountId)) {
    events.note(tx, accountId, ofAccount.map(entryOf));
  }
}

function entryOf({ place, kind, body }: DialogChange): EventEntry {
  return { kind, dialogId: place.dialogId, group: groupKey(place), body: { ...body } };
}
