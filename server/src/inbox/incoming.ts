import { BrokenBodyError, type InboundEvent, parseJson, stringifyJson } from '@soroka/channels';
import type { Accounts } from '../accounts/accounts.ts';
import type { Bots } from '../bots/bots.ts';
import type { Callbacks } from '../callbacks/callbacks.ts';
import type { Connection, Connections } from '../connections/connections.ts';
import type { Contacts } from '../contacts/contacts.ts';
import { type Dialog, type Dialogs, isGroupChat, type NewMessage } from '../dialogs/dialogs.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import { createAgedCache } from '../platform/aged-cache.ts';
import type { Clock } from '../platform/clock.ts';
import type { Queryable } from '../platform/database.ts';
import type { Logger } from '../platform/telemetry.ts';
import { replyImpossible } from './events.ts';
import { forwardBody } from './forward.ts';
import { type BodyForm, TAG_COPY } from './raw-events.ts';
import { eventsOf } from './understand.ts';

/** A stored body on its way through the inbox. */
export interface RawEvent {
  id: number;
  accountId: number;
  connectionId: number;
  form: Exclude<BodyForm, 'notify-statuses'>;
  /** Empty where it is not known. */
  groupId: string;
  dedupKey: string;
  body: Buffer;
  receivedAt: Date;
  tries: number;
}

export interface IncomingParts {
  dispatch: Dispatch;
  dialogs: Dialogs;
  bots: Bots;
  callbacks: Pick<Callbacks, 'enqueue' | 'wake'>;
  connections: Pick<Connections, 'ofGroup'>;
  contacts: Pick<Contacts, 'ensureByUser'>;
  accounts: Pick<Accounts, 'urls'>;
  clock: Clock;
  log: Logger;
}

/** Something a person said or pressed. */
type Words = Extract<InboundEvent, { kind: 'message' | 'started' | 'button' }> & { groupId: string };

// How long a change of connections or of the account's URL may stay unseen here.
const SETTINGS_AGE_MAX_MS = 1_000;

export interface Incoming {
  /** Does everything that one stored body asks for, in the given transaction. Throws `BrokenBodyError` or `SyntaxError` for a body that will never be understood. */
  workOff(tx: Queryable, raw: RawEvent): Promise<void>;
}

export function createIncoming(parts: IncomingParts): Incoming {
  const { dispatch, dialogs, bots, callbacks, connections, contacts, accounts, clock, log } = parts;
  const groupsSeen = createAgedCache<readonly Connection[]>({ clock, maxAgeMs: SETTINGS_AGE_MAX_MS });

  const connectionsOf = async (accountId: number, network: 'vk' | 'ok', groupId: string): Promise<readonly Connection[]> => {
    const all = await groupsSeen.get(`${network} ${groupId}`, () => connections.ofGroup(network, groupId));
    return (all ?? []).filter((connection) => connection.accountId === accountId);
  };

  /** Our id of the notification that a tag of the upstream means; null for a tag of somebody else. */
  const messageOf = async (tx: Queryable, tag: string | undefined, connectionIds: Iterable<number>): Promise<number | null> => {
    if (tag === undefined) return null;
    for (const connectionId of connectionIds) {
      const messageId = await dispatch.messageIdOf(tx, connectionId, tag);
      if (messageId !== null) return messageId;
    }
    return null;
  };

  /** The dialog of the event, and our id of the notification that the event itself names. */
  const openDialog = async (
    tx: Queryable,
    raw: RawEvent,
    event: Words,
    ofGroup: readonly Connection[],
  ): Promise<{ dialog: Dialog; answeredId: number | null }> => {
    const { accountId } = raw;
    const { network, groupId, userId, peerId, at } = event;
    const key = { accountId, network, groupId, peerId, at };
    if (isGroupChat(event))
      return { dialog: await dialogs.open(tx, { ...key, contactId: null, userId: peerId }), answeredId: null };

    const tag = event.kind === 'message' ? event.messageTag : undefined;
    // Tags are upstreams' ids: a community's own message ids may look the same and mean something else.
    const upstreamIds = ofGroup.filter(({ kind }) => kind === 'notify').map(({ id }) => id);
    const answeredId = await messageOf(
      tx,
      tag,
      new Set(raw.form === 'notify-incoming' ? [raw.connectionId, ...upstreamIds] : upstreamIds),
    );
    const phone = answeredId === null ? undefined : (await dispatch.get(accountId, answeredId))?.phone;
    const name = event.kind === 'message' ? event.userName : undefined;
    const person = await contacts.ensureByUser(tx, accountId, network, userId, {
      ...(name !== undefined && { name }),
      ...(typeof phone === 'string' && { phone }),
    });
    return { dialog: await dialogs.open(tx, { ...key, contactId: person.contactId, userId }), answeredId };
  };

  const reply = async (
    tx: Queryable,
    raw: RawEvent,
    event: Words,
    dialogId: number,
    ofGroup: readonly Connection[],
  ): Promise<void> => {
    const replies = bots.answer(event, { isGroupChat: isGroupChat(event) });
    if (replies.length === 0) return;
    const { network, groupId, peerId } = event;
    const community = ofGroup.find(({ kind }) => kind === network);
    if (community === undefined) {
      const reason = 'the account has no connection of its own to this group, and the upstream takes notifications only';
      return replyImpossible(log, { rawEventId: raw.id, network, reason });
    }
    const address = { accountId: raw.accountId, connectionId: community.id, network, groupId, peerId, dialogId };
    for (const { text, keyboard } of replies) {
      const content = { text, ...(keyboard !== undefined && { keyboard }) };
      const messageId = await dispatch.acceptReply(tx, { ...address, ...content });
      const at = new Date(clock.now());
      await dialogs.append(tx, [{ ...content, dialogId, messageId, source: 'bot', status: 'QUEUED', at }]);
    }
  };

  const forward = async (
    tx: Queryable,
    raw: RawEvent,
    event: Extract<Words, { kind: 'message' }>,
    json: unknown,
    { dialogId, messageTag }: { dialogId: number; messageTag: string | undefined },
  ): Promise<void> => {
    const url = (await accounts.urls(raw.accountId))?.incomingUrl ?? null;
    if (url === null) return;
    const body = forwardBody(json, event, messageTag);
    await callbacks.enqueue(tx, [{ accountId: raw.accountId, url, form: 'incoming', orderKey: `dialog:${dialogId}`, body }]);
  };

  const hear = async (tx: Queryable, raw: RawEvent, event: Words, json: unknown): Promise<void> => {
    const ofGroup = await connectionsOf(raw.accountId, event.network, event.groupId);
    const { dialog, answeredId } = await openDialog(tx, raw, event, ofGroup);
    const ownTag = event.kind === 'message' ? event.messageTag : undefined;
    if (raw.dedupKey.startsWith(TAG_COPY)) {
      // The event itself was worked off; this copy only knows more about it.
      const tag = answeredId === null ? ownTag : String(answeredId);
      return tag === undefined ? undefined : dialogs.completeIncoming(tx, dialog.id, event.eventId, tag);
    }
    const messageTag = tagOf(event, answeredId, dialog);
    const text = event.kind === 'button' ? await dialogs.buttonLabel(tx, dialog.id, event.payload) : undefined;
    const message = {
      ...incomingMessage(event),
      ...(text !== undefined && { text }),
      ...(messageTag !== undefined && { messageTag }),
    };
    const [isNew] = await dialogs.append(tx, [{ ...message, dialogId: dialog.id }]);
    if (isNew !== true) return;
    await reply(tx, raw, event, dialog.id, ofGroup);
    if (event.kind === 'message') await forward(tx, raw, event, json, { dialogId: dialog.id, messageTag });
  };

  const workOffOne = async (tx: Queryable, raw: RawEvent, event: InboundEvent, json: unknown): Promise<void> => {
    if (event.kind === 'other' || event.kind === 'permission') return;
    const groupId = event.groupId ?? (await groupByTag(tx, raw, event));
    if (event.kind !== 'read') return hear(tx, raw, { ...event, groupId }, json);
    // A group chat's messages are counted by themselves: its marks say nothing of the person's own dialog.
    if (isGroupChat(event)) return;
    const { network, userId, upToNetworkId, at } = event;
    const key = { accountId: raw.accountId, network, groupId, userId };
    await dispatch.markRead(tx, await dialogs.readUpTo(tx, key, upToNetworkId, at));
  };

  /** An upstream that forwards OK's bodies for several groups does not say which; the notification answered does. */
  const groupByTag = async (tx: Queryable, raw: RawEvent, event: InboundEvent): Promise<string> => {
    const tag = event.kind === 'message' ? event.messageTag : undefined;
    const messageId = await messageOf(tx, tag, [raw.connectionId]);
    const groupId = messageId === null ? null : await dialogs.groupOfMessage(tx, messageId, event.network);
    if (groupId !== null) return groupId;
    throw new BrokenBodyError(
      'group_id',
      'is missing, several groups use this connection, and no notification of ours is answered',
    );
  };

  return {
    async workOff(tx, raw) {
      const json = parseJson(raw.body.toString('utf8'));
      const groupId = raw.groupId === '' ? null : raw.groupId;
      for (const event of eventsOf(raw.form, json, groupId, raw.receivedAt)) await workOffOne(tx, raw, event, json);
    },
  };
}

function tagOf(event: Words, answeredId: number | null, { lastNotificationId }: Dialog): string | undefined {
  if (event.kind !== 'message' || isGroupChat(event)) return undefined;
  if (answeredId !== null) return String(answeredId);
  return event.messageTag ?? (lastNotificationId === null ? undefined : String(lastNotificationId));
}

function incomingMessage(event: Words): Omit<NewMessage, 'dialogId'> {
  const common = { kind: event.kind, source: 'person', eventId: event.eventId, at: event.at } as const;
  switch (event.kind) {
    case 'message':
      return {
        ...common,
        text: event.text,
        networkId: event.networkId,
        ...(event.payload !== undefined && { payload: event.payload }),
        ...(event.attachments.length > 0 && { attachmentsJson: stringifyJson(event.attachments) }),
      };
    case 'button':
      return { ...common, text: '', payload: event.payload };
    case 'started':
      return { ...common, text: '', ...(event.payload !== undefined && { payload: event.payload }) };
  }
}
