import type { ActionOutcome } from '../actions.ts';
import { BrokenBodyError, readFields } from '../body/body.ts';
import type { ButtonPress, MessageAddress, MessageContent } from '../channel.ts';
import type { VkApi, VkError, VkParams } from './vk-api.ts';
import { act, NOTHING } from './vk-calls.ts';
import { codeOfText, failureOf } from './vk-errors.ts';
import { prepareContent, type VkContentLimits } from './vk-message.ts';
import { addressOf } from './vk-peer.ts';

// vknet and vkbottle; the whole of event_data: schema of messages.sendMessageEventAnswer.
const SNACKBAR_CHARACTERS_MAX = 90;
const EVENT_DATA_CHARACTERS_MAX = 1_000;

/** Source: dev.vk.com/method/messages.edit. Quoted messages stay as they are. */
export async function editMessage(
  api: VkApi,
  target: MessageAddress,
  content: MessageContent,
  limits: VkContentLimits,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  const address = addressOf(target);
  if (address === null) return UNKNOWN_MESSAGE;
  const prepared = prepareContent(content, limits);
  if (!prepared.ok) return refused(String(prepared.code), `${prepared.finding.path}: ${prepared.finding.rule}`);
  const named: VkParams = 'id' in address ? { message_id: address.id } : { cmid: address.numberInDialog };
  const params = { peer_id: target.peerId, ...named, ...prepared.params, keep_forward_messages: 1 };
  return act(api, 'messages.edit', params, signal, NOTHING);
}

/** Source: dev.vk.com/method/messages.delete. The answer has a row for the message, which may carry an error of its own. */
export async function deleteMessage(api: VkApi, target: MessageAddress, signal: AbortSignal): Promise<ActionOutcome> {
  const address = addressOf(target);
  if (address === null) return UNKNOWN_MESSAGE;
  const named: VkParams = 'id' in address ? { message_ids: address.id } : { cmids: address.numberInDialog };
  const params = { peer_id: target.peerId, ...named, delete_for_all: 1 };
  const outcome = await act(api, 'messages.delete', params, signal, readDeleted);
  if (outcome.kind !== 'done') return outcome;
  return outcome.result === null ? { kind: 'done', result: null } : failureOf({ kind: 'error', ...outcome.result });
}

/** Source: dev.vk.com/method/messages.setActivity. VK shows it for about ten seconds. */
export function showTyping(api: VkApi, peerId: string, signal: AbortSignal): Promise<ActionOutcome> {
  return act(api, 'messages.setActivity', { peer_id: peerId, type: 'typing' }, signal, NOTHING);
}

/** Source: dev.vk.com/method/messages.markAsRead. Everything up to this message is read. */
export async function markRead(api: VkApi, target: MessageAddress, signal: AbortSignal): Promise<ActionOutcome> {
  const address = addressOf(target);
  if (address === null) return UNKNOWN_MESSAGE;
  const upTo: VkParams = 'id' in address ? { start_message_id: address.id } : { up_to_cmid: address.numberInDialog };
  return act(api, 'messages.markAsRead', { peer_id: target.peerId, ...upTo, mark_conversation_as_read: 1 }, signal, NOTHING);
}

/**
 * Source: dev.vk.com/method/messages.sendMessageEventAnswer: within a minute of the press. VK does one thing: with an address
 * it opens that and shows no text. [?] That an answer without anything stops the spinner is what clients live by.
 */
export async function answerButton(
  api: VkApi,
  { userId, peerId, callbackId }: ButtonPress,
  { text, url }: { text?: string; url?: string },
  signal: AbortSignal,
): Promise<ActionOutcome> {
  const press = { event_id: callbackId, user_id: userId, peer_id: peerId };
  const opened = url === undefined ? undefined : JSON.stringify({ type: 'open_link', link: url });
  if (opened !== undefined && opened.length > EVENT_DATA_CHARACTERS_MAX)
    return refused('100', `url: VK takes about ${EVENT_DATA_CHARACTERS_MAX} characters, there are ${opened.length}`);
  const shown = text === undefined ? undefined : JSON.stringify({ type: 'show_snackbar', text: cutAtWord(text) });
  const data = opened ?? shown;
  const params = { ...press, ...(data !== undefined && { event_data: data }) };
  return act(api, 'messages.sendMessageEventAnswer', params, signal, NOTHING);
}

const UNKNOWN_MESSAGE: ActionOutcome = {
  kind: 'refused',
  networkCode: '104',
  detail: 'VK gave no number to this message when it was sent: it cannot be named any more',
};

function refused(networkCode: string, detail: string): ActionOutcome {
  return { kind: 'refused', networkCode, detail };
}

/** Version 5.199 gives rows, `{message_id, response | error}`; before, an object with a flag by message id. */
function readDeleted(response: unknown): VkError | null {
  const [row]: unknown[] = typeof response === 'object' && response !== null ? Object.values(response) : [response];
  if (row === 1) return null;
  if (row === 0) return { code: 924, message: '' };
  const fields = readFields(row, 'response[0]');
  if (!fields.has('error')) {
    if (fields.raw('response') === 1) return null;
    throw new BrokenBodyError('response[0]', 'says neither that the message is deleted nor why not');
  }
  const error = fields.raw('error');
  if (typeof error === 'string') return { code: codeOfText(error) ?? 924, message: error };
  const described = fields.object('error');
  return { code: described.integer('code'), message: described.has('description') ? described.text('description') : '' };
}

function cutAtWord(text: string): string {
  const characters = [...text.trim()];
  if (characters.length <= SNACKBAR_CHARACTERS_MAX) return characters.join('');
  const kept = characters.slice(0, SNACKBAR_CHARACTERS_MAX - 1).join('');
  const lastSpace = kept.search(/\s+\S*$/);
  return `${lastSpace > 0 ? kept.slice(0, lastSpace) : kept}…`;
}
