import type { Fields } from '../body/body.ts';
import type { MessageAddress } from '../channel.ts';

// dev.vk.com/method/messages.send: peers of group chats start here; below are people, below zero communities.
const GROUP_CHAT_PEER_MIN = 2_000_000_000;

export function isGroupChat(peerId: string): boolean {
  return Number(peerId) >= GROUP_CHAT_PEER_MIN;
}

/** Below zero. Not a person, and nobody a message of ours could have come from. */
export function isCommunity(id: string): boolean {
  return id.startsWith('-');
}

/**
 * Our name of a message. Bots see id 0 in group chats; there only the number within the conversation tells messages apart.
 * undefined where VK gave neither.
 */
export function networkIdOf(peerId: string, id: string, numberInDialog: string | undefined): string | undefined {
  if (id !== '0') return id;
  return numberInDialog === undefined || numberInDialog === '0' ? undefined : `${peerId}:${numberInDialog}`;
}

/** Our name of a message that VK describes. Throws `BrokenBodyError` where it has no number at all. */
export function idOfMessage(message: Fields, peerId: string): string {
  const id = message.id('id');
  return id === '0' ? `${peerId}:${message.id('conversation_message_id')}` : id;
}

/** How VK's methods name a message of ours; null for a substitute that VK does not know. */
export function addressOf({ networkId }: Pick<MessageAddress, 'networkId'>): { id: string } | { numberInDialog: string } | null {
  if (/^[1-9]\d*$/.test(networkId)) return { id: networkId };
  const [, numberInDialog] = /^\d+:([1-9]\d*)$/.exec(networkId) ?? [];
  return numberInDialog === undefined ? null : { numberInDialog };
}
