import { refuse, respond } from '../vk-errors.ts';
import { defineMethod, PRESS_ANSWERABLE_MS, type VkMethod } from '../vk-network.ts';
import { findPeer } from './peers.ts';
import { sendMessage } from './send-message.ts';

const setActivity = defineMethod(
  {
    peer_id: { type: 'integer' },
    user_id: { type: 'integer' },
    type: { type: 'choice', values: ['audiomessage', 'file', 'photo', 'typing', 'video'], default: 'typing' },
  },
  (values, { network }) => {
    const peerId = values.peer_id ?? values.user_id;
    if (peerId === undefined) return refuse(100, 'peer_id is undefined');
    const peer = findPeer(network.world, peerId);
    return peer.ok ? respond(1) : peer;
  },
);

const isMessagesFromGroupAllowed = defineMethod(
  { group_id: { type: 'integer', required: true, min: 1 }, user_id: { type: 'integer', required: true, min: 1 } },
  (values, { network: { world }, group }) => {
    const person = world.people.byId('vk', String(values.user_id));
    return respond({ is_allowed: person !== null && world.permission(group, person) === 'allowed' ? 1 : 0 });
  },
);

const SNACKBAR_CHARACTERS_MAX = 90;

/** What is wrong with an `event_data`, or null. Source: contracts/vk.md 3.3. */
function eventDataProblem(text: string): string | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return 'event_data is not valid JSON';
  }
  const { type, text: shown, link } = (parsed ?? {}) as { type?: unknown; text?: unknown; link?: unknown };
  if (type === 'show_snackbar') {
    const isFit = typeof shown === 'string' && shown !== '' && [...shown].length <= SNACKBAR_CHARACTERS_MAX;
    return isFit ? null : `event_data should hold a text of at most ${SNACKBAR_CHARACTERS_MAX} characters`;
  }
  if (type === 'open_link') return typeof link === 'string' ? null : 'event_data should hold a link';
  return type === 'open_app' ? null : 'event_data has an unknown type';
}

const sendMessageEventAnswer = defineMethod(
  {
    event_id: { type: 'text', required: true },
    user_id: { type: 'integer', required: true },
    peer_id: { type: 'integer', required: true },
    event_data: { type: 'text', lengthMax: 1_000 },
  },
  (values, { network, group, at }) => {
    const press = network.presses.get(values.event_id);
    // [?] VK's words for a press that is unknown, answered already or older than a minute are not known.
    const isOpen =
      press?.group === group && press.person.vkId === values.user_id && at.time - press.pressedAt <= PRESS_ANSWERABLE_MS;
    if (!isOpen) return refuse(100, 'event_id is invalid, answered or expired');
    const problem = values.event_data === undefined ? null : eventDataProblem(values.event_data);
    if (problem !== null) return refuse(100, problem);
    network.presses.delete(values.event_id);
    return respond(1);
  },
);

/** Writing to people. Sources: the schema; contracts/vk.md 3.2, 3.3 and 3.5. */
export const MESSAGE_METHODS: Readonly<Record<string, VkMethod>> = {
  'messages.send': sendMessage,
  'messages.setActivity': setActivity,
  'messages.isMessagesFromGroupAllowed': isMessagesFromGroupAllowed,
  'messages.sendMessageEventAnswer': sendMessageEventAnswer,
};
