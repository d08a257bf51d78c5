import { type InboundEvent, stringifyJson } from '@soroka/channels';
import type { Desk } from '../desk/desk.ts';
import type { Dialogs } from '../dialogs/dialogs.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { Clock } from '../platform/clock.ts';
import type { Transaction } from '../platform/database.ts';
import type { RawEvent } from './incoming.ts';
import type { Place, Placed, Places } from './places.ts';

type Of<Kind extends InboundEvent['kind']> = Placed<Extract<InboundEvent, { kind: Kind }>>;
type Record<Kind extends InboundEvent['kind']> = (tx: Transaction, raw: RawEvent, event: Of<Kind>, place: Place) => Promise<void>;

/** What befalls a dialog without being said to the group: no bot answers it, no account is told. */
export interface Happenings {
  'written-elsewhere': Record<'written-elsewhere'>;
  edited: Record<'edited'>;
  chat: Record<'chat'>;
  read: Record<'read'>;
}

export interface HappeningsParts {
  dispatch: Pick<Dispatch, 'markRead'>;
  dialogs: Pick<Dialogs, 'append' | 'editIncoming' | 'describeChat' | 'learnChat' | 'readUpTo' | 'waitingOfBot'>;
  desk: Pick<Desk['hearing'], 'answeringElsewhere'>;
  places: Places;
  clock: Clock;
}

type Change = Of<'chat'>['change'];
/** Plain words for who reads the history as text; a screen makes its own of the payload. */
const SENTENCES: Readonly<{ [Kind in Change]: string }> = {
  created: 'The chat was created.',
  title: 'The chat got another title.',
  icon: 'The chat got another picture.',
  joined: 'Somebody joined the chat.',
  left: 'Somebody left the chat.',
  pinned: 'A message was pinned.',
};
/** After these the network is asked what the chat looks like now. */
const LOOKS_CHANGED: readonly Change[] = ['created', 'icon'];

export function createHappenings({ dispatch, dialogs, desk, places, clock }: HappeningsParts): Happenings {
  return {
    async 'written-elsewhere'(tx, raw, event, place) {
      const { authorId, networkId, eventId, text, attachments, at } = event;
      const dialog = await places.open(tx, raw, event, place, { alsoSeen: [authorId] });
      const attachmentsJson = attachments.length === 0 ? undefined : stringifyJson(attachments);
      const message = {
        dialogId: dialog.id,
        source: 'operator',
        status: 'SENT',
        text,
        at,
        authorId,
        networkId,
        eventId,
      } as const;
      const [isNew] = await dialogs.append(tx, [{ ...message, ...(attachmentsJson !== undefined && { attachmentsJson }) }]);
      // VK tells of the bot's own words too, and may do so before it answers us.
      const isOfBot = (await dialogs.waitingOfBot(tx, dialog.id, text)).length > 0;
      if (isNew === true && !isOfBot) await desk.answeringElsewhere(tx, dialog.id);
    },
    async edited(tx, { accountId }, event, { isGroupChat }) {
      const { network, groupId, userId, peerId, networkId, text, attachments, at } = event;
      const key = { accountId, network, groupId, userId: isGroupChat ? peerId : userId };
      await dialogs.editIncoming(tx, key, networkId, { text, attachments }, at);
    },
    async chat(tx, raw, event, ofBody) {
      const { accountId } = raw;
      const { network, groupId, userId, peerId, change, title, memberId, eventId, at } = event;
      const place = { ...ofBody, isGroupChat: true }; // such a thing befalls no chat with one person
      const key = { accountId, network, groupId };
      await dialogs.learnChat(tx, key, peerId, null, new Date(clock.now()));
      const { id: dialogId } = await places.open(tx, raw, event, place, { alsoSeen: memberId === undefined ? [] : [memberId] });
      const payload = JSON.stringify({ change, title, memberId });
      const line = { dialogId, kind: 'system', source: 'person', text: SENTENCES[change], payload, authorId: userId } as const;
      await dialogs.append(tx, [{ ...line, eventId, at }]);
      if (title !== undefined) await dialogs.describeChat(tx, key, peerId, { title });
      if (LOOKS_CHANGED.includes(change)) {
        await places.ask(tx, raw, place, [{ kind: 'chat', network, groupId, peerId, userId }]);
      }
    },
    async read(tx, { accountId }, event, { isGroupChat }) {
      // A group chat's messages are counted by themselves: its marks say nothing of the person's own dialog.
      if (isGroupChat) return;
      const { network, groupId, userId, upToNetworkId, at } = event;
      await dispatch.markRead(tx, await dialogs.readUpTo(tx, { accountId, network, groupId, userId }, upToNetworkId, at));
    },
  };
}
