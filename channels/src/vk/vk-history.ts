import type { ActionOutcome, HistoryMessage, HistoryPage } from '../actions.ts';
import { type Fields, readFields } from '../body/body.ts';
import type { MessageAddress } from '../channel.ts';
import type { VkApi } from './vk-api.ts';
import { attachmentsOf } from './vk-attachments.ts';
import { act } from './vk-calls.ts';
import { addressOf, idOfMessage, isCommunity } from './vk-peer.ts';

const PAGE_MAX = 200; // schema of messages.getHistory and messages.getConversations

/**
 * A page of a dialog, newest first. The cursor counts messages from the newest: what is written between two pages makes some
 * come twice, under the same id. What happened to a group chat is no message and left out.
 *
 * Source: dev.vk.com/method/messages.getHistory.
 */
export function readHistory(
  api: VkApi,
  peerId: string,
  cursor: string | null,
  signal: AbortSignal,
): Promise<ActionOutcome<HistoryPage>> {
  const offset = Number(cursor ?? 0);
  const params = { peer_id: peerId, count: PAGE_MAX, offset };
  return act(api, 'messages.getHistory', params, signal, (response) => {
    const { items, next } = readPage(response, offset);
    return { messages: items.filter((item) => !item.has('action')).map(readMessage), next };
  });
}

/** Source: dev.vk.com/method/messages.getConversations. */
export function listDialogs(
  api: VkApi,
  cursor: string | null,
  signal: AbortSignal,
): Promise<ActionOutcome<{ peerIds: readonly string[]; next: string | null }>> {
  const offset = Number(cursor ?? 0);
  return act(api, 'messages.getConversations', { count: PAGE_MAX, offset }, signal, (response) => {
    const { items, next } = readPage(response, offset);
    return { peerIds: items.map((item) => item.object('conversation').object('peer').id('id')), next };
  });
}

/** One message in full. Source: dev.vk.com/method/messages.getById and messages.getByConversationMessageId. */
export async function readWholeMessage(
  api: VkApi,
  target: MessageAddress,
  signal: AbortSignal,
): Promise<ActionOutcome<{ text: string; attachments: readonly unknown[] }>> {
  const address = addressOf(target);
  const missing = { kind: 'refused', networkCode: '104', detail: 'VK does not know this message any more' } as const;
  if (address === null) return missing;
  const [method, params] =
    'id' in address
      ? (['messages.getById', { message_ids: address.id }] as const)
      : ([
          'messages.getByConversationMessageId',
          { peer_id: target.peerId, conversation_message_ids: address.numberInDialog },
        ] as const);
  const outcome = await act(api, method, params, signal, (response) => {
    const [message] = readPage(response, 0).items;
    return message === undefined ? null : { text: message.text('text'), attachments: attachmentsOf(message) };
  });
  if (outcome.kind !== 'done') return outcome;
  return outcome.result === null ? missing : { kind: 'done', result: outcome.result };
}

function readPage(response: unknown, offset: number): { items: Fields[]; next: string | null } {
  const page = readFields(response, 'response');
  const items = page.array('items').map((item, index) => readFields(item, `response.items[${index}]`));
  const end = offset + items.length;
  return { items, next: items.length > 0 && end < page.integer('count') ? String(end) : null };
}

function readMessage(message: Fields): HistoryMessage {
  const peerId = message.id('peer_id');
  const fromId = message.id('from_id');
  const isOurs = isCommunity(fromId) || message.raw('out') === 1;
  return {
    networkId: idOfMessage(message, peerId),
    direction: isOurs ? 'out' : 'in',
    userId: isOurs ? '' : fromId,
    text: message.text('text'),
    attachments: attachmentsOf(message),
    at: message.moment('date', 1_000),
  };
}
