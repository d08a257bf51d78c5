import { isChat, type Place } from '../peer-ids.ts';
import { refuse, respond } from '../vk-errors.ts';
import { idOf, linesOf, placeOf, vkMessage } from '../vk-message.ts';
import { defineMethod, type VkMethods } from '../vk-method.ts';
import type { VkCall } from '../vk-network.ts';
import { conversationOf, isUnanswered, newestLine, readUpTo, unreadOf } from './conversation-view.ts';
import { lineById } from './find-messages.ts';
import { findPeer, type Peer, peopleOf, placeOfPeer, profilesOf } from './peers.ts';

const FIELDS = { type: 'texts', itemsMax: 1_000 } as const;

const peerOf = (place: Place): Peer => (isChat(place) ? { ok: true, chat: place } : { ok: true, person: place.person });

const FILTERS = {
  all: () => true,
  // The simulator's groups put nothing into the archive and sort no chats into folders.
  archive: () => false,
  sorted_chats: () => false,
  important: (call: VkCall, place: Place) => call.network.notesOf(place).isImportant,
  unanswered: isUnanswered,
  unread: (call: VkCall, place: Place) => unreadOf(call, place) > 0,
} as const;

const getConversations = defineMethod(
  {
    offset: { type: 'integer', min: 0, default: 0 },
    count: { type: 'integer', min: 0, max: 200, default: 20 },
    filter: { type: 'choice', values: Object.keys(FILTERS), default: 'all' },
    extended: { type: 'boolean' },
    start_message_id: { type: 'integer', min: 0 },
    fields: FIELDS,
  },
  (values, call) => {
    const { world } = call.network;
    const all: Place[] = [...world.dialogs.ofGroup(call.group), ...world.chats.ofGroup(call.group)].filter(
      (place) => newestLine(place) !== undefined,
    );
    const isWanted = FILTERS[values.filter as keyof typeof FILTERS];
    const timeOf = (place: Place): number => newestLine(place)?.time ?? 0;
    const idOfNewest = (place: Place): number => {
      const newest = newestLine(place);
      return newest === undefined ? 0 : idOf(newest);
    };
    const wanted = all
      .filter((place) => isWanted(call, place))
      .sort((a, b) => timeOf(b) - timeOf(a) || idOfNewest(b) - idOfNewest(a))
      .filter((place) => values.start_message_id === undefined || idOfNewest(place) <= values.start_message_id);
    const page = wanted.slice(values.offset, values.offset + values.count);
    return respond({
      count: wanted.length,
      unread_count: all.filter((place) => unreadOf(call, place) > 0).length,
      items: page.map((place) => ({
        conversation: conversationOf(call, peerOf(place)),
        last_message: linesOf(place).slice(-1).map(vkMessage)[0],
      })),
      ...profilesOf(call, page.flatMap(peopleOf), values),
    });
  },
);

const getConversationsById = defineMethod(
  {
    peer_ids: { type: 'integers', required: true, itemsMax: 100 },
    extended: { type: 'boolean' },
    fields: FIELDS,
  },
  (values, call) => {
    const peers: Peer[] = [];
    for (const peerId of values.peer_ids) {
      const peer = findPeer(call, peerId, 927);
      if (!peer.ok) return peer;
      peers.push(peer);
    }
    return respond({
      count: peers.length,
      items: peers.map((peer) => conversationOf(call, peer)),
      ...profilesOf(
        call,
        peers.flatMap((peer) => ('chat' in peer ? peopleOf(peer.chat) : [peer.person])),
        values,
      ),
    });
  },
);

const getConversationMembers = defineMethod(
  {
    peer_id: { type: 'integer', required: true },
    offset: { type: 'integer', min: 0, default: 0 },
    count: { type: 'integer', min: 1, max: 1_000, default: 20 },
    extended: { type: 'boolean' },
    fields: FIELDS,
    member_ids: { type: 'integers', itemsMax: 1_000 },
  },
  (values, call) => {
    const peer = findPeer(call, values.peer_id, 927);
    if (!peer.ok) return peer;
    const groupId = -Number(call.group.id);
    const members =
      'chat' in peer
        ? [
            ...[...peer.chat.members.values()].map(({ person, isAdmin, joinedAt, invitedBy }) => ({
              member_id: person.vkId,
              invited_by: invitedBy === null ? groupId : invitedBy.vkId,
              join_date: Math.floor(joinedAt / 1_000),
              ...(isAdmin ? { is_admin: true } : {}),
              ...(person === peer.chat.owner ? { is_owner: true } : {}),
            })),
            { member_id: groupId, ...(peer.chat.groupIsAdmin ? { is_admin: true } : {}) },
          ]
        : [{ member_id: peer.person.vkId }, { member_id: groupId }];
    const wanted = members.filter(({ member_id: id }) => values.member_ids?.includes(id ?? 0) ?? true);
    const page = wanted.slice(values.offset, values.offset + values.count);
    const people = 'chat' in peer ? peopleOf(peer.chat) : [peer.person];
    const shown = people.filter(({ vkId }) => page.some(({ member_id: id }) => id === vkId));
    // Profiles come with or without `extended`: the schema has one answer for both.
    return respond({
      count: wanted.length,
      items: page,
      ...profilesOf(call, shown, { extended: true, fields: values.fields }),
    });
  },
);

const markAsRead = defineMethod(
  {
    message_ids: { type: 'integers', itemsMax: 1_000 },
    peer_id: { type: 'integer' },
    start_message_id: { type: 'integer', min: 0 },
    up_to_cmid: { type: 'integer', min: 0 },
    mark_conversation_as_read: { type: 'boolean' },
  },
  (values, call) => {
    const named = [...(values.message_ids ?? []), values.start_message_id ?? 0].flatMap((id) => lineById(call, id) ?? []);
    for (const line of named) readPlaceUpTo(call, placeOf(line), line.numberInDialog);
    if (values.peer_id === undefined) return values.message_ids === undefined ? refuse(100, 'peer_id is undefined') : respond(1);
    const peer = findPeer(call, values.peer_id, 927);
    if (!peer.ok) return peer;
    const place = placeOfPeer(call, peer);
    if (place !== null && named.length === 0) readPlaceUpTo(call, place, values.up_to_cmid ?? place.lastNumber);
    return respond(1);
  },
);

function readPlaceUpTo(call: VkCall, place: Place, number: number): void {
  const upTo = Math.max(readUpTo(call, place), Math.min(number, place.lastNumber));
  if (isChat(place)) call.network.notesOf(place).chatReadUpTo = upTo;
  else call.network.world.see(place, upTo);
}

const markAsAnsweredConversation = defineMethod(
  { peer_id: { type: 'integer', required: true }, answered: { type: 'boolean', default: true } },
  (values, call) => {
    const peer = findPeer(call, values.peer_id, 927);
    if (!peer.ok) return peer;
    const place = placeOfPeer(call, peer);
    if (place !== null) call.network.notesOf(place).answeredUpTo = values.answered ? place.lastNumber : 0;
    return respond(1);
  },
);

const markAsImportantConversation = defineMethod(
  { peer_id: { type: 'integer', required: true }, important: { type: 'boolean', default: true } },
  (values, call) => {
    const peer = findPeer(call, values.peer_id, 927);
    if (!peer.ok) return peer;
    const place = placeOfPeer(call, peer);
    if (place !== null) call.network.notesOf(place).isImportant = values.important;
    return respond(1);
  },
);

/** What a group sees of its conversations and notes about them. Sources: the schema; contracts/vk.md 3.5. */
export const CONVERSATION_METHODS: VkMethods = {
  'messages.getConversations': getConversations,
  'messages.getConversationsById': getConversationsById,
  'messages.getConversationMembers': getConversationMembers,
  'messages.markAsRead': markAsRead,
  'messages.markAsAnsweredConversation': markAsAnsweredConversation,
  'messages.markAsImportantConversation': markAsImportantConversation,
};
