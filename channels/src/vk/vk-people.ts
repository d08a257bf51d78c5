import type { ActionOutcome, ChatProfile, UserProfile } from '../actions.ts';
import { type Fields, readFields } from '../body/body.ts';
import type { VkApi } from './vk-api.ts';
import { act } from './vk-calls.ts';
import { isCommunity, isGroupChat } from './vk-peer.ts';

const MEMBERS_MAX = 1_000; // schema of messages.getConversationMembers

/** Names and pictures; those whom VK does not know are left out by it. Source: dev.vk.com/method/users.get. */
export async function readProfiles(
  api: VkApi,
  userIds: readonly string[],
  signal: AbortSignal,
): Promise<ActionOutcome<readonly UserProfile[]>> {
  if (userIds.length === 0) return { kind: 'done', result: [] };
  const params = { user_ids: userIds.join(','), fields: 'photo_100' };
  return act(api, 'users.get', params, signal, (response) =>
    readFields({ response })
      .array('response')
      .map((user, index) => readUser(readFields(user, `response[${index}]`))),
  );
}

/**
 * Title, picture and members of a group chat; of a dialog with one person VK is not asked. Where the community is no admin of
 * the chat, VK tells it neither: the profile then comes without them.
 *
 * Source: dev.vk.com/method/messages.getConversationsById and messages.getConversationMembers.
 */
export async function readChat(api: VkApi, peerId: string, signal: AbortSignal): Promise<ActionOutcome<ChatProfile>> {
  if (!isGroupChat(peerId))
    return { kind: 'done', result: { peerId, isGroupChat: false, title: null, pictureUrl: null, memberIds: [peerId] } };
  const looks = await act(api, 'messages.getConversationsById', { peer_ids: peerId }, signal, readLooks);
  if (looks.kind !== 'done') return looks;
  const params = { peer_id: peerId, count: MEMBERS_MAX };
  const members = await act(api, 'messages.getConversationMembers', params, signal, readMembers);
  if (members.kind === 'failed' || members.kind === 'stopped') return members;
  const memberIds = members.kind === 'done' ? members.result : [];
  return { kind: 'done', result: { peerId, isGroupChat: true, ...looks.result, memberIds } };
}

function readUser(user: Fields): UserProfile {
  const name = ['first_name', 'last_name'].map((part) => (user.has(part) ? user.text(part) : '')).join(' ');
  return { userId: user.id('id'), name: name.trim(), pictureUrl: user.has('photo_100') ? user.text('photo_100') : null };
}

function readLooks(response: unknown): { title: string | null; pictureUrl: string | null } {
  const [first] = readFields(response, 'response').array('items');
  const conversation = first === undefined ? undefined : readFields(first, 'response.items[0]');
  if (conversation?.has('chat_settings') !== true) return { title: null, pictureUrl: null };
  const settings = conversation.object('chat_settings');
  const photo = settings.has('photo') ? settings.object('photo') : undefined;
  return {
    title: settings.has('title') ? settings.text('title') : null,
    pictureUrl: photo?.has('photo_100') === true ? photo.text('photo_100') : null,
  };
}

function readMembers(response: unknown): string[] {
  return readFields(response, 'response')
    .array('items')
    .map((item, index) => readFields(item, `response.items[${index}]`).id('member_id'))
    .filter((memberId) => !isCommunity(memberId));
}
