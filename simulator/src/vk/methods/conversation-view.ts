import type { Chat, Person } from '../../world/world.ts';
import { chatPeer, isChat, type Place } from '../peer-ids.ts';
import { idOf, isOwn, type Line, linesOf, pinnedMessage } from '../vk-message.ts';
import type { VkCall } from '../vk-network.ts';
import { type Peer, placeOfPeer } from './peers.ts';

export function newestLine(place: Place): Line | undefined {
  return linesOf(place).at(-1);
}

/** Number up to which the group has read. */
export function readUpTo(call: VkCall, place: Place): number {
  return isChat(place) ? call.network.notesOf(place).chatReadUpTo : place.seenUpTo;
}

/** How many lines of others came after the number up to which the group has read. */
export function unreadOf(call: VkCall, place: Place): number {
  const upTo = readUpTo(call, place);
  return linesOf(place).filter((line) => !isOwn(line) && line.numberInDialog > upTo).length;
}

export function isUnanswered(call: VkCall, place: Place): boolean {
  const newest = newestLine(place);
  return newest !== undefined && !isOwn(newest) && newest.numberInDialog > call.network.notesOf(place).answeredUpTo;
}

/** A conversation as the group sees it. Source: messages_conversation of the schema. */
export function conversationOf(call: VkCall, peer: Peer): Record<string, unknown> {
  const place = placeOfPeer(call, peer);
  const newest = place === null ? undefined : newestLine(place);
  const lines = place === null ? [] : linesOf(place);
  const notes = place === null ? null : call.network.notesOf(place);
  const upTo = place === null ? 0 : readUpTo(call, place);
  const inRead = lines.findLast((line) => line.numberInDialog <= upTo);
  const outRead = lines.findLast((line) => isOwn(line) && 'dialog' in line && line.status === 'read');
  const lastId = newest === undefined ? 0 : idOf(newest);
  return {
    peer: peerView(peer),
    sort_id: { major_id: 0, minor_id: lastId },
    last_message_id: lastId,
    last_conversation_message_id: newest?.numberInDialog ?? 0,
    in_read: inRead === undefined ? 0 : idOf(inRead),
    out_read: outRead === undefined ? 0 : idOf(outRead),
    in_read_cmid: inRead?.numberInDialog ?? 0,
    out_read_cmid: outRead?.numberInDialog ?? 0,
    unread_count: place === null ? 0 : unreadOf(call, place),
    is_marked_unread: false,
    important: notes?.isImportant ?? false,
    unanswered: place !== null && isUnanswered(call, place),
    can_write: canWrite(call, peer),
    version: newest?.numberInDialog ?? 0,
    ...('chat' in peer ? { chat_settings: chatSettings(peer.chat) } : {}),
  };
}

function peerView(peer: Peer): Record<string, unknown> {
  if ('chat' in peer) return { id: chatPeer(peer.chat), type: 'chat', local_id: peer.chat.number };
  return { id: peer.person.vkId, type: 'user', local_id: peer.person.vkId };
}

function canWrite(call: VkCall, peer: Peer): Record<string, unknown> {
  const isAllowed = 'chat' in peer || call.network.world.permission(call.group, peer.person) === 'allowed';
  return isAllowed ? { allowed: true } : { allowed: false, reason: 901 };
}

/** Source: messages_chat_settings of the schema. */
function chatSettings(chat: Chat): Record<string, unknown> {
  const { members, groupIsAdmin, iconUrl, pinned } = chat;
  const ids = (people: readonly Person[]): number[] => people.flatMap(({ vkId }) => (vkId === null ? [] : [vkId]));
  const admins = [...members.values()].filter(({ isAdmin }) => isAdmin).map(({ person }) => person);
  const groupId = -Number(chat.group.id);
  return {
    owner_id: chat.owner === null ? groupId : (chat.owner.vkId ?? 0),
    title: chat.title,
    state: { in: 'in', left: 'left', removed: 'kicked' }[chat.groupIs],
    // The group counts too.
    members_count: members.size + 1,
    active_ids: ids([...members.keys()]).slice(0, 4),
    admin_ids: [...ids(admins), ...(groupIsAdmin ? [groupId] : [])],
    is_group_channel: false,
    ...(iconUrl === null
      ? {}
      : { photo: { photo_50: iconUrl, photo_100: iconUrl, photo_200: iconUrl, is_default_photo: false } }),
    ...(pinned === null ? {} : { pinned_message: pinnedMessage(pinned) }),
    acl: {
      can_change_info: groupIsAdmin,
      can_change_invite_link: groupIsAdmin,
      can_change_pin: groupIsAdmin,
      can_invite: false,
      can_promote_users: false,
      can_see_invite_link: groupIsAdmin,
      can_moderate: groupIsAdmin,
      can_copy_chat: false,
      can_call: false,
      can_use_mass_mentions: groupIsAdmin,
    },
  };
}
