import { BrokenBodyError, type Fields, readFields, unwrapJson } from '../body/body.ts';
import type { InboundEvent } from '../channel.ts';

type Common = Pick<InboundEvent, 'network' | 'groupId' | 'userId' | 'peerId' | 'at'>;

/**
 * Turns one body of OK's webhook, or one update of its long poll (an object, or a text with JSON in it), into an event of
 * the group `groupId`, which OK's own bodies do not name. `receivedAt` stands in where a body carries no time.
 *
 * Bodies without `webhookType` are messages of the older form. `NEW_MESSAGE` and `GROUP_MESSAGE_NEW` are a compatibility
 * form. Kinds that mean nothing to us come back as `other`. Throws `BrokenBodyError`, naming the field, where a known kind
 * lacks what it needs, or names another group.
 *
 * Source: apiok.ru/en/dev/graph_api, graph.user.subscribe; MESSAGE_CALLBACK from independent clients.
 */
export function parseOkEvent(body: unknown, groupId: string | null, receivedAt: Date = new Date()): InboundEvent[] {
  const event = readFields(unwrapJson(body));
  if (isCompatibility(event)) return [parseCompatibility(event, groupId, receivedAt)];
  const type = event.has('webhookType') ? event.text('webhookType') : event.has('message') ? 'MESSAGE_CREATED' : undefined;
  if (type === undefined) throw new BrokenBodyError('webhookType', 'is missing, and there is no message either');

  const common = readCommon(event, groupId, receivedAt);
  const isOfGroup = event.has('sender') && common.userId === '';
  return [(isOfGroup ? undefined : PARSERS.get(type)?.(event, common)) ?? other(type, event, common)];
}

/** By webhookType; undefined where this body is of a kind we do not use. */
const PARSERS: ReadonlyMap<string, (event: Fields, common: Common) => InboundEvent | undefined> = new Map([
  ['MESSAGE_CREATED', parseMessage],
  ['MESSAGE_CALLBACK', parseButton],
  ['CHAT_SYSTEM', parseSystem],
]);

function parseButton(event: Fields, common: Common): InboundEvent {
  const callbackId = event.textOrId('callbackId');
  event.object('sender');
  return { ...common, kind: 'button', eventId: callbackId, callbackId, payload: event.jsonText('payload') };
}

// Of the sub-types only this one is documented by name.
function parseSystem(event: Fields, common: Common): InboundEvent | undefined {
  if (event.raw('type') !== 'CHAT_STARTED') return undefined;
  event.object('sender');
  const eventId = idWithoutName(event, common);
  return { ...common, kind: 'started', eventId, ...(event.has('payload') && { payload: event.jsonText('payload') }) };
}

function parseMessage(event: Fields, common: Common): InboundEvent {
  const message = event.object('message');
  const mid = lowerPrefix(message.text('mid'));
  const sender = event.object('sender');
  const tagged = [message, event].find((fields) => fields.has('message_tag'));
  return {
    ...common,
    kind: 'message',
    eventId: mid,
    networkId: mid,
    text: message.has('text') ? message.text('text') : '', // absent where a message is attachments only
    attachments: message.has('attachments') ? message.array('attachments') : [],
    ...(sender.has('name') && { userName: sender.text('name') }),
    // Not OK's: the notify upstream forwards OK's bodies and may tell which notification is answered.
    ...(tagged !== undefined && { messageTag: tagged.textOrId('message_tag') }),
  };
}

function other(type: string, event: Fields, common: Common): InboundEvent {
  const subtype = event.raw('type');
  return {
    ...common,
    kind: 'other',
    eventId: idWithoutName(event, common),
    type: typeof subtype === 'string' ? `${type}:${subtype}` : type,
  };
}

// OK gives such events no id: chat, kind and moment are the same when it sends one again. A message of the group keeps its own.
function idWithoutName(event: Fields, { peerId, at }: Common): string {
  const message = event.raw('message');
  if (typeof message === 'object' && message !== null && 'mid' in message && typeof message.mid === 'string')
    return lowerPrefix(message.mid);
  return [peerId, event.raw('webhookType') ?? '', event.raw('type') ?? '', at.getTime()].join('|');
}

function readCommon(event: Fields, groupId: string | null, receivedAt: Date): Common {
  const chat = event.has('recipient') ? event.object('recipient') : undefined;
  const userId = event.has('sender') ? userOf(event.object('sender').textOrId('user_id')) : '';
  return {
    network: 'ok',
    groupId,
    userId,
    peerId: chat?.has('chat_id') ? lowerPrefix(chat.text('chat_id')) : userId,
    at: event.has('timestamp') ? event.moment('timestamp') : receivedAt,
  };
}

const COMPATIBLE_TYPES: ReadonlySet<unknown> = new Set(['NEW_MESSAGE', 'GROUP_MESSAGE_NEW']);

function isCompatibility(event: Fields): boolean {
  return !event.has('webhookType') && COMPATIBLE_TYPES.has(event.raw('type'));
}

// A form from an article (novasolutions.technology, "Odnoklassniki Chatbot Mobile Development"); OK's pages do not know it.
function parseCompatibility(event: Fields, groupId: string | null, receivedAt: Date): InboundEvent {
  const object = event.object('object');
  const mid = lowerPrefix(object.text('mid'));
  const userId = userOf(event.textOrId('senderId'));
  const named = withoutPrefix(event.textOrId('groupId'), 'group');
  if (groupId !== null && named !== groupId)
    throw new BrokenBodyError('groupId', 'names another group than the connection it came by');
  return {
    kind: 'message',
    network: 'ok',
    groupId: named,
    userId,
    peerId: userId, // it names no chat: the answer is addressed to the person
    eventId: mid,
    networkId: mid,
    at: event.has('timestamp') ? event.moment('timestamp') : receivedAt,
    text: object.has('body') ? object.text('body') : '',
    attachments: [],
  };
}

/** The person's id without prefix; empty for a group. */
function userOf(id: string): string {
  return /^group:/i.test(id) ? '' : withoutPrefix(id, 'user');
}

function withoutPrefix(id: string, prefix: string): string {
  return id.toLowerCase().startsWith(`${prefix}:`) ? id.slice(prefix.length + 1) : id;
}

// OK's pages print both `mid:…` and `MID:…`, `chat:…` and `CHAT:…` for the same thing.
function lowerPrefix(id: string): string {
  return id.replace(/^[A-Za-z]+:/, (prefix) => prefix.toLowerCase());
}
