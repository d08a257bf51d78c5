import type { ActionOutcome } from '../../actions.ts';
import type { ButtonPress, MessageAddress, MessageContent } from '../../channel.ts';
import { actionOutcome, nothing } from '../ok-answer.ts';
import type { OkSettings } from '../ok-settings.ts';
import { makeOkContent, type OkContentOptions } from './ok-content.ts';
import { type OkGraph, pathSegment } from './ok-graph.ts';

export interface OkActing {
  graph: OkGraph;
  content: OkContentOptions;
  settings: Pick<OkSettings, 'actionForm' | 'actionField' | 'deleteEdge' | 'silentAnswerText'>;
}

/** Replaces all of a message. Source: apiok.ru, graph.message.edit. */
export async function editInOk(
  { networkId }: MessageAddress,
  content: MessageContent,
  { graph, content: options }: OkActing,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  const made = makeOkContent(content, options);
  if (!made.ok) return refused(`content_${made.place}`, `${made.place}: ${made.rule}`);
  if (!hasMid(networkId)) return NO_MID;
  return actionOutcome(await graph.post(`${pathSegment(networkId)}/edit`, { message: made.message }, signal), nothing);
}

export async function deleteInOk(
  { networkId }: MessageAddress,
  { graph, settings }: OkActing,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  if (!hasMid(networkId)) return NO_MID;
  return actionOutcome(await graph.post(`${pathSegment(networkId)}/${settings.deleteEdge}`, {}, signal), nothing);
}

/** What can be shown to the others in a chat. Source: apiok.ru, graph.chat.action; MARK_SEEN is for all messages of the chat. */
export type OkChatAction = 'TYPING_ON' | 'SENDING_PHOTO' | 'SENDING_VIDEO' | 'SENDING_AUDIO' | 'MARK_SEEN';

export async function showInOk(
  action: OkChatAction,
  peerId: string,
  { graph, settings }: OkActing,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  const isChat = /^chat:/i.test(peerId);
  // A person whose chat we do not know has no edge.
  if (isChat && settings.actionForm === 'edge')
    return actionOutcome(await graph.post(`${pathSegment(peerId)}/action`, { [settings.actionField]: action }, signal), nothing);
  const recipient = isChat ? { chat_id: peerId } : { user_id: `user:${peerId}` };
  const body = { recipient, sender_action: action.toLowerCase() };
  return actionOutcome(await graph.post('me/messages', body, signal), nothing);
}

/**
 * Answers a pressed button with a message in its chat, the only answer that OK has. Without a text or an address to show
 * nothing is sent unless `silentAnswerText` says what: an empty line in the dialog for every press would be worse than a
 * button that may look busy. Source: apiok.ru, graph.chat.answer.
 */
export async function answerInOk(
  { peerId, callbackId }: ButtonPress,
  { text, url }: { text?: string; url?: string },
  { graph, content: options, settings }: OkActing,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  const shown = [text, url].filter((part) => part !== undefined && part !== '').join('\n');
  const said = shown === '' ? settings.silentAnswerText : shown;
  if (said === null) return { kind: 'done', result: null };
  const made = makeOkContent({ text: said }, options);
  if (!made.ok) return refused(`content_${made.place}`, `${made.place}: ${made.rule}`);
  const path = `${pathSegment(peerId)}/answer`;
  return actionOutcome(await graph.post(path, { message: made.message }, signal, { callbackId }), nothing);
}

const hasMid = (networkId: string): boolean => /^mid:/i.test(networkId);

function refused(networkCode: string, detail: string): ActionOutcome<never> {
  return { kind: 'refused', networkCode, detail };
}

const NO_MID = refused('no_mid', 'networkId: OK knows a message by its mid, and it gave this one none');
