import { BrokenBodyError, type Fields, readFields, unwrapJson } from '../body/body.ts';
import type { InboundEvent } from '../channel.ts';
import { attachmentsOf } from './vk-attachments.ts';
import { idOfMessage, isCommunity, isGroupChat } from './vk-peer.ts';

type Base = Pick<InboundEvent, 'eventId' | 'network' | 'groupId' | 'at'>;
type Dialog = Required<Pick<InboundEvent, 'userId' | 'peerId' | 'isGroupChat'>>;
type ChatChange = Extract<InboundEvent, { kind: 'chat' }>['change'];

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
  ['message_reply', parseReply],
  ['message_edit', parseEdit],
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

function parseMessage(message: Fields, base: Base): InboundEvent | undefined {
  const dialog = dialogOf(message, 'from_id', 'peer_id');
  if (!isFromPerson(message, dialog)) return undefined;
  if (message.has('action')) return parseChatChange(message, dialog, base);
  return {
    ...base,
    ...dialog,
    ...contentOf(message, dialog),
    kind: 'message',
    ...(message.has('payload') && { payload: unwrapPayload(message.jsonText('payload')) }),
    ...(message.has('message_tag') && { messageTag: message.textOrId('message_tag') }),
    ...(message.has('ref') && { ref: message.text('ref') }),
    ...(message.has('reply_message') && { replyToNetworkId: idOfMessage(message.object('reply_message'), dialog.peerId) }),
    ...(message.raw('is_cropped') === true && { isCropped: true }),
  };
}

/** The community wrote. Only what an admin wrote in VK's own page has an author; the rest is ours, or another program's. */
function parseReply(message: Fields, base: Base): InboundEvent | undefined {
  if (!message.has('admin_author_id')) return { ...other('message_reply', message, base), isEcho: true };
  const peerId = message.id('peer_id');
  if (isCommunity(peerId)) return undefined;
  const dialog: Dialog = { userId: peerId, peerId, isGroupChat: isGroupChat(peerId) };
  const content = contentOf(message, dialog);
  return { ...base, ...dialog, ...content, kind: 'written-elsewhere', authorId: message.id('admin_author_id') };
}

function parseEdit(message: Fields, base: Base): InboundEvent | undefined {
  const dialog = dialogOf(message, 'from_id', 'peer_id');
  if (!isFromPerson(message, dialog)) return undefined;
  const { at: _writtenAt, ...content } = contentOf(message, dialog);
  const editedAt = message.has('update_time') ? { at: message.moment('update_time', 1_000) } : {};
  return { ...base, ...dialog, ...content, ...editedAt, kind: 'edited' };
}

/** By `action.type` of a message in a group chat: schema messages_message_action_status. */
const CHAT_CHANGES: ReadonlyMap<unknown, ChatChange> = new Map([
  ['chat_create', 'created'],
  ['chat_title_update', 'title'],
  ['chat_photo_update', 'icon'],
  ['chat_photo_remove', 'icon'],
  ['chat_invite_user', 'joined'],
  ['chat_invite_user_by_link', 'joined'],
  ['chat_invite_user_by_message_request', 'joined'],
  ['chat_kick_user', 'left'],
  ['chat_pin_message', 'pinned'],
]);

/** Who came by a link, and who left by themselves, is the writer: the member is not named then. */
function parseChatChange(message: Fields, dialog: Dialog, base: Base): InboundEvent | undefined {
  const action = message.object('action');
  const change = CHAT_CHANGES.get(action.raw('type'));
  if (change === undefined) return undefined;
  const memberId = action.has('member_id') ? action.id('member_id') : dialog.userId;
  return {
    ...base,
    ...dialog,
    kind: 'chat',
    change,
    at: message.moment('date', 1_000),
    ...((change === 'created' || change === 'title') && action.has('text') && { title: action.text('text') }),
    ...((change === 'joined' || change === 'left') && { memberId }),
  };
}

function parseButton(object: Fields, base: Base): InboundEvent {
  const dialog = dialogOf(object, 'user_id', 'peer_id');
  return { ...base, ...dialog, kind: 'button', payload: object.jsonText('payload'), callbackId: object.text('event_id') };
}

function parseRead(object: Fields, base: Base): InboundEvent | undefined {
  const dialog = dialogOf(object, 'from_id', 'peer_id');
  if (isCommunity(dialog.userId)) return undefined; // the community itself read something
  const id = object.id('read_message_id');
  const isNumbered = id !== '0' || !object.has('conversation_message_id');
  const upToNetworkId = isNumbered ? id : `${dialog.peerId}:${object.id('conversation_message_id')}`;
  return { ...base, ...dialog, kind: 'read', upToNetworkId };
}

function isFromPerson(message: Fields, { userId, peerId }: Dialog): boolean {
  if (isCommunity(userId) || isCommunity(peerId)) return false;
  return !message.has('out') || message.integer('out') !== 1;
}

function contentOf(message: Fields, { peerId }: Dialog) {
  return {
    at: message.moment('date', 1_000),
    text: message.text('text'),
    networkId: idOfMessage(message, peerId),
    attachments: attachmentsOf(message),
  };
}

/**
 * The person is the peer in a dialog and the writer in a group chat. They differ in the vendor's printed example, where
 * only the peer is somebody a message could have gone to.
 */
function dialogOf(object: Fields, fromField: string, peerField: string): Dialog {
  const fromId = object.id(fromField);
  const peerId = object.id(peerField);
  const isPerson = !isCommunity(peerId) && !isGroupChat(peerId);
  return { userId: isPerson && !isCommunity(fromId) ? peerId : fromId, peerId, isGroupChat: isGroupChat(peerId) };
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

function other(type: string, object: Fields, base: Base): Extract<InboundEvent, { kind: 'other' }> {
  const userId = firstId(object, ['from_id', 'user_id']);
  return { ...base, kind: 'other', type, userId, peerId: firstId(object, ['peer_id']) || userId };
}

function firstId(object: Fields, names: readonly string[]): string {
  const name = names.find((candidate) => ['number', 'string', 'bigint'].includes(typeof object.raw(candidate)));
  return name === undefined ? '' : String(object.raw(name));
}
