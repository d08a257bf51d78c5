import { type Chat, type ChatMessage, type Person, SUBSCRIBED_INTENTS, type SubscribedIntent } from '../../world/world.ts';
import { FIRST_CHAT_PEER } from '../peer-ids.ts';
import { errorText, type Refusal, refuse, respond, type VkError } from '../vk-errors.ts';
import { dialogMessages } from '../vk-message.ts';
import { defineMethod } from '../vk-method.ts';
import type { VkCall } from '../vk-network.ts';
import { CONTENT_PARAMETERS, type Content, readContent } from './message-content.ts';
import { findPeer } from './peers.ts';
import { findAccount } from './people.ts';

const PEERS_MAX = 100;
// An id that no account has.
const NOBODY = 0;

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
  // Older clients' name of `peer_ids`, gone from the schema of 5.199. [?] Taken in every version.
  user_ids: { type: 'integers', itemsMax: PEERS_MAX },
  domain: { type: 'text' },
  chat_id: { type: 'integer', min: 0, max: 100_000_000 },
  // Kept as text: clients send numbers beyond 2^53 and VK takes them (contracts/vk.md 3.2).
  random_id: { type: 'text' },
  ...CONTENT_PARAMETERS,
  intent: { type: 'choice', values: INTENTS, default: 'default' },
  subscribe_id: { type: 'integer', min: 0, max: 100 },
} as const;

// Needed from this version on (contracts/vk.md 3.2).
const FIRST_WITH_RANDOM_ID = 90;

interface Order {
  content: Content;
  dedupKey: string | undefined;
  intent: string;
}

type Placed = { ok: true; messageId: number; numberInDialog: number } | { ok: false; error: VkError };

/**
 * messages.send. One peer gives the message's id; `peer_ids` gives a row for each, where a row may carry its own error while the
 * call succeeds. A repeated `random_id` gives the first message's id and sends nothing; 0 is no key.
 *
 * Source: the schema; contracts/vk.md 3.2. [?] VK's answer to a repeat is not known; the first id is our choice.
 */
export const sendMessage = defineMethod(PARAMETERS, (values, call) => {
  const { random_id: randomId = call.version < FIRST_WITH_RANDOM_ID ? '0' : undefined } = values;
  if (randomId === undefined) return refuse(100, 'random_id is a required parameter');
  if (!/^-?\d{1,20}$/.test(randomId)) return refuse(100, 'random_id not integer');
  const read = readContent(values, call);
  if (!read.ok) return read;
  const content: Content = { ...read.content, extra: { random_id: shownRandomId(randomId), ...read.content.extra } };
  const order: Order = { content, dedupKey: Number(randomId) === 0 ? undefined : randomId, intent: values.intent };
  const many = values.peer_ids ?? values.user_ids;
  const single = peerOf(values, call);
  const peerIds = many ?? (single === null ? [] : [single]);
  if (peerIds.length === 0) return refuse(100, 'you should specify peer_id, user_id, domain, chat_id or peer_ids param');

  const faults = peerIds.map(() => call.network.world.faults.drawError('vk'));
  const ofTheCall = faults.find((code) => code !== null && Number(code) < FIRST_PEER_ERROR);
  if (ofTheCall !== undefined) return refuse(Number(ofTheCall));
  const placed = peerIds.map((peerId, index): Placed => {
    const fault = faults[index] ?? null;
    return fault === null ? sendTo(peerId, order, call) : refuse(Number(fault));
  });
  if (many !== undefined) return respond(placed.map((sent, index) => rowOf(peerIds[index] ?? 0, sent)));
  const [sent] = placed;
  return sent?.ok === true ? respond(sent.messageId) : (sent ?? refuse(1));
});

// A number beyond 2^53 would change on its way through JSON. [?] What VK shows of one is not known: its lowest 32 bits are ours.
const shownRandomId = (text: string): number =>
  Number.isSafeInteger(Number(text)) ? Number(text) : Number(BigInt.asIntN(32, BigInt(text)));

function peerOf(
  values: {
    user_id: number | undefined;
    peer_id: number | undefined;
    chat_id: number | undefined;
    domain: string | undefined;
  },
  { network: { world } }: VkCall,
): number | null {
  if (values.chat_id !== undefined) return FIRST_CHAT_PEER + values.chat_id;
  const single = values.peer_id ?? values.user_id;
  if (single !== undefined || values.domain === undefined) return single ?? null;
  return findAccount(world, values.domain)?.vkId ?? NOBODY;
}

function sendTo(peerId: number, order: Order, call: VkCall): Placed {
  const peer = findPeer(call, peerId, 917);
  if (!peer.ok) return peer;
  if ('chat' in peer) return sendToChat(peer.chat, order, call);
  const { world } = call.network;
  const { dedupKey, content } = order;
  const { keyboard, text, extra } = content;
  const refused = intentRefusal(peer.person, order.intent, call);
  if (refused !== null) return refused;
  const sent = world.send(call.group, peer.person, {
    kind: 'message',
    text,
    extra,
    at: call.at,
    ...(dedupKey === undefined ? {} : { dedupKey }),
    ...(keyboard === undefined ? {} : { keyboard }),
  });
  // Who was never asked and who has forbidden it read the same (contracts/vk.md 3.6).
  if (!sent.ok) return refuse(sent.reason === 'blocked' ? 901 : 936);
  return { ok: true, messageId: Number(sent.message.networkId), numberInDialog: sent.message.numberInDialog };
}

/** In a chat everybody may be written to; its messages have no id for a bot, only a number (contracts/vk.md 1.4). */
function sendToChat(chat: Chat, { content: { text, keyboard, extra }, dedupKey }: Order, call: VkCall): Placed {
  const { chatKeys, world } = call.network;
  const keys = chatKeys.get(chat) ?? new Map<string, ChatMessage>();
  const repeated = dedupKey === undefined ? undefined : keys.get(dedupKey);
  const sent = repeated ?? world.chats.say(chat, null, text, { extra, ...(keyboard === undefined ? {} : { keyboard }) });
  if (dedupKey !== undefined && sent !== null) chatKeys.set(chat, keys.set(dedupKey, sent));
  return sent === null ? refuse(917) : { ok: true, messageId: 0, numberInDialog: sent.numberInDialog };
}

/** Why this intent (or none) does not let the message through. Sources: contracts/vk.md 3.2; [?] see the settings in `limits`. */
function intentRefusal(person: Person, intent: string, { network: { world }, group, at }: VkCall): Refusal | null {
  if (intent !== 'default') {
    const isSubscribed = !isSubscribedIntent(intent) || world.intents.has(group, person, intent);
    if (!isSubscribed) return refuse(943);
    return world.limits.takeIntent(group, person.phone, at) ? null : refuse(944);
  }
  const { replyWindowHours } = world.limits.settings();
  if (replyWindowHours === null) return null;
  const lines = dialogMessages(world.dialogs.find(group, person)?.messages ?? []);
  const lastWord = lines.findLast(({ from }) => from === 'person');
  const isOpen = lastWord !== undefined && at.time - lastWord.time <= replyWindowHours * 3_600_000;
  return isOpen ? null : refuse(950);
}

const isSubscribedIntent = (intent: string): intent is SubscribedIntent =>
  (SUBSCRIBED_INTENTS as readonly string[]).includes(intent);

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
