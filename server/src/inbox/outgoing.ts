import type { Broadcasts } from '../broadcasts/broadcasts.ts';
import type { Connections } from '../connections/connections.ts';
import type { Contacts } from '../contacts/contacts.ts';
import type { Dialogs, NewMessage, StatusChange } from '../dialogs/dialogs.ts';
import type { Dispatch, DispatchEvent } from '../dispatch/dispatch.ts';
import { createAgedCache } from '../platform/aged-cache.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Transaction } from '../platform/database.ts';
import type { Found } from '../platform/loop.ts';

export interface OutgoingParts {
  database: Database;
  dispatch: Pick<Dispatch, 'takeEvents' | 'markRead'>;
  dialogs: Dialogs;
  contacts: Pick<Contacts, 'ensureByPhones'>;
  connections: Pick<Connections, 'get'>;
  broadcasts: Pick<Broadcasts, 'noteStatuses' | 'contactOf' | 'showPictures'>;
  clock: Clock;
}

const EVENTS_MAX = 500;
// A connection never changes its kind; only one that is gone has to be forgotten.
const KIND_AGE_MAX_MS = 600_000;

// A message that reached one of these was in the person's hands, or on its way there: it belongs to the dialog's history.
const TAKEN: ReadonlySet<DispatchEvent['status']> = new Set(['SENT', 'DELIVERED', 'READ']);

/** Brings what dispatch did into the dialogs. */
export interface Outgoing {
  /** Works off the oldest changes; false where there was none, or another process is at it. */
  workOff(): Promise<Found>;
}

export function createOutgoing(parts: OutgoingParts): Outgoing {
  const { database, dispatch, dialogs, contacts, connections, broadcasts, clock } = parts;
  const kinds = createAgedCache<string>({ clock, maxAgeMs: KIND_AGE_MAX_MS });

  /** The id at the network itself: an upstream's ids are numbers of its own and say nothing in a read mark. */
  const networkIdOf = async ({ connectionId, networkId }: DispatchEvent): Promise<string | undefined> => {
    const kind = await kinds.get(String(connectionId), async () => (await connections.get(connectionId))?.kind ?? null);
    return networkId === null || kind === 'notify' ? undefined : networkId;
  };

  const changeOf = async (event: DispatchEvent): Promise<StatusChange> => {
    const { messageId, network, status } = event;
    const networkId = await networkIdOf(event);
    return { messageId, network, status, ...(networkId !== undefined && { networkId }) };
  };

  /** Where each notification belongs: with the contact of its phone, or of the broadcast, and the group that took it. */
  const dialogsOf = async (tx: Transaction, events: readonly DispatchEvent[]): Promise<readonly number[]> => {
    const byAccount = Map.groupBy(events, ({ accountId }) => accountId);
    const contactIds = new Map<number, ReadonlyMap<string, number>>();
    for (const [accountId, own] of byAccount) {
      const phones = own.flatMap(({ phone }) => phone ?? []);
      contactIds.set(accountId, await contacts.ensureByPhones(tx, accountId, phones));
    }
    const openings = events.map((event) => {
      const { accountId, network, groupId, phone, at } = event;
      const contactId = (phone === null ? broadcasts.contactOf(event) : contactIds.get(accountId)?.get(phone)) as number;
      return { accountId, network, groupId, contactId, at };
    });
    return (await dialogs.openForNotifications(tx, openings)).map(({ id }) => id);
  };

  const recordTaken = async (tx: Transaction, events: readonly DispatchEvent[]): Promise<void> => {
    const isNotification = (event: DispatchEvent): boolean =>
      event.phone === null ? broadcasts.contactOf(event) !== null : event.kind === 'notification';
    const notifications = events.filter(isNotification);
    const replies = events.filter(({ kind, dialogId }) => kind === 'reply' && dialogId !== null);
    const dialogIds = await dialogsOf(tx, notifications);
    const messages = [
      ...notifications.map((event, index) => ({ event, dialogId: dialogIds[index] as number })),
      ...replies.map((event) => ({ event, dialogId: event.dialogId as number })),
    ];
    const pictures = await broadcasts.showPictures(tx, messages);
    const rows = messages.map(async ({ event, dialogId }): Promise<NewMessage> => {
      const { messageId, status, networkId } = await changeOf(event);
      const attached = pictures.get(messageId);
      const source = isNotification(event) ? 'notification' : 'operator';
      return {
        dialogId,
        source,
        text: event.text,
        at: event.at,
        messageId,
        status,
        ...(event.keyboard !== null && { keyboard: event.keyboard }),
        ...(attached !== undefined && { attached }),
        ...(networkId !== undefined && { networkId }),
      };
    });
    await dialogs.append(tx, await Promise.all(rows));
  };

  return {
    workOff: () =>
      database.transaction(async (tx) => {
        const events = await dispatch.takeEvents(tx, EVENTS_MAX);
        const changes = await Promise.all(events.map(changeOf));
        const isKnown = await dialogs.changeStatuses(tx, changes);
        const unknown = events.filter((event, index) => isKnown[index] === false && TAKEN.has(event.status));
        // Of several changes of one message, the first makes the line and the last is its status.
        const first = new Map([...unknown].reverse().map((event) => [`${event.messageId} ${event.network}`, event]));
        await recordTaken(tx, [...first.values()].reverse());
        if (unknown.length > first.size) await dialogs.changeStatuses(tx, await Promise.all(unknown.map(changeOf)));
        await broadcasts.noteStatuses(tx, events);
        const identified = changes.filter(({ networkId }) => networkId !== undefined);
        await dispatch.markRead(tx, await dialogs.readBefore(tx, identified));
        return events.length === EVENTS_MAX ? 'more' : events.length > 0;
      }),
  };
}
