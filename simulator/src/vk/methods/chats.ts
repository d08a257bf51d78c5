import type { Chat, Person } from '../../world/world.ts';
import { FIRST_CHAT_PEER } from '../peer-ids.ts';
import { type Refusal, refuse, respond } from '../vk-errors.ts';
import { defineMethod, type VkMethods } from '../vk-method.ts';
import type { VkCall } from '../vk-network.ts';
import { findPeer } from './peers.ts';

const CHAT_ID = { type: 'integer', required: true, min: 0, max: 100_000_000 } as const;

function findChat(call: VkCall, chatId: number): { ok: true; chat: Chat } | Refusal {
  const peer = findPeer(call, FIRST_CHAT_PEER + chatId, 917);
  if (!peer.ok) return peer;
  return 'chat' in peer ? peer : refuse(917);
}

const createChat = defineMethod(
  { user_ids: { type: 'integers', itemsMax: 1_000 }, title: { type: 'text' } },
  (values, { network: { world }, group }) => {
    const people: Person[] = [];
    for (const id of values.user_ids ?? []) {
      const person = world.people.byId('vk', String(id));
      if (person === null) return refuse(936);
      // [?] Whom a community may put into a chat at once is not known: here, who lets it write to them.
      if (world.permission(group, person) === 'allowed') people.push(person);
    }
    const chat = world.chats.create({ group, title: values.title ?? '', owner: null, people });
    return respond({ chat_id: chat.number, peer_ids: people.map(({ vkId }) => vkId) });
  },
);

const editChat = defineMethod({ chat_id: CHAT_ID, title: { type: 'text' } }, (values, call) => {
  const found = findChat(call, values.chat_id);
  if (!found.ok) return found;
  if (!found.chat.groupIsAdmin) return refuse(925);
  if (values.title !== undefined) call.network.world.chats.rename(found.chat, null, values.title);
  return respond(1);
});

/** The chat as answers about its photo show it. Source: messages_chat of the schema. */
function chatBody({ number, title, owner, group, members, iconUrl }: Chat): Record<string, unknown> {
  return {
    id: number,
    type: 'chat',
    title,
    admin_id: owner === null ? -Number(group.id) : (owner.vkId ?? 0),
    users: [...members.keys()].flatMap(({ vkId }) => (vkId === null ? [] : [vkId])),
    members_count: members.size + 1,
    ...(iconUrl === null ? {} : { photo_50: iconUrl, photo_100: iconUrl, photo_200: iconUrl }),
  };
}

// Lines of chats have no id.
const answerOf = (chat: Chat) => respond({ message_id: 0, chat: chatBody(chat) });

const setChatPhoto = defineMethod({ file: { type: 'text', required: true } }, (values, call) => {
  const { media, world } = call.network;
  const [upload] = media.uploaded(values.file);
  if (upload?.chat === undefined || upload.group !== call.group) return refuse(22);
  const found = findChat(call, upload.chat.number);
  if (!found.ok) return found;
  if (!found.chat.groupIsAdmin) return refuse(925);
  world.chats.setIcon(found.chat, null, media.save(upload, { title: '', origin: call.origin }).url);
  return answerOf(found.chat);
});

const deleteChatPhoto = defineMethod({ chat_id: CHAT_ID }, (values, call) => {
  const found = findChat(call, values.chat_id);
  if (!found.ok) return found;
  if (!found.chat.groupIsAdmin) return refuse(925);
  call.network.world.chats.setIcon(found.chat, null, null);
  return answerOf(found.chat);
});

const removeChatUser = defineMethod(
  { chat_id: CHAT_ID, user_id: { type: 'integer' }, member_id: { type: 'integer' } },
  (values, call) => {
    const found = findChat(call, values.chat_id);
    if (!found.ok) return found;
    const { chat } = found;
    const memberId = values.member_id ?? values.user_id;
    if (memberId === undefined) return refuse(100, 'member_id is undefined');
    const { world } = call.network;
    // A community may always go by itself.
    if (memberId === -Number(call.group.id)) {
      world.chats.leave(chat, null, null);
      return respond(1);
    }
    if (!chat.groupIsAdmin) return refuse(925);
    const person = world.people.byId('vk', String(memberId));
    if (person === null) return refuse(936);
    return world.chats.leave(chat, person, null) === null ? refuse(935) : respond(1);
  },
);

const getInviteLink = defineMethod(
  { peer_id: { type: 'integer', required: true }, reset: { type: 'boolean' } },
  (values, call) => {
    const peer = findPeer(call, values.peer_id, 917);
    if (!peer.ok) return peer;
    if (!('chat' in peer)) return refuse(919);
    if (!peer.chat.groupIsAdmin) return refuse(values.reset === true ? 931 : 919);
    const { inviteLinks, world } = call.network;
    const known = values.reset === true ? undefined : inviteLinks.get(peer.chat);
    const link = known ?? `https://vk.me/join/${world.ids.hex(32)}`;
    inviteLinks.set(peer.chat, link);
    return respond({ link });
  },
);

/** What a community may do to chats. Sources: the schema; contracts/vk.md 3.6. */
export const CHAT_METHODS: VkMethods = {
  'messages.createChat': createChat,
  'messages.editChat': editChat,
  'messages.setChatPhoto': setChatPhoto,
  'messages.deleteChatPhoto': deleteChatPhoto,
  'messages.removeChatUser': removeChatUser,
  'messages.getInviteLink': getInviteLink,
};
