import type { InboundEvent, Network } from '@soroka/channels';
import type { Queryable } from '../platform/database.ts';
import type { DialogKey } from './dialogs.ts';
import { storable } from './storable.ts';

/** What a network shows of a chat of several people. */
export interface ChatLook {
  title?: string;
  pictureUrl?: string;
}

/** What is known of a chat whose bodies do not tell: whose dialog it is, or that it is of several people. */
export type ChatKind = 'person' | 'group-chat' | 'unknown';

const SQL = {
  known: {
    name: 'known_chat_find',
    text: `
      select user_id as "userId" from known_chat
      where account_id = $1 and network = $2 and group_id = $3 and peer_id = $4`,
  },
  learn: {
    name: 'known_chat_learn',
    text: `
      insert into known_chat (account_id, network, group_id, peer_id, user_id, checked_at) values ($1, $2, $3, $4, $5, $6)
      on conflict (account_id, network, group_id, peer_id)
      do update set user_id = excluded.user_id, checked_at = excluded.checked_at`,
  },
  describe: {
    name: 'dialog_describe_chat',
    text: `
      update dialog set title = coalesce($5, title), picture_url = coalesce($6, picture_url)
      where account_id = $1 and network = $2 and group_id = $3 and user_id = $4 and kind = 'chat' and merged_into is null`,
  },
} as const;

// dev.vk.com/method/messages.send: peers of group chats start here.
const VK_CHAT_PEER_MIN = 2_000_000_000;

/** Whether the event happened among several people. OK's bodies do not tell: there `knownChat` has to. */
export function isGroupChat({ network, peerId, isGroupChat: told }: Pick<InboundEvent, 'network' | 'peerId' | 'isGroupChat'>) {
  return told ?? (network === 'vk' && Number(peerId) >= VK_CHAT_PEER_MIN);
}

/** Whether an event's body alone leaves open whether it happened among several people. */
export function needsChatLookup(network: Network, told: boolean | undefined): boolean {
  return network === 'ok' && told === undefined;
}

/** See Dialogs.knownChat. */
export async function knownChat(tx: Queryable, key: DialogKey, peerId: string, userId: string): Promise<ChatKind> {
  const { accountId, network, groupId } = key;
  const [known] = await tx.rows<{ userId: string | null }>(SQL.known, [accountId, network, groupId, storable(peerId)]);
  if (known === undefined) return 'unknown';
  if (known.userId === null) return 'group-chat';
  // Somebody else writes where one person did: others may have been added since.
  return known.userId === userId ? 'person' : 'unknown';
}

/** See Dialogs.learnChat. */
export async function learnChat(
  tx: Queryable,
  { accountId, network, groupId }: DialogKey,
  peerId: string,
  userId: string | null,
  at: Date,
): Promise<void> {
  await tx.run(SQL.learn, [accountId, network, groupId, storable(peerId), userId, at]);
}

/** See Dialogs.describeChat. */
export async function describeChat(
  tx: Queryable,
  { accountId, network, groupId }: DialogKey,
  peerId: string,
  { title, pictureUrl }: ChatLook,
): Promise<void> {
  const look = [title, pictureUrl].map((text) => (text === undefined ? null : storable(text)));
  await tx.run(SQL.describe, [accountId, network, groupId, storable(peerId), ...look]);
}
