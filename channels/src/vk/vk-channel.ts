import type { Channel, Outgoing, SendOutcome } from '../channel.ts';
import { createVkApi, type VkApi } from './vk-api.ts';
import { createVkConfirmation } from './vk-confirmation.ts';
import { outcomeOfError } from './vk-errors.ts';
import { pollVk } from './vk-long-poll.ts';
import { keyboardFits, keyboardOf, randomIdOf } from './vk-message.ts';
import { leaveRoomForMessages } from './vk-set-up-calls.ts';
import { subscribeVkWebhook, unsubscribeVkWebhook } from './vk-webhook.ts';

export interface VkChannelOptions {
  /** Root before `/method/…`: `https://api.vk.ru`. */
  baseUrl: string;
  /** The community's token; scopes `messages`, and `manage` for webhooks and long poll. */
  token: string;
  groupId: string;
  apiVersion?: string;
  /** Of one whole call. */
  timeoutMs: number;
  /** VK's pages say 9000; 4096 is what is widely seen, without a source. */
  textCharactersMax?: number;
  /** Per token; from the documentation as quoted by vksdk. */
  callsPerSecond?: number;
}

/** A VK channel can be asked for the text that VK's `confirmation` request wants as its answer. */
export type VkChannel = Channel &
  Required<Pick<Channel, 'confirmation' | 'subscribeWebhook' | 'unsubscribeWebhook' | 'poll' | 'close'>>;

/** One VK community. Source: dev.vk.com/method/messages.send. */
export function createVkChannel(options: VkChannelOptions): VkChannel {
  const { baseUrl, token, groupId, apiVersion = '5.199', timeoutMs, textCharactersMax = 4_096, callsPerSecond = 20 } = options;
  const api = createVkApi({ baseUrl, token, apiVersion, timeoutMs });
  const group = { api: leaveRoomForMessages(api), groupId, apiVersion };
  const confirmation = createVkConfirmation(group);
  return {
    kind: 'vk',
    capabilities: {
      batchMax: 1,
      callsPerSecond,
      textCharactersMax,
      dropsRepeats: true,
      reportsDelivered: false,
      reportsRead: true,
      deliveryPolicies: false,
    },
    send: (batch, signal) => Promise.all(batch.map((message) => sendOne(api, message, signal))),
    confirmation: (signal) => confirmation.answer(signal),
    subscribeWebhook: (webhook, signal) => subscribeVkWebhook(group, webhook, confirmation, signal),
    unsubscribeWebhook: (url, signal) => unsubscribeVkWebhook(group, url, signal),
    poll: (state, waitSeconds, signal) => pollVk(group, state, waitSeconds, signal),
    close: () => api.close(),
  };
}

async function sendOne(api: VkApi, message: Outgoing, signal: AbortSignal): Promise<SendOutcome> {
  const { recipientId, text, buttons = [] } = message;
  // VK would answer with 911, but only after the call has cost a slot.
  if (!keyboardFits(buttons)) return outcomeOfError(911, 'Keyboard format is invalid');
  const randomId = randomIdOf(message);
  const params = {
    peer_id: recipientId,
    random_id: randomId,
    message: text,
    ...(buttons.length > 0 && { keyboard: keyboardOf(buttons) }),
  };
  const answer = await api.call('messages.send', params, signal);
  switch (answer.kind) {
    case 'response':
      return outcomeOfResponse(answer.response, `${recipientId}:${randomId}`);
    case 'error':
      return outcomeOfError(answer.code, answer.message);
    case 'unsent':
      return { kind: 'failed', networkCode: answer.code };
    case 'unanswered':
      return answer;
  }
}

function outcomeOfResponse(response: unknown, substituteId: string): SendOutcome {
  if (typeof response !== 'number' && typeof response !== 'bigint') {
    return { kind: 'unanswered', detail: 'messages.send answered with something else than a message id' };
  }
  // Bots get 0 for messages to group chats: sent, but not to be found again by it.
  return { kind: 'sent', networkId: response === 0 ? substituteId : String(response) };
}
