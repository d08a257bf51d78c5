import { BrokenBodyError, type Fields, readFields, unwrapJson } from '../body/body.ts';
import type { InboundEvent } from '../channel.ts';

type Base = Pick<InboundEvent, 'eventId' | 'network' | 'groupId' | 'at'>;

// dev.vk.com/method/messages.send: peers of group chats start here; below are people, below zero communities.
const CHAT_PEER_MIN = 2_000_000_000;

/**
 * Turns one body of VK's Callback API, or one update of its long poll, into an event. Pure but for `receivedAt`, which
 * stands in where an event carries no time of its own.
 *
 * Kinds that mean nothing to us, our own outgoing messages and those of communities come back as `other`, and so does a
 * `confirmation`, which has no id. Throws `BrokenBodyError`, naming the field, where a known kind lacks what it needs.
 *
 * Source: VKCOM/vk-api-schema, callback/objects.json; dev.vk.com/api/community-events/json-schema.
 */
export function parseVkEvent(body: unknown, receivedAt: Date = new Date()): InboundEvent[] {
  const event = readFields(body);
  const type = event.text('type');
  const groupId = event.id('group_id');
  if (type === 'confirmation') {
    return [{ kind: 'other', type, eventId: type, network: 'vk', groupId, userId: '', peerId: '', at: receivedAt }];
  }
  const base: Base = { eventId: event.text('event_id'), network: 'vk', groupId, at: receivedAt };
  const object = event.object('object');
  return [PARSERS.get(type)?.(object, base) ?? other(type, object, base)];
}

/** By type; undefined where this body is of a kind we do not use. */
const PARSERS: ReadonlyMap<string, (object: Fields, base: Base) => InboundEvent | undefined> = new Map([
  // The message stood in `object` itself before version 5.103.
  ['message_new', (object, base) => parseMessage(object.has('message') ? object.object('message') : object, base)],
  ['message_event', parseButton],
  ['message_read', parseRead],
  [
    'message_allow',
    (object, base) => ({ ...base, ...dialogOf(object, 'user_id', 'user_id'), kind: 'permission', allowed: true }),
  ],
  [
    'message_deny',
    (object, base) => ({ ...base, ...dialogOf(object, 'user_id', 'user_id'), kind: 'permission', allowed: false }),
  ],
]);

function parseButton(object: Fields, base: Base): InboundEvent {
  const dialog = dialogOf(object, 'user_id', 'peer_id');
  return { ...base, ...dialog, kind: 'button', payload: object.jsonText('payload'), callbackId: object.text('event_id') };
}

function parseRead(object: Fields, base: Base): InboundEvent | undefined {
  const dialog = dialogOf(object, 'from_id', 'peer_id');
  if (dialog.userId.startsWith('-')) return undefined; // the community itself read something
  return { ...base, ...dialog, kind: 'read', upToNetworkId: object.id('read_message_id') };
}

function parseMessage(message: Fields, base: Base): InboundEvent | undefined {
  const dialog = dialogOf(message, 'from_id', 'peer_id');
  if (dialog.userId.startsWith('-') || dialog.peerId.startsWith('-')) return undefined;
  if (message.has('out') && message.integer('out') === 1) return undefined;
  const id = message.id('id');
  return {
    ...base,
    ...dialog,
    kind: 'message',
    at: message.moment('date', 1_000),
    text: message.text('text'),
    // Bots see id 0 in group chats; there only the number within the conversation tells messages apart.
    networkId: id === '0' ? `${dialog.peerId}:${message.id('conversation_message_id')}` : id,
    attachments: message.has('attachments') ? message.array('attachments') : [],
    ...(message.has('payload') && { payload: unwrapPayload(message.jsonText('payload')) }),
    ...(message.has('message_tag') && { messageTag: message.textOrId('message_tag') }),
    ...(message.has('ref') && { ref: message.text('ref') }),
  };
}

/**
 * The person is the peer in a dialog and the writer in a group chat. They differ in the vendor's printed example, where
 * only the peer is somebody a message could have gone to.
 */
function dialogOf(object: Fields, fromField: string, peerField: string): { userId: string; peerId: string } {
  const fromId = object.id(fromField);
  const peerId = object.id(peerField);
  const isPerson = !peerId.startsWith('-') && Number(peerId) < CHAT_PEER_MIN;
  return { userId: isPerson && !fromId.startsWith('-') ? peerId : fromId, peerId };
}

/**
 * Clients without callback buttons send the button's payload as a text message, wrapped, and wrap it once more with every
 * press (negezor/vk-io, issue 358). Anything that is not such a wrapper is given back as it came.
 */
function unwrapPayload(payload: string): string {
  let innermost = payload;
  // Bounded by the text itself: every round strips one layer of quoting.
  for (;;) {
    const wrapped = wrappedPayload(innermost);
    if (wrapped === undefined) return innermost;
    innermost = wrapped;
  }
}

function wrappedPayload(payload: string): string | undefined {
  try {
    const fields = readFields(unwrapJson(payload));
    return fields.raw('command') === 'not_supported_button' ? fields.jsonText('payload') : undefined;
  } catch (error) {
    if (error instanceof BrokenBodyError) return undefined; // a plain text is a payload too
    throw error;
  }
}

function other(type: string, object: Fields, base: Base): InboundEvent {
  const userId = firstId(object, ['from_id', 'user_id']);
  return { ...base, kind: 'other', type, userId, peerId: firstId(object, ['peer_id']) || userId };
}

function firstId(object: Fields, names: readonly string[]): string {
  const name = names.find((candidate) => ['number', 'string', 'bigint'].includes(typeof object.raw(candidate)));
  return name === undefined ? '' : String(object.raw(name));
}
