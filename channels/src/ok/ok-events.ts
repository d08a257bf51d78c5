import { BrokenBodyError, type Fields, readFields, unwrapJson } from '../body/body.ts';
import type { InboundEvent } from '../channel.ts';
import { lowerPrefix, userOf, withoutPrefix } from './ok-ids.ts';

type Common = Pick<InboundEvent, 'network' | 'groupId' | 'userId' | 'peerId' | 'at' | 'userName'>;

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
  return [PARSERS.get(type)?.(event, common) ?? other(type, event, common)];
}

/** What the group itself did is no news, but for the title and the members of a chat. */
const isOfGroup = (event: Fields, { userId }: Common): boolean => event.has('sender') && userId === '';

/** By webhookType; undefined where this body is of a kind we do not use. */
const PARSERS: ReadonlyMap<string, (event: Fields, common: Common) => InboundEvent | undefined> = new Map([
  ['MESSAGE_CREATED', parseMessage],
  ['MESSAGE_CALLBACK', parseButton],
  ['CHAT_SYSTEM', parseSystem],
]);

// OK's page on buttons was not found: clients have met the message's id beside the payload and inside `message`.
function parseButton(event: Fields, common: Common): InboundEvent | undefined {
  if (isOfGroup(event, common)) return undefined;
  const callbackId = event.textOrId('callbackId');
  event.object('sender');
  const holder = [event, event.has('message') ? event.object('message') : undefined].find((fields) => fields?.has('mid'));
  return {
    ...common,
    kind: 'button',
    eventId: callbackId,
    callbackId,
    payload: event.jsonText('payload'),
    ...(holder !== undefined && { networkId: lowerPrefix(holder.text('mid')) }),
  };
}

type ChatChange = (InboundEvent & { kind: 'chat' })['change'];

/**
 * [?] Sub-types of CHAT_SYSTEM beside CHAT_STARTED. OK's pages tell of them in prose ("change of the title or the icon of a
 * chat", "a new member, a member leaving") without their names; these are what its cousin would call them.
 */
const CHAT_CHANGES: ReadonlyMap<unknown, ChatChange> = new Map([
  ['CHAT_TITLE_CHANGED', 'title'],
  ['CHAT_ICON_CHANGED', 'icon'],
  ['USER_ADDED', 'joined'],
  ['USER_REMOVED', 'left'],
  ['USER_LEFT', 'left'],
]);

function parseSystem(event: Fields, common: Common): InboundEvent | undefined {
  const type = event.raw('type');
  const eventId = idWithoutName(event, common);
  const change = CHAT_CHANGES.get(type);
  if (change !== undefined) {
    const read = readChange(event, common, change);
    // Several may join at one moment.
    const ofMember = read.memberId === undefined ? '' : `|${read.memberId}`;
    return { ...common, kind: 'chat', eventId: eventId + ofMember, change, ...read };
  }
  if (type !== 'CHAT_STARTED' || isOfGroup(event, common)) return undefined;
  event.object('sender');
  return { ...common, kind: 'started', eventId, ...(event.has('payload') && { payload: event.jsonText('payload') }) };
}

// [?] Where the new title and the member stand is not known either: beside the type, or in the payload of older events.
function readChange(event: Fields, { userId }: Common, change: ChatChange): { title?: string; memberId?: string } {
  if (change === 'title') {
    const title = ['title', 'payload'].map((name) => event.raw(name)).find((value) => typeof value === 'string');
    return title === undefined ? {} : { title };
  }
  if (change !== 'joined' && change !== 'left') return {};
  const member = ['user', 'member'].find((name) => event.has(name));
  return { memberId: member === undefined ? userId : userOf(event.object(member).textOrId('user_id')) };
}

function parseMessage(event: Fields, common: Common): InboundEvent | undefined {
  if (isOfGroup(event, common)) return undefined;
  const message = event.object('message');
  const mid = lowerPrefix(message.text('mid'));
  event.object('sender');
  const tagged = [message, event].find((fields) => fields.has('message_tag'));
  return {
    ...common,
    kind: 'message',
    eventId: mid,
    networkId: mid,
    text: message.has('text') ? message.text('text') : '', // absent where a message is attachments only
    attachments: message.has('attachments') ? message.array('attachments') : [],
    ...(message.has('reply_to') && { replyToNetworkId: lowerPrefix(message.text('reply_to')) }),
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
  const sender = event.has('sender') ? event.object('sender') : undefined;
  const userId = sender === undefined ? '' : userOf(sender.textOrId('user_id'));
  return {
    network: 'ok',
    groupId,
    userId,
    peerId: chat?.has('chat_id') ? lowerPrefix(chat.text('chat_id')) : userId,
    at: event.has('timestamp') ? event.moment('timestamp') : receivedAt,
    ...(sender?.has('name') && { userName: sender.text('name') }),
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
