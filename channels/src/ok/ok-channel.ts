import { CAPABILITIES } from '../capabilities.ts';
import type { Channel } from '../channel.ts';
import {
  answerInOk,
  checkOk,
  createOkGraph,
  deleteInOk,
  editInOk,
  keepOkAlive,
  pollOk,
  readOkChat,
  readOkDialogs,
  readOkHistory,
  readOkMessage,
  sendToOk,
  showInOk,
  subscribeOkWebhook,
  unsubscribeOkWebhook,
  uploadToOk,
} from './graph/graph.ts';
import { OK_SETTINGS, type OkSettings } from './ok-settings.ts';
import { createOkRest } from './rest/rest.ts';

export interface OkChannelOptions {
  /** Root before `/graph/…`: `https://api.ok.ru`. */
  baseUrl: string;
  /** The group's key from its message settings, `tkn…:C…`. */
  graphToken: string;
  groupId: string;
  /** Of one whole call. */
  timeoutMs: number;
  /** OK names no number; independent clients cut at 3900, its sister platform takes 4000. */
  textCharactersMax?: number;
  /** OK names no number: none by default. */
  callsPerSecond?: number | null;
  /**
   * Messages that one `send` takes for one call of the limit. Above 1, those of a broadcast leave together, and OK names
   * none of them: they cannot be edited, deleted or found again. 1 by default, so that every message has its id.
   */
  batchMax?: number;
  /** Of OK's, with the same ids of people: gives names and pictures, and is looked at by `check`. */
  application?: { applicationKey: string; applicationSecret: string };
  /** What OK does not document, where it is known better. */
  settings?: Partial<OkSettings>;
  now?: () => Date;
}

/** All that OK has; `profiles` only with an application, since the Graph API names people in events and histories alone. */
export type OkChannel = Channel &
  Required<Omit<Channel, 'receipts' | 'confirmation' | 'profiles'>> & { receipts?: never; confirmation?: never };

/** One OK group by its Graph API. Source: apiok.ru/en/dev/graph_api. */
export function createOkChannel(options: OkChannelOptions): OkChannel {
  const { groupId, application, baseUrl, timeoutMs, now = () => new Date() } = options;
  const capabilities = {
    ...CAPABILITIES.ok,
    textCharactersMax: options.textCharactersMax ?? CAPABILITIES.ok.textCharactersMax,
    callsPerSecond: options.callsPerSecond ?? CAPABILITIES.ok.callsPerSecond,
    batchMax: options.batchMax ?? CAPABILITIES.ok.batchMax,
  };
  const settings = { ...OK_SETTINGS, ...options.settings };
  const graph = createOkGraph(options);
  const rest = application === undefined ? undefined : createOkRest({ ...application, baseUrl, timeoutMs, settings });
  const content = { ...settings, textCharactersMax: capabilities.textCharactersMax };
  const sending = { graph, content, settings, now };
  const acting = { graph, content, settings };
  const reading = { graph, groupId, settings };
  return {
    kind: 'ok',
    capabilities,
    send: (batch, signal) => sendToOk(batch, sending, signal),
    subscribeWebhook: ({ url }, signal) => subscribeOkWebhook(graph, url, signal),
    unsubscribeWebhook: (url, signal) => unsubscribeOkWebhook(graph, url, signal),
    poll: (state, waitSeconds, signal) => pollOk(graph, state, waitSeconds, settings, signal),
    check: (webhookUrl, signal) => checkOk({ graph, groupId, rest }, webhookUrl, signal),
    keepAlive: (signal) => keepOkAlive(graph, signal),
    edit: (target, changed, signal) => editInOk(target, changed, acting, signal),
    delete: (target, signal) => deleteInOk(target, acting, signal),
    showTyping: (peerId, signal) => showInOk('TYPING_ON', peerId, acting, signal),
    markRead: ({ peerId }, signal) => showInOk('MARK_SEEN', peerId, acting, signal),
    answerButton: (press, answer, signal) => answerInOk(press, answer, acting, signal),
    upload: (file, _peerId, signal) => uploadToOk(graph, file, settings, now(), signal),
    history: (peerId, cursor, signal) => readOkHistory(peerId, cursor, reading, signal),
    dialogs: (cursor, signal) => readOkDialogs(cursor, reading, signal),
    message: (target, signal) => readOkMessage(target, reading, signal),
    chat: (peerId, signal) => readOkChat(peerId, reading, signal),
    ...(rest !== undefined && { profiles: (userIds, signal) => rest.getUsers(userIds, signal) }),
    async close() {
      await Promise.all([graph.close(), rest?.close()]);
    },
  };
}
