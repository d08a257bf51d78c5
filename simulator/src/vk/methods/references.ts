import { type Refusal, refuse } from '../vk-errors.ts';
import { foreignMessage, type Line } from '../vk-message.ts';
import type { VkCall } from '../vk-network.ts';
import { lineById, linesByNumber } from './find-messages.ts';
import { findPeer, placeOfPeer } from './peers.ts';

// Of the schema: messages.send, forward_messages.
const FORWARDED_MAX = 1_000;

/** The fields of a message that show other messages. */
export type References = { reply_message?: Record<string, unknown>; fwd_messages?: Record<string, unknown>[] };

/**
 * Reads `reply_to`, `forward_messages` and `forward`: what they name must stand in a conversation of this community.
 *
 * Source: messages_forward of the schema; contracts/vk.md 3.2. [?] VK's error for a message that does not exist: 921 for one that
 * is to be forwarded (it stands in the list of messages.send), 100 for one that is to be answered.
 */
export function readReferences(
  values: { reply_to: number | undefined; forward_messages: number[] | undefined; forward: string | undefined },
  call: VkCall,
): { ok: true; references: References } | Refusal {
  if (values.forward !== undefined) return readForward(values.forward, call);
  if (values.forward_messages !== undefined) {
    return shown(
      values.forward_messages.map((id) => lineById(call, id)),
      false,
    );
  }
  if (values.reply_to === undefined) return { ok: true, references: {} };
  const line = lineById(call, values.reply_to);
  return line === null ? refuse(100, 'reply_to is invalid') : shown([line], true);
}

function readForward(text: string, call: VkCall): { ok: true; references: References } | Refusal {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return refuse(100, 'forward contains incorrect JSON');
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return refuse(100, 'forward should be an object');
  const {
    peer_id: givenPeer,
    message_ids: givenIds,
    conversation_message_ids: numbers,
    cmids: givenNumbers = numbers,
    is_reply: isReply,
  } = given as { [name: string]: unknown };
  const reply = isReply === true || isReply === 1 || isReply === '1';
  const ids = readNumbers(givenIds);
  if (ids !== null) {
    return shown(
      ids.map((id) => lineById(call, id)),
      reply,
    );
  }
  const cmids = readNumbers(givenNumbers);
  const [peerId] = readNumbers(givenPeer) ?? [];
  if (cmids === null || peerId === undefined) {
    return refuse(100, 'forward should have message_ids, or peer_id and conversation_message_ids');
  }
  const peer = findPeer(call, peerId, 917);
  if (!peer.ok) return peer;
  const place = placeOfPeer(call, peer);
  return shown(
    cmids.map((number) => linesByNumber(place, [number])[0] ?? null),
    reply,
  );
}

function shown(lines: readonly (Line | null)[], isReply: boolean): { ok: true; references: References } | Refusal {
  if (lines.length > FORWARDED_MAX) return refuse(913);
  const found = lines.filter((line) => line !== null);
  if (found.length < lines.length || found.length === 0) return refuse(921);
  const [only] = found;
  if (isReply && only !== undefined) {
    return found.length === 1
      ? { ok: true, references: { reply_message: foreignMessage(only) } }
      : refuse(100, 'forward with is_reply should name one message');
  }
  return { ok: true, references: { fwd_messages: found.map(foreignMessage) } };
}

/** Numbers of a JSON list, which may be texts; one of them may stand for a list, or several in a text with commas. */
function readNumbers(value: unknown): number[] | null {
  const items: unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [value];
  const texts = items.map((item) => (typeof item === 'number' || typeof item === 'string' ? String(item).trim() : ''));
  return texts.length > 0 && texts.every((text) => /^-?\d{1,15}$/.test(text)) ? texts.map(Number) : null;
}
