import type { InboundEvent } from '@soroka/channels';
import type { Connection, Connections } from '../connections/connections.ts';
import type { Contacts } from '../contacts/contacts.ts';
import {
  type ChatKind,
  type Dialogs,
  isGroupChat,
  needsChatLookup,
  type OpenedDialog,
  type Opening,
} from '../dialogs/dialogs.ts';
import { createAgedCache } from '../platform/aged-cache.ts';
import type { Clock } from '../platform/clock.ts';
import type { Transaction } from '../platform/database.ts';
import { addFollowUps, type FollowUpTask, PROFILE_AGE_MAX_MS } from './follow-ups.ts';
import type { RawEvent } from './incoming.ts';
import { createOnePersonAtATime } from './one-person-at-a-time.ts';

/** An event whose group is known. */
export type Placed<Event extends InboundEvent = InboundEvent> = Event & { groupId: string };

/** The body is to be worked off again at `until`, or as soon as this chat is known. */
export interface Later {
  peerId: string;
  until: Date;
}

/** What is known of where an event happened, before anything is written. */
export interface Place {
  /** Of the account, by whose group it happened; upstreams' too. */
  ofGroup: readonly Connection[];
  /** The group's own; undefined where only an upstream serves it. */
  community: Connection | undefined;
  isGroupChat: boolean;
  /** The network could not be asked in time what this chat is: nobody speaks in it by himself. */
  isUnsure: boolean;
}

export interface PlacesParts {
  dialogs: Pick<Dialogs, 'open' | 'knownChat' | 'learnChat'>;
  connections: Pick<Connections, 'ofGroup'>;
  contacts: Pick<Contacts, 'ensureByUser' | 'unknownProfiles'>;
  clock: Clock;
}

/** Finds out where events happened, and asks the networks for what they do not tell. */
export interface Places {
  of(tx: Transaction, raw: RawEvent, event: Placed): Promise<Place | Later>;
  /** Others of the person whose dialog was opened wait until then. */
  leave(raw: RawEvent): void;
  /** The dialog of an event, with what is to be asked about those who are in it. `phone` and `name` as the network told them. */
  open(
    tx: Transaction,
    raw: RawEvent,
    event: Placed,
    place: Place,
    more?: { phone?: string; name?: string; alsoSeen?: readonly string[] },
  ): Promise<OpenedDialog>;
  /** Asks the group's own connection afterwards; nobody where an upstream is all there is. */
  ask(tx: Transaction, raw: RawEvent, place: Place, tasks: readonly FollowUpTask[]): Promise<void>;
}

// How long a change of connections may stay unseen here.
const SETTINGS_AGE_MAX_MS = 1_000;
// An event of an unknown chat waits so long for OK to say what chat it is; then it is recorded all the same.
const LOOKUP_MS_MAX = 60_000;

export function createPlaces({ dialogs, connections, contacts, clock }: PlacesParts): Places {
  const persons = createOnePersonAtATime();
  const groupsSeen = createAgedCache<readonly Connection[]>({ clock, maxAgeMs: SETTINGS_AGE_MAX_MS });

  const connectionsOf = async (accountId: number, network: 'vk' | 'ok', groupId: string): Promise<readonly Connection[]> => {
    const all = await groupsSeen.get(`${network} ${groupId}`, () => connections.ofGroup(network, groupId));
    return (all ?? []).filter((connection) => connection.accountId === accountId);
  };

  const ask: Places['ask'] = async (tx, { accountId, receivedAt }, { community }, tasks) => {
    if (community === undefined || tasks.length === 0) return;
    const { id: connectionId } = community;
    const dueAt = new Date(clock.now());
    await addFollowUps(
      tx,
      tasks.map((task) => ({ accountId, connectionId, dueAt, since: receivedAt, task })),
    );
  };

  const chatTask = ({ network, groupId, peerId, userId }: Placed): FollowUpTask => {
    return { kind: 'chat', network, groupId, peerId, userId };
  };

  const openChat = async (tx: Transaction, raw: RawEvent, opening: Opening): Promise<OpenedDialog> => {
    await persons.enter(tx, raw, `${opening.network} ${opening.groupId} ${opening.peerId}`);
    return dialogs.open(tx, opening);
  };

  const openOfPerson = async (
    tx: Transaction,
    raw: RawEvent,
    opening: Omit<Opening, 'contactId'>,
    more: { name?: string; phone?: string },
  ): Promise<OpenedDialog> => {
    const { accountId, network, userId } = opening;
    const { contactId } = await contacts.ensureByUser(tx, accountId, network, userId, more);
    await persons.enter(tx, raw, `contact ${contactId}`);
    return dialogs.open(tx, { ...opening, contactId });
  };

  return {
    ask,
    leave: persons.leave,
    async of(tx, raw, event) {
      const { accountId } = raw;
      const { network, groupId, peerId, userId } = event;
      const ofGroup = await connectionsOf(accountId, network, groupId);
      const community = ofGroup.find(({ kind }) => kind === network);
      const place = { ofGroup, community, isGroupChat: isGroupChat(event), isUnsure: false };
      // An upstream knows no chats, and where it is all there is nobody could answer.
      if (!needsChatLookup(network, event.isGroupChat) || community === undefined) return place;
      const key = { accountId, network, groupId };
      // A link and the Start button open a person's own chat with the group.
      if (event.kind === 'started') await dialogs.learnChat(tx, key, peerId, userId, new Date(clock.now()));
      if (event.kind !== 'message' && event.kind !== 'button') return place;
      const known: ChatKind = await dialogs.knownChat(tx, key, peerId, userId);
      if (known !== 'unknown') return { ...place, isGroupChat: known === 'group-chat' };
      const until = new Date(raw.receivedAt.getTime() + LOOKUP_MS_MAX);
      const canAsk = until.getTime() > clock.now() && community.pausedReason === null;
      if (!canAsk) return { ...place, isUnsure: true };
      await ask(tx, raw, place, [chatTask(event)]);
      return { peerId: peerId.replaceAll('\0', ''), until };
    },
    async open(tx, raw, event, place, { phone, name, alsoSeen = [] } = {}) {
      const { accountId } = raw;
      const { network, groupId, userId, peerId, at } = event;
      const key = { accountId, network, groupId, peerId, at };
      const more = { ...(name !== undefined && { name }), ...(phone !== undefined && { phone }) };
      const dialog = place.isGroupChat
        ? await openChat(tx, raw, { ...key, contactId: null, userId: peerId })
        : await openOfPerson(tx, raw, { ...key, userId }, more);
      if (place.community === undefined) return dialog;
      const seen = [userId, ...alsoSeen].filter((id) => id !== '' && id !== peerOfChat(event, place));
      const checkedSince = new Date(clock.now() - PROFILE_AGE_MAX_MS);
      const unknown = await contacts.unknownProfiles(tx, accountId, network, seen, checkedSince);
      await ask(tx, raw, place, [
        ...unknown.map((id): FollowUpTask => ({ kind: 'profile', network, userId: id })),
        ...(place.isGroupChat && dialog.isNew ? [chatTask(event)] : []),
      ]);
      return dialog;
    },
  };
}

/** A chat's id may stand where a person's does: it is nobody's name to ask for. */
function peerOfChat({ peerId }: Placed, { isGroupChat: isChat }: Place): string | undefined {
  return isChat ? peerId : undefined;
}
