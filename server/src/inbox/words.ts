import { filesIn, type InboundEvent, stringifyJson } from '@soroka/channels';
import type { Accounts } from '../accounts/accounts.ts';
import type { Bots } from '../bots/bots.ts';
import type { Callbacks, NewCallback } from '../callbacks/callbacks.ts';
import type { Desk } from '../desk/desk.ts';
import { coming, type Dialog, type Dialogs, type NewMessage } from '../dialogs/dialogs.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { Transaction } from '../platform/database.ts';
import { gathered } from '../platform/gathered.ts';
import type { Push } from '../push/push.ts';
import { forwardBody } from './forward.ts';
import type { RawEvent } from './incoming.ts';
import type { Place, Placed, Places } from './places.ts';
import { TAG_COPY } from './raw-events.ts';
import type { Tags } from './tags.ts';

/** Something a person said or pressed. */
export type Words = Placed<Extract<InboundEvent, { kind: 'message' | 'started' | 'button' }>>;

export interface WordsParts {
  dispatch: Pick<Dispatch, 'get'>;
  dialogs: Pick<Dialogs, 'append' | 'completeIncoming' | 'buttonLabel'>;
  bots: Pick<Bots, 'adopt' | 'hear' | 'isIn'>;
  desk: Pick<Desk['hearing'], 'hear' | 'adopt' | 'rate'>;
  callbacks: Pick<Callbacks, 'enqueue'>;
  accounts: Pick<Accounts, 'urls'>;
  push: Pick<Push, 'heard'>;
  places: Places;
  tags: Tags;
}

/** Records what was said, answers it by the bot, and tells the account. */
export type Hear = (tx: Transaction, raw: RawEvent, event: Words, place: Place, json: unknown) => Promise<void>;

export function createHearing(parts: WordsParts): Hear {
  const { dispatch, dialogs, bots, desk, callbacks, accounts, places, tags, push } = parts;

  const enqueue = gathered(async (tx: Transaction, items: readonly NewCallback[]) => {
    await callbacks.enqueue(tx, items);
    return [];
  });

  const forward = async (
    tx: Transaction,
    raw: RawEvent,
    event: Extract<Words, { kind: 'message' }>,
    json: unknown,
    { dialogId, messageTag }: { dialogId: number; messageTag: string | undefined },
  ): Promise<void> => {
    const url = (await accounts.urls(raw.accountId))?.incomingUrl ?? null;
    if (url === null) return;
    const body = forwardBody(json, event, messageTag);
    await enqueue(tx, [{ accountId: raw.accountId, url, form: 'incoming', orderKey: `dialog:${dialogId}`, body }]);
  };

  /** What only the network can do about the event itself. */
  const followUp = async (
    tx: Transaction,
    raw: RawEvent,
    event: Words,
    place: Place,
    { dialogId, notice }: { dialogId: number; notice: string | undefined },
  ): Promise<void> => {
    const { userId, peerId } = event;
    if (event.kind === 'button') {
      const press = { userId, peerId, callbackId: event.callbackId };
      await places.ask(tx, raw, place, [{ kind: 'button', press, ...(notice !== undefined && { text: notice }) }]);
    }
    if (event.kind === 'message') {
      const { eventId } = event;
      const found = filesIn(event.network, event.attachments);
      const tasks = found.map(({ name, url }, at) => ({ kind: 'file', dialogId, eventId, place: at, name, url }) as const);
      await places.ask(tx, raw, place, tasks);
    }
    if (event.kind === 'message' && event.isCropped === true) {
      await places.ask(tx, raw, place, [{ kind: 'message', dialogId, peerId, networkId: event.networkId }]);
    }
  };

  return async (tx, raw, event, place, json) => {
    const ownTag = event.kind === 'message' && !place.isGroupChat ? event.messageTag : undefined;
    const answeredId = await tags.answeredBy(tx, raw, ownTag, place.ofGroup);
    const phone = answeredId === null ? undefined : (await dispatch.get(raw.accountId, answeredId))?.phone;
    const name = event.kind === 'message' ? event.userName : undefined;
    const dialog = await places.open(tx, raw, event, place, {
      ...(name !== undefined && { name }),
      ...(typeof phone === 'string' && { phone }),
    });
    const { accountId } = raw;
    const { network, groupId, at } = event;
    const ofDesk = { accountId, dialogId: dialog.id, network, groupId };
    if (dialog.mergedFrom !== null) {
      await desk.adopt(tx, dialog.mergedFrom, ofDesk);
      await bots.adopt(tx, dialog.mergedFrom, dialog.id);
    }
    if (raw.dedupKey.startsWith(TAG_COPY)) {
      // The event itself was worked off; this copy only knows more about it.
      const tag = answeredId === null ? ownTag : String(answeredId);
      return tag === undefined ? undefined : dialogs.completeIncoming(tx, dialog.id, event.eventId, tag);
    }
    const messageTag = event.kind === 'message' && !place.isGroupChat ? tagOf(ownTag, answeredId, dialog) : undefined;
    const text = event.kind === 'button' ? await dialogs.buttonLabel(tx, dialog.id, event.payload) : undefined;
    const message = {
      ...incomingMessage(event),
      ...(text !== undefined && { text }),
      ...(messageTag !== undefined && { messageTag }),
      ...(place.isGroupChat && { authorId: event.userId }),
    };
    const [isNew] = await dialogs.append(tx, [{ ...message, dialogId: dialog.id }]);
    if (isNew !== true) return;
    await push.heard(tx, { accountId, dialogId: dialog.id });
    const thanks = place.isGroupChat ? null : await desk.rate(tx, dialog.id, event.payload, at);
    if (thanks !== null) return followUp(tx, raw, event, place, { dialogId: dialog.id, notice: thanks });
    // Among several people nobody is asked for: there are no conversations, and who owns one is no question.
    if (!place.isGroupChat) {
      const said = event.kind === 'message' ? { text: event.text } : {};
      await desk.hear(tx, { ...ofDesk, ...said, at, hasBot: await bots.isIn(tx, accountId, network, groupId) });
    }
    const heard = { dialogId: dialog.id, connectionId: place.community?.id, isNewDialog: dialog.isNew, event };
    const { notice = undefined } = place.isUnsure ? {} : await bots.hear(tx, heard);
    await followUp(tx, raw, event, place, { dialogId: dialog.id, notice });
    if (event.kind === 'message') await forward(tx, raw, event, json, { dialogId: dialog.id, messageTag });
  };
}

function tagOf(ownTag: string | undefined, answeredId: number | null, { lastNotificationId }: Dialog): string | undefined {
  if (answeredId !== null) return String(answeredId);
  return ownTag ?? (lastNotificationId === null ? undefined : String(lastNotificationId));
}

function incomingMessage(event: Words): Omit<NewMessage, 'dialogId'> {
  const common = { kind: event.kind, source: 'person', eventId: event.eventId, at: event.at } as const;
  switch (event.kind) {
    case 'message': {
      const files = filesIn(event.network, event.attachments);
      return {
        ...common,
        text: event.text,
        networkId: event.networkId,
        ...(event.payload !== undefined && { payload: event.payload }),
        ...(event.attachments.length > 0 && { attachmentsJson: stringifyJson(event.attachments) }),
        ...(files.length > 0 && { attached: files.map(coming) }),
      };
    }
    case 'button':
      return { ...common, text: '', payload: event.payload };
    case 'started':
      return { ...common, text: '', ...(event.payload !== undefined && { payload: event.payload }) };
  }
}
