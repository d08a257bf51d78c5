import { type Refusal, refuse, respond } from '../vk-errors.ts';
import { type Line, placeOf } from '../vk-message.ts';
import { defineMethod, type VkMethods } from '../vk-method.ts';
import type { VkCall } from '../vk-network.ts';
import { linesByNumber } from './find-messages.ts';
import { findPeer, placeOfPeer } from './peers.ts';

// [?] Which numbers VK knows is in no document that was found; contracts/vk.md 1.4 has 1 to 64 from its events.
const REACTION_ID_MAX = 64;

const PLACE = {
  peer_id: { type: 'integer', required: true },
  cmid: { type: 'integer', required: true, min: 0 },
} as const;

function findLine(call: VkCall, peerId: number, number: number): { ok: true; line: Line } | Refusal {
  const peer = findPeer(call, peerId, 917);
  if (!peer.ok) return peer;
  const [line] = linesByNumber(placeOfPeer(call, peer), [number]);
  return line === undefined ? refuse(100, 'cmid is invalid') : { ok: true, line };
}

const sendReaction = defineMethod({ ...PLACE, reaction_id: { type: 'integer', required: true, min: 0 } }, (values, call) => {
  const found = findLine(call, values.peer_id, values.cmid);
  if (!found.ok) return found;
  if (values.reaction_id < 1 || values.reaction_id > REACTION_ID_MAX) return refuse(1009);
  call.network.ownReactions.set(found.line, values.reaction_id);
  return respond(1);
});

const deleteReaction = defineMethod(PLACE, (values, call) => {
  const found = findLine(call, values.peer_id, values.cmid);
  return found.ok ? respond(call.network.ownReactions.delete(found.line) ? 1 : 0) : found;
});

const getMessagesReactions = defineMethod(
  { peer_id: PLACE.peer_id, cmids: { type: 'integers', required: true, itemsMax: 100 } },
  (values, call) => {
    const peer = findPeer(call, values.peer_id, 917);
    if (!peer.ok) return peer;
    const lines = linesByNumber(placeOfPeer(call, peer), values.cmids);
    return respond({ items: lines.map((line) => ({ cmid: line.numberInDialog, counters: countersOf(line, call) })) });
  },
);

/** The simulated people react in their dialogs only. */
function countersOf(line: Line, { network, group }: VkCall): Record<string, unknown>[] {
  const place = placeOf(line);
  const given: [reactionId: number | null | undefined, by: number][] = [
    ['dialog' in line ? line.reaction : null, 'person' in place ? (place.person.vkId ?? 0) : 0],
    [network.ownReactions.get(line), -Number(group.id)],
  ];
  const byReaction = new Map<number, number[]>();
  for (const [reactionId, by] of given) {
    if (typeof reactionId === 'number') byReaction.set(reactionId, [...(byReaction.get(reactionId) ?? []), by]);
  }
  return [...byReaction].map(([reactionId, by]) => ({ reaction_id: reactionId, count: by.length, user_ids: by }));
}

/** The community's reactions to messages. Source: the schema. */
export const REACTION_METHODS: VkMethods = {
  'messages.sendReaction': sendReaction,
  'messages.deleteReaction': deleteReaction,
  'messages.getMessagesReactions': getMessagesReactions,
};
