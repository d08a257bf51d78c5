import type { Place } from '../peer-ids.ts';
import { type Refusal, refuse, respond } from '../vk-errors.ts';
import { idOf, type Line, linesOf, placeOf, vkMessage } from '../vk-message.ts';
import { defineMethod, type VkMethods } from '../vk-method.ts';
import type { VkCall } from '../vk-network.ts';
import { conversationOf } from './conversation-view.ts';
import { findPeer, peerIdOf, peopleOf, placeOfPeer, profilesOf } from './peers.ts';

const FIELDS = { type: 'texts', itemsMax: 1_000 } as const;

/** The message of a dialog with this id; chats' messages have none. */
export function lineById(call: VkCall, id: number): Line | null {
  const message = call.network.world.dialogs.byId(call.group, String(id));
  const isThere = message !== null && message.kind === 'message' && !message.deleted && !message.hiddenFromGroup;
  return isThere ? message : null;
}

/** The lines of a place with these numbers, in the order asked for; unknown ones are left out. */
export function linesByNumber(place: Place | null, numbers: readonly number[]): Line[] {
  const lines = place === null ? [] : linesOf(place);
  return numbers.flatMap((number) => lines.find((line) => line.numberInDialog === number) ?? []);
}

/**
 * The line that `message_id` or `cmid` (with `peer_id`) names. Refused where neither is given; null where there is no such line.
 */
export function namedLine(
  call: VkCall,
  place: Place | null,
  values: { message_id: number | undefined; cmid: number | undefined },
): Line | null | Refusal {
  if (values.cmid !== undefined) return linesByNumber(place, [values.cmid])[0] ?? null;
  if (values.message_id === undefined) return refuse(100, 'message_id is undefined');
  return lineById(call, values.message_id);
}

const getHistory = defineMethod(
  {
    peer_id: { type: 'integer' },
    user_id: { type: 'integer' },
    offset: { type: 'integer', default: 0 },
    count: { type: 'integer', min: 0, max: 200, default: 20 },
    start_message_id: { type: 'integer' },
    rev: { type: 'boolean' },
    extended: { type: 'boolean' },
    fields: FIELDS,
  },
  (values, call) => {
    const peerId = peerIdOf(values);
    if (typeof peerId !== 'number') return peerId;
    const peer = findPeer(call, peerId, 927);
    if (!peer.ok) return peer;
    const place = placeOfPeer(call, peer);
    const lines = place === null ? [] : linesOf(place);
    const ordered = values.rev === true ? lines : lines.toReversed();
    const { start_message_id: startId } = values;
    const from =
      startId === undefined
        ? 0
        : Math.max(
            0,
            ordered.findIndex((line) => idOf(line) === startId),
          );
    const start = Math.max(0, from + values.offset);
    return respond({
      count: lines.length,
      items: ordered.slice(start, start + values.count).map(vkMessage),
      ...profilesOf(call, place === null ? [] : peopleOf(place), values),
      ...(values.extended === true ? { conversations: [conversationOf(call, peer)] } : {}),
    });
  },
);

/** A list of found messages with, on demand, who takes part. */
export function foundAnswer(
  call: VkCall,
  lines: readonly Line[],
  values: { extended: boolean | undefined; fields: readonly string[] | undefined },
): Record<string, unknown> {
  const people = new Set(lines.flatMap((line) => peopleOf(placeOf(line))));
  return { count: lines.length, items: lines.map(vkMessage), ...profilesOf(call, [...people], values) };
}

const getById = defineMethod(
  {
    message_ids: { type: 'integers', itemsMax: 100 },
    cmids: { type: 'integers', itemsMax: 100 },
    peer_id: { type: 'integer' },
    preview_length: { type: 'integer', min: 0 },
    extended: { type: 'boolean' },
    fields: FIELDS,
  },
  (values, call) => {
    if (values.cmids !== undefined && values.peer_id !== undefined) {
      const peer = findPeer(call, values.peer_id, 917);
      return peer.ok ? respond(foundAnswer(call, linesByNumber(placeOfPeer(call, peer), values.cmids), values)) : peer;
    }
    if (values.message_ids === undefined) return refuse(100, 'message_ids is undefined');
    const lines = values.message_ids.flatMap((id) => lineById(call, id) ?? []);
    return respond(foundAnswer(call, lines, values));
  },
);

const getByConversationMessageId = defineMethod(
  {
    peer_id: { type: 'integer', required: true },
    conversation_message_ids: { type: 'integers', required: true, itemsMax: 100 },
    extended: { type: 'boolean' },
    fields: FIELDS,
  },
  (values, call) => {
    const peer = findPeer(call, values.peer_id, 917);
    if (!peer.ok) return peer;
    return respond(foundAnswer(call, linesByNumber(placeOfPeer(call, peer), values.conversation_message_ids), values));
  },
);

/** Reading what was written. Sources: the schema; contracts/vk.md 3.5. */
export const FINDING_METHODS: VkMethods = {
  'messages.getHistory': getHistory,
  'messages.getById': getById,
  'messages.getByConversationMessageId': getByConversationMessageId,
};
