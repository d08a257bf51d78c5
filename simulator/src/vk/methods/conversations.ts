import type { Dialog, Person } from '../../world/world.ts';
import { refuse, respond } from '../vk-errors.ts';
import { dialogMessages, vkMessage } from '../vk-message.ts';
import { defineMethod, type VkCall, type VkMethod } from '../vk-network.ts';
import { communityOf, findPeer, profileOf } from './peers.ts';

/** Profiles and groups of an answer with `extended`. */
function profilesOf(call: VkCall, dialogs: readonly Dialog[], extended: boolean | undefined): Record<string, unknown> {
  if (extended !== true) return {};
  return { profiles: dialogs.map(({ person }) => profileOf(person)), groups: [communityOf(call.group)] };
}

/** Number up to which the group has read the dialog, and how many messages of the person came after it. */
function unreadOf(call: VkCall, dialog: Dialog | null): { readUpTo: number; unread: number } {
  if (dialog === null) return { readUpTo: 0, unread: 0 };
  const readUpTo = call.network.readByGroup.get(dialog) ?? 0;
  return {
    readUpTo,
    unread: dialog.messages.filter((message) => message.from === 'person' && message.numberInDialog > readUpTo).length,
  };
}

/** A conversation as the group sees it. Source: messages_conversation of the schema. */
function conversationOf(call: VkCall, person: Person): Record<string, unknown> {
  const { world } = call.network;
  const dialog = world.dialogs.find(call.group, person);
  const messages = dialogMessages(dialog?.messages ?? []);
  const last = messages.at(-1);
  const lastRead = messages.findLast((message) => message.from === 'group' && message.status === 'read');
  const { readUpTo, unread } = unreadOf(call, dialog);
  const inRead = messages.findLast((message) => message.numberInDialog <= readUpTo);
  const mayWrite = world.permission(call.group, person) === 'allowed';
  return {
    peer: { id: person.vkId, type: 'user', local_id: person.vkId },
    sort_id: { major_id: 0, minor_id: Number(last?.networkId ?? 0) },
    last_message_id: Number(last?.networkId ?? 0),
    last_conversation_message_id: last?.numberInDialog ?? 0,
    in_read: Number(inRead?.networkId ?? 0),
    out_read: Number(lastRead?.networkId ?? 0),
    unread_count: unread,
    is_marked_unread: false,
    important: false,
    unanswered: last?.from === 'person',
    can_write: mayWrite ? { allowed: true } : { allowed: false, reason: 901 },
    version: dialog?.lastNumber ?? 0,
  };
}

const getHistory = defineMethod(
  {
    peer_id: { type: 'integer' },
    user_id: { type: 'integer' },
    offset: { type: 'integer', default: 0 },
    count: { type: 'integer', min: 0, max: 200, default: 20 },
    start_message_id: { type: 'integer' },
    rev: { type: 'boolean' },
    extended: { type: 'boolean' },
  },
  (values, call) => {
    const peerId = values.peer_id ?? values.user_id;
    if (peerId === undefined) return refuse(100, 'peer_id is undefined');
    const peer = findPeer(call.network.world, peerId);
    if (!peer.ok) return peer;
    const dialog = call.network.world.dialogs.find(call.group, peer.person);
    const messages = dialogMessages(dialog?.messages ?? []);
    const ordered = values.rev === true ? messages : messages.toReversed();
    const startId = values.start_message_id;
    const from =
      startId === undefined
        ? 0
        : Math.max(
            0,
            ordered.findIndex((message) => Number(message.networkId) === startId),
          );
    const start = Math.max(0, from + values.offset);
    return respond({
      count: messages.length,
      items: ordered.slice(start, start + values.count).map(vkMessage),
      ...profilesOf(call, dialog === null ? [] : [dialog], values.extended),
      ...(values.extended === true ? { conversations: [conversationOf(call, peer.person)] } : {}),
    });
  },
);

const getConversations = defineMethod(
  {
    offset: { type: 'integer', min: 0, default: 0 },
    count: { type: 'integer', min: 0, max: 200, default: 20 },
    filter: {
      type: 'choice',
      values: ['all', 'archive', 'important', 'sorted_chats', 'unanswered', 'unread'],
      default: 'all',
    },
    extended: { type: 'boolean' },
  },
  (values, call) => {
    const isWanted = (dialog: Dialog): boolean => {
      const last = dialogMessages(dialog.messages).at(-1);
      if (last === undefined) return false;
      if (values.filter === 'all') return true;
      if (values.filter === 'unanswered') return last.from === 'person';
      return values.filter === 'unread' && unreadOf(call, dialog).unread > 0;
    };
    const all = call.network.world.dialogs.ofGroup(call.group);
    const lastNumber = (dialog: Dialog): number => Number(dialogMessages(dialog.messages).at(-1)?.networkId ?? 0);
    const wanted = all.filter(isWanted).sort((a, b) => lastNumber(b) - lastNumber(a));
    const page = wanted.slice(values.offset, values.offset + values.count);
    return respond({
      count: wanted.length,
      unread_count: all.filter((dialog) => unreadOf(call, dialog).unread > 0).length,
      items: page.map((dialog) => ({
        conversation: conversationOf(call, dialog.person),
        last_message: dialogMessages(dialog.messages).slice(-1).map(vkMessage)[0],
      })),
      ...profilesOf(call, page, values.extended),
    });
  },
);

const getConversationsById = defineMethod(
  { peer_ids: { type: 'integers', required: true, itemsMax: 100 }, extended: { type: 'boolean' } },
  (values, call) => {
    const people: Person[] = [];
    for (const peerId of values.peer_ids) {
      const peer = findPeer(call.network.world, peerId);
      if (!peer.ok) return peer;
      people.push(peer.person);
    }
    return respond({
      count: people.length,
      items: people.map((person) => conversationOf(call, person)),
      ...(values.extended === true ? { profiles: people.map(profileOf), groups: [communityOf(call.group)] } : {}),
    });
  },
);

const markAsRead = defineMethod(
  {
    peer_id: { type: 'integer', required: true },
    start_message_id: { type: 'integer', min: 0 },
    up_to_cmid: { type: 'integer', min: 0 },
    mark_conversation_as_read: { type: 'boolean' },
  },
  (values, call) => {
    const peer = findPeer(call.network.world, values.peer_id);
    if (!peer.ok) return peer;
    const dialog = call.network.world.dialogs.find(call.group, peer.person);
    if (dialog === null) return respond(1);
    const byId = dialog.messages.find((message) => Number(message.networkId) === values.start_message_id)?.numberInDialog;
    const upTo = Math.min(values.up_to_cmid ?? byId ?? dialog.lastNumber, dialog.lastNumber);
    call.network.readByGroup.set(dialog, Math.max(upTo, call.network.readByGroup.get(dialog) ?? 0));
    return respond(1);
  },
);

/** What a group sees of its dialogs. Sources: the schema; contracts/vk.md 3.5. */
export const CONVERSATION_METHODS: Readonly<Record<string, VkMethod>> = {
  'messages.getHistory': getHistory,
  'messages.getConversations': getConversations,
  'messages.getConversationsById': getConversationsById,
  'messages.markAsRead': markAsRead,
};
