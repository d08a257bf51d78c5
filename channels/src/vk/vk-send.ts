import type { Outgoing, SendOutcome } from '../channel.ts';
import type { VkAnswer, VkApi, VkParams } from './vk-api.ts';
import { codeOfText, outcomeOfError } from './vk-errors.ts';
import { EXECUTE_CALLS_MAX, executeAll } from './vk-execute.ts';
import { prepareMessage, randomIdOf, type VkContentLimits } from './vk-message.ts';
import { isGroupChat, networkIdOf } from './vk-peer.ts';

const RECIPIENTS_MAX = 100; // of `peer_ids`, schema of messages.send

/** One call of messages.send: one message, or one text for many people. */
interface Slot {
  params: VkParams;
  randomId: number;
  /** Places in the batch by recipient: a person stands once in a call, whoever asked for it. */
  places: Map<string, number[]>;
}

/**
 * Sends a batch: one message by messages.send, more of them by `execute`, 25 in a call. Messages that share `sharedKey` leave
 * as one with up to 100 recipients. What cannot be valid is refused here and costs nobody else anything. Outcomes come in
 * the order of the batch. Never throws.
 *
 * Source: dev.vk.com/method/messages.send; contracts/vk.md 3.1 and 3.2.
 */
export async function sendBatch(
  api: VkApi,
  batch: readonly Outgoing[],
  limits: VkContentLimits,
  signal: AbortSignal,
): Promise<SendOutcome[]> {
  const outcomes = new Map<number, SendOutcome>();
  const slots = planSlots(batch, limits, outcomes);
  for (let first = 0; first < slots.length; first += EXECUTE_CALLS_MAX) {
    const chunk = slots.slice(first, first + EXECUTE_CALLS_MAX);
    const answers = await callSlots(api, chunk, signal);
    for (const [index, slot] of chunk.entries()) {
      for (const [recipientId, places] of slot.places) {
        const outcome = outcomeFor(recipientId, slot, answers[index] ?? NO_ANSWER);
        for (const place of places) outcomes.set(place, outcome);
      }
    }
  }
  return batch.map((_, place) => outcomes.get(place) ?? NO_ANSWER);
}

const NO_ANSWER = { kind: 'unanswered', detail: 'VK’s answer has no row for this message' } as const;

/** Refusals go into `outcomes` at once. */
function planSlots(batch: readonly Outgoing[], limits: VkContentLimits, outcomes: Map<number, SendOutcome>): Slot[] {
  const slots: Slot[] = [];
  const shared = new Map<string, Slot>();
  for (const [place, message] of batch.entries()) {
    const prepared = prepareMessage(message, limits);
    if ('refusal' in prepared) {
      outcomes.set(place, prepared.refusal);
      continue;
    }
    const { recipientId, sharedKey } = message;
    // The content stands in the key so that no mistake in a shared key can send one person's text to another.
    const key = sharedKey === undefined ? undefined : JSON.stringify([sharedKey, prepared.params]);
    let slot = key === undefined ? undefined : shared.get(key);
    if (slot === undefined || (slot.places.size === RECIPIENTS_MAX && !slot.places.has(recipientId))) {
      slot = { params: prepared.params, randomId: randomIdOf(message), places: new Map() };
      slots.push(slot);
      if (key !== undefined) shared.set(key, slot);
    }
    slot.places.set(recipientId, [...(slot.places.get(recipientId) ?? []), place]);
  }
  return slots;
}

async function callSlots(api: VkApi, slots: readonly Slot[], signal: AbortSignal): Promise<VkAnswer[]> {
  const [only] = slots;
  if (only !== undefined && slots.length === 1) return [await api.call('messages.send', paramsOf(only), signal)];
  const calls = slots.map((slot) => ({ method: 'messages.send', params: paramsOf(slot) }));
  return executeAll(api, calls, signal);
}

function paramsOf({ params, randomId, places }: Slot): VkParams {
  const recipients = [...places.keys()];
  const [only = ''] = recipients;
  // A group chat's message is found again by its number within the chat, which only the answer to `peer_ids` brings.
  const peers: VkParams = recipients.length === 1 && !isGroupChat(only) ? { peer_id: only } : { peer_ids: recipients.join(',') };
  return { ...peers, random_id: randomId, ...params };
}

function outcomeFor(recipientId: string, { randomId, places }: Slot, answer: VkAnswer): SendOutcome {
  switch (answer.kind) {
    case 'error':
      return outcomeOfError(answer.code, answer.message);
    case 'unsent':
      return { kind: 'failed', networkCode: answer.code };
    case 'throttled': {
      const { retryAfterMs, status } = answer;
      return { kind: 'throttled', scope: 'lane', retryAfterMs, networkCode: `http_${status}` };
    }
    case 'unanswered':
      return answer;
    case 'response': {
      const { response } = answer;
      const ofOne = places.size === 1 ? [{ peer_id: recipientId, message_id: response }] : [];
      const rows: readonly unknown[] = Array.isArray(response) ? response : ofOne;
      const row = rows.find((candidate) => isObject(candidate) && String(candidate['peer_id']) === recipientId);
      return outcomeOfRow(row, recipientId, randomId);
    }
  }
}

/** Of `{peer_id, message_id, conversation_message_id?, error?}`; the error is an object by the schema, a text by the pages. */
function outcomeOfRow(row: unknown, recipientId: string, randomId: number): SendOutcome {
  if (!isObject(row)) return NO_ANSWER;
  const { message_id: id, conversation_message_id: numberInDialog, error } = row;
  if (error !== undefined && error !== null) return outcomeOfRowError(error);
  if (!isId(id)) return { kind: 'unanswered', detail: 'messages.send answered with something else than a message id' };
  const networkId = networkIdOf(recipientId, String(id), isId(numberInDialog) ? String(numberInDialog) : undefined);
  // Sent, but not to be found again by VK's own number.
  return { kind: 'sent', networkId: networkId ?? `${recipientId}:random:${randomId}` };
}

function outcomeOfRowError(error: unknown): SendOutcome {
  const given = isObject(error) ? error : { code: error, description: error };
  const text = typeof given['description'] === 'string' ? given['description'] : '';
  const code = typeof given['code'] === 'number' ? given['code'] : codeOfText(text);
  return code === undefined ? { kind: 'refused', reason: 'provider', networkCode: 'unknown' } : outcomeOfError(code, text);
}

function isId(value: unknown): value is number | bigint {
  return (typeof value === 'number' && Number.isSafeInteger(value)) || typeof value === 'bigint';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
