import type { Chat, Dialog } from '../world/world.ts';

/** Where messages stand: a person's dialog with the group, or a chat of several people. */
export type Place = Dialog | Chat;

// Peers from here on are chats of several people (contracts/vk.md 1.4).
export const FIRST_CHAT_PEER = 2_000_000_000;

export function chatPeer(chat: Chat): number {
  return FIRST_CHAT_PEER + chat.number;
}

export function isChat(place: Place): place is Chat {
  return 'members' in place;
}

export function peerIdOf(place: Place): number {
  return isChat(place) ? chatPeer(place) : Number(place.peerId);
}
