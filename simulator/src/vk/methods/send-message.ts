import type { Keyboard } from '../../world/world.ts';
import { readKeyboard, type VkKeyboard } from '../keyboard.ts';
import { errorText, refuse, respond, type VkError, type VkResult } from '../vk-errors.ts';
import { defineMethod, type VkCall } from '../vk-network.ts';
import { findPeer } from './peers.ts';

// Both from the schema (messages.send 5.199). Clients that believe in 4096 are safe with either.
const TEXT_CHARACTERS_MAX = 9_000;
const PEERS_MAX = 100;

// Errors from here on concern one peer; the ones below refuse the whole call (contracts/vk.md 3.6).
const FIRST_PEER_ERROR = 900;

const INTENTS = [
  'account_update',
  'bot_ad_invite',
  'bot_ad_promo',
  'confirmed_notification',
  'customer_support',
  'default',
  'finance_notification',
  'game_notification',
  'moderated_newsletter',
  'non_promo_newsletter',
  'promo_newsletter',
  'purchase_update',
] as const;

const PARAMETERS = {
  user_id: { type: 'integer' },
  peer_id: { type: 'integer' },
  peer_ids: { type: 'integers', itemsMax: PEERS_MAX },
  domain: { type: 'text' },
  chat_id: { type: 'integer', min: 0, max: 100_000_000 },
  // Kept as text: clients send numbers beyond 2^53 and VK takes them (contracts/vk.md 3.2).
  random_id: { type: 'text' },
  message: { type: 'text' },
  attachment: { type: 'text', lengthMax: 9_000 },
  sticker_id: { type: 'integer', min: 0 },
  forward: { type: 'text' },
  forward_messages: { type: 'integers', itemsMax: 1_000 },
  reply_to: { type: 'integer' },
  keyboard: { type: 'text' },
  template: { type: 'text' },
  payload: { type: 'text', lengthMax: 1_000 },
  intent: { type: 'choice', values: INTENTS },
} as const;

interface Content {
  text: string;
  dedupKey: string | undefined;
  keyboard: Keyboard | undefined;
  extra: Record<string, unknown>;
}

type Placed = { ok: true; messageId: number; numberInDialog: number } | { ok: false; error: VkError };

/**
 * messages.send. One peer gives the message's id; `peer_ids` gives a row for each, where a row may carry its own error while the
 * call succeeds. A repeated `random_id` gives the first message's id and sends nothing; 0 is no key.
 *
 * Source: the schema; contracts/vk.md 3.2. [?] VK's answer to a repeat is not known; the first id is our choice.
 */
export const sendMessage = defineMethod(PARAMETERS, (values, call) => {
  const content = readContent(values);
  if (!content.ok) return content;
  const single = peerOf(values);
  const peerIds = values.peer_ids ?? (single === null ? [] : [single]);
  if (peerIds.length === 0) return refuse(100, 'you should specify peer_id, user_id, domain, chat_id or peer_ids param');

  const faults = peerIds.map(() => call.network.world.faults.drawError('vk'));
  const ofTheCall = faults.find((code) => code !== null && Number(code) < FIRST_PEER_ERROR);
  if (ofTheCall !== undefined) return refuse(Number(ofTheCall));
  const placed = peerIds.map((peerId, index): Placed => {
    const fault = faults[index] ?? null;
    return fault === null ? sendTo(peerId, content.content, call) : refuse(Number(fault));
  });
  if (values.peer_ids !== undefined) return respond(placed.map((sent, index) => rowOf(peerIds[index] ?? 0, sent)));
  const [sent] = placed;
  return sent?.ok === true ? respond(sent.messageId) : (sent ?? refuse(1));
});

function peerOf(values: {
  user_id: number | undefined;
  peer_id: number | undefined;
  chat_id: number | undefined;
  domain: string | undefined;
}): number | null {
  if (values.chat_id !== undefined) return 2_000_000_000 + values.chat_id;
  const byDomain = /^id(\d{1,12})$/.exec(values.domain ?? '')?.[1];
  return values.peer_id ?? values.user_id ?? (byDomain === undefined ? null : Number(byDomain));
}

function readContent(values: {
  random_id: string | undefined;
  message: string | undefined;
  attachment: string | undefined;
  sticker_id: number | undefined;
  forward: string | undefined;
  forward_messages: number[] | undefined;
  reply_to: number | undefined;
  keyboard: string | undefined;
  template: string | undefined;
  payload: string | undefined;
}): { ok: true; content: Content } | Extract<VkResult, { ok: false }> {
  const { random_id: randomId, message: text = '', payload } = values;
  if (randomId === undefined) return refuse(100, 'random_id is a required parameter');
  if (!/^-?\d{1,20}$/.test(randomId)) return refuse(100, 'random_id not integer');
  if ([...text].length > TEXT_CHARACTERS_MAX) return refuse(914);
  const others = [values.attachment, values.sticker_id, values.forward, values.forward_messages, values.template];
  if (text.trim() === '' && others.every((other) => other === undefined)) return refuse(100, 'message is empty or invalid');
  if (payload !== undefined && !isJson(payload)) return refuse(100, 'payload contains incorrect JSON');
  const keyboard = values.keyboard === undefined ? null : readKeyboard(values.keyboard);
  if (keyboard !== null && !keyboard.ok) return keyboard;
  const number = Number(randomId);
  return {
    ok: true,
    content: {
      text,
      dedupKey: number === 0 ? undefined : randomId,
      keyboard: keyboard === null ? undefined : shownKeyboard(keyboard.keyboard),
      extra: {
        random_id: number,
        ...(payload === undefined ? {} : { payload }),
        ...(keyboard === null ? {} : { keyboard: keyboard.keyboard.body }),
        ...(values.attachment === undefined ? {} : { attachments: attachmentsOf(values.attachment) }),
        ...(values.reply_to === undefined ? {} : { reply_message: { id: values.reply_to } }),
      },
    },
  };
}

/** What a person can press: text buttons write their label, callback buttons tell the group; the others never reach it. */
function shownKeyboard({ inline, rows, body }: VkKeyboard): Keyboard {
  const pressable = rows.flat().filter(({ type }) => type === 'text' || type === 'callback');
  return {
    place: inline ? 'message' : 'dialog',
    oneTime: body['one_time'] === true,
    buttons: pressable.map(({ type, label, payload }) => ({
      label,
      payload: payload ?? '',
      does: type === 'callback' ? 'tell' : 'say',
    })),
  };
}

/** `photo1_2_key,doc3_4` as the objects of a message. What does not look so is left out. */
function attachmentsOf(list: string): Record<string, unknown>[] {
  return list.split(',').flatMap((item) => {
    const [, type, ownerId, id, accessKey] = /^([a-z_]+?)(-?\d+)_(\d+)(?:_(\w+))?$/.exec(item.trim()) ?? [];
    if (type === undefined) return [];
    const media = { id: Number(id), owner_id: Number(ownerId), ...(accessKey === undefined ? {} : { access_key: accessKey }) };
    return [{ type, [type]: media }];
  });
}

function sendTo(peerId: number, content: Content, { network: { world }, group, at }: VkCall): Placed {
  const peer = findPeer(world, peerId);
  if (!peer.ok) return peer;
  const { dedupKey, keyboard, text, extra } = content;
  const sent = world.send(group, peer.person, {
    kind: 'message',
    text,
    extra,
    at,
    ...(dedupKey === undefined ? {} : { dedupKey }),
    ...(keyboard === undefined ? {} : { keyboard }),
  });
  // Who was never asked and who has forbidden it read the same (contracts/vk.md 3.6).
  if (!sent.ok) return refuse(sent.reason === 'blocked' ? 901 : 936);
  return { ok: true, messageId: Number(sent.message.networkId), numberInDialog: sent.message.numberInDialog };
}

/** A row of the answer to `peer_ids`. Zeros in a failed one: the schema requires both fields (contracts/vk.md 3.2). */
function rowOf(peerId: number, sent: Placed): Record<string, unknown> {
  return sent.ok
    ? { peer_id: peerId, message_id: sent.messageId, conversation_message_id: sent.numberInDialog }
    : {
        peer_id: peerId,
        message_id: 0,
        conversation_message_id: 0,
        error: { code: sent.error.code, description: errorText(sent.error) },
      };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
