import type { PressAnswer } from '../../world/world.ts';
import { refuse, respond } from '../vk-errors.ts';
import { defineMethod, type VkMethods } from '../vk-method.ts';
import { PRESS_ANSWERABLE_MS } from '../vk-network.ts';
import { findPeer, peerIdOf, placeOfPeer } from './peers.ts';
import { sendMessage } from './send-message.ts';

const setActivity = defineMethod(
  {
    peer_id: { type: 'integer' },
    user_id: { type: 'integer' },
    type: { type: 'choice', values: ['audiomessage', 'file', 'photo', 'typing', 'video'], default: 'typing' },
  },
  (values, call) => {
    const peerId = peerIdOf(values);
    if (typeof peerId !== 'number') return peerId;
    // Communities cannot write to communities (contracts/vk.md 3.6).
    if (peerId < 0) return refuse(932);
    const peer = findPeer(call, peerId, 917);
    if (!peer.ok) return peer;
    const place = placeOfPeer(call, peer);
    if (place !== null) call.network.world.show(place, { kind: 'activity', activity: values.type });
    return respond(1);
  },
);

const SNACKBAR_CHARACTERS_MAX = 90;

/** What a client shows by an `event_data`, or what is wrong with it. Source: contracts/vk.md 3.3. */
function readEventData(text: string | undefined): PressAnswer | { problem: string } {
  if (text === undefined) return { kind: 'nothing' };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { problem: 'event_data is not valid JSON' };
  }
  const { type, text: shown, link } = (parsed ?? {}) as { type?: unknown; text?: unknown; link?: unknown };
  if (type === 'show_snackbar') {
    const isFit = typeof shown === 'string' && shown !== '' && [...shown].length <= SNACKBAR_CHARACTERS_MAX;
    if (isFit) return { kind: 'snackbar', text: shown };
    return { problem: `event_data should hold a text of at most ${SNACKBAR_CHARACTERS_MAX} characters` };
  }
  if (type === 'open_link')
    return typeof link === 'string' ? { kind: 'link', link } : { problem: 'event_data should hold a link' };
  // The simulated people have no mini apps to open.
  return type === 'open_app' ? { kind: 'nothing' } : { problem: 'event_data has an unknown type' };
}

const sendMessageEventAnswer = defineMethod(
  {
    event_id: { type: 'text', required: true },
    user_id: { type: 'integer', required: true },
    peer_id: { type: 'integer', required: true },
    event_data: { type: 'text', lengthMax: 1_000 },
  },
  (values, call) => {
    const { network, group, at } = call;
    const press = network.presses.get(values.event_id);
    // [?] VK's words for a press that is unknown, answered already or older than a minute are not known.
    const isOpen =
      press?.group === group &&
      press.person.vkId === values.user_id &&
      press.peerId === values.peer_id &&
      at.time - press.pressedAt <= PRESS_ANSWERABLE_MS;
    if (!isOpen) return refuse(100, 'event_id is invalid, answered or expired');
    const answer = readEventData(values.event_data);
    if ('problem' in answer) return refuse(100, answer.problem);
    network.presses.delete(values.event_id);
    const peer = findPeer(call, values.peer_id, 917);
    const place = peer.ok ? placeOfPeer(call, peer) : null;
    if (place !== null) network.world.show(place, { kind: 'answer', callbackId: values.event_id, answer }, press.person);
    return respond(1);
  },
);

/** Writing to people. Sources: the schema; contracts/vk.md 3.2, 3.3 and 3.5. */
export const MESSAGE_METHODS: VkMethods = {
  'messages.send': sendMessage,
  'messages.setActivity': setActivity,
  'messages.sendMessageEventAnswer': sendMessageEventAnswer,
};
