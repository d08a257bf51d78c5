import { CAPABILITIES } from '../capabilities.ts';
import type { Channel } from '../channel.ts';
import { answerButton, deleteMessage, editMessage, markRead, showTyping } from './vk-actions.ts';
import { createVkApi } from './vk-api.ts';
import { checkVk, keepAlive } from './vk-check.ts';
import { createVkConfirmation } from './vk-confirmation.ts';
import { listDialogs, readHistory, readWholeMessage } from './vk-history.ts';
import { pollVk } from './vk-long-poll.ts';
import { readChat, readProfiles } from './vk-people.ts';
import { sendBatch } from './vk-send.ts';
import { leaveRoomForMessages } from './vk-set-up-calls.ts';
import { uploadFile } from './vk-upload.ts';
import { subscribeVkWebhook, unsubscribeVkWebhook } from './vk-webhook.ts';

export interface VkChannelOptions {
  /** Root before `/method/…`: `https://api.vk.ru`. */
  baseUrl: string;
  /** The community's token; scopes `messages`, `photos`, `docs`, and `manage` for webhooks and long poll. */
  token: string;
  groupId: string;
  /** Of the API and of its events: 5.131 to 5.199. */
  apiVersion?: string;
  /** Of one whole call. */
  timeoutMs: number;
  /** As in `CAPABILITIES`. */
  textCharactersMax?: number;
  /** Per token; from the documentation as quoted by vksdk. */
  callsPerSecond?: number;
  /** Of everything but messages. 2 unless given; as many as the token has where nothing is sent meanwhile. */
  setUpCallsPerSecond?: number;
}

/** What a VK channel can do besides sending: all that the contract knows, but for asking for receipts. */
export type VkChannel = Required<Omit<Channel, 'receipts'>>;

/** One VK community. Source: dev.vk.com/method/messages.send. */
export function createVkChannel(options: VkChannelOptions): VkChannel {
  const { baseUrl, token, groupId, apiVersion = '5.199', timeoutMs, setUpCallsPerSecond } = options;
  const { textCharactersMax = CAPABILITIES.vk.textCharactersMax, callsPerSecond = CAPABILITIES.vk.callsPerSecond } = options;
  const capabilities = { ...CAPABILITIES.vk, textCharactersMax, callsPerSecond };
  const api = createVkApi({ baseUrl, token, apiVersion, timeoutMs });
  const beside = leaveRoomForMessages(api, setUpCallsPerSecond);
  const group = { api: beside, groupId, apiVersion };
  const confirmation = createVkConfirmation(group);
  return {
    kind: 'vk',
    capabilities,
    send: (batch, signal) => sendBatch(api, batch, capabilities, signal),
    confirmation: (signal) => confirmation.answer(signal),
    subscribeWebhook: (webhook, signal) => subscribeVkWebhook(group, webhook, confirmation, signal),
    unsubscribeWebhook: (url, signal) => unsubscribeVkWebhook(group, url, signal),
    poll: (state, waitSeconds, signal) => pollVk(group, state, waitSeconds, signal),
    check: (webhookUrl, signal) => checkVk(group, webhookUrl, signal),
    keepAlive: (signal) => keepAlive(group, signal),
    edit: (target, content, signal) => editMessage(beside, target, content, capabilities, signal),
    delete: (target, signal) => deleteMessage(beside, target, signal),
    showTyping: (peerId, signal) => showTyping(beside, peerId, signal),
    markRead: (target, signal) => markRead(beside, target, signal),
    answerButton: (press, answer, signal) => answerButton(beside, press, answer, signal),
    upload: (file, peerId, signal) => uploadFile(beside, file, peerId, signal),
    history: (peerId, cursor, signal) => readHistory(api, peerId, cursor, signal),
    dialogs: (cursor, signal) => listDialogs(api, cursor, signal),
    message: (target, signal) => readWholeMessage(beside, target, signal),
    profiles: (userIds, signal) => readProfiles(beside, userIds, signal),
    chat: (peerId, signal) => readChat(beside, peerId, signal),
    close: () => api.close(),
  };
}
