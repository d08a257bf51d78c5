import type { Message, Person } from '../../world/world.ts';
import { errorByCode, type OkResult, refuse, respond } from '../ok-errors.ts';
import { bareId, hasPrefix } from '../ok-ids.ts';
import { askedChat, findChat, findMessage, type GraphCall, type GraphRoute, isObject, type Refused } from './graph-call.ts';
import { type MessageContent, readContent } from './message-content.ts';

// [?] How many user_ids one call may hold is not documented.
const RECIPIENTS_MAX = 100;

const SENDER_ACTIONS = ['mark_seen', 'typing_on', 'sending_photo', 'sending_video', 'sending_audio'];

type Placed = { ok: true; message: Message } | Refused;

/** One message to one person: the group's rate, the faults, the person's permission, in this order. */
function sendTo({ network: { world }, group, at }: GraphCall, person: Person | null, content: MessageContent): Placed {
  if (!world.limits.takeMessage(group, at)) return refuse('FLOOD_BLOCKED', 'Too many messages of the group within a second');
  const fault = world.faults.drawError('ok');
  if (fault !== null) return { ok: false, error: errorByCode(Number(fault)) };
  if (person === null) return refuse('PARAM_USER_ID', 'Invalid user id');
  const { text, extra, keyboard } = content;
  const sent = world.send(group, person, { kind: 'message', text, extra, at, ...(keyboard === null ? {} : { keyboard }) });
  if (sent.ok) return sent;
  // The sentence is OK's; [?] its code for it is not known.
  return refuse('PRIVACY_RESTRICTION', 'User must allow to receive group messages');
}

const personOf = ({ network }: GraphCall, id: unknown): Person | null =>
  typeof id === 'string' || typeof id === 'number' ? network.world.people.byId('ok', bareId(String(id))) : null;

/** The people a send is for: the chat of the path, else the recipient of the body. */
function readRecipient(call: GraphCall): { ok: true; people: (Person | null)[]; isList: boolean } | Refused {
  const recipient = isObject(call.body['recipient']) ? call.body['recipient'] : {};
  const { chat_id: bodyChat, user_id: userId, user_ids: userIds } = recipient;
  const chatId = call.path.chat ?? call.query['chat_id'] ?? bodyChat;
  if (chatId !== undefined) {
    const chat = findChat(call, String(chatId));
    return chat.ok ? { ok: true, people: [chat.dialog.person], isList: false } : chat;
  }
  if (userId !== undefined) return { ok: true, people: [personOf(call, userId)], isList: false };
  if (!Array.isArray(userIds)) return refuse('PARAM', 'recipient should hold chat_id, user_id or user_ids');
  if (userIds.length === 0 || userIds.length > RECIPIENTS_MAX) {
    return refuse('PARAM', `recipient.user_ids should hold 1 to ${RECIPIENTS_MAX} ids`);
  }
  return { ok: true, people: userIds.map((id: unknown) => personOf(call, id)), isList: true };
}

/**
 * A send. One recipient gives `recipient_id` and `message_id`; a list gives `success` and `chat_ids` in the order of the request,
 * false and null where somebody may not be written to.
 */
function send(call: GraphCall): OkResult {
  const recipient = readRecipient(call);
  if (!recipient.ok) return recipient;
  const { sender_action: action } = call.body;
  if (action !== undefined && call.body['message'] === undefined) {
    return SENDER_ACTIONS.includes(String(action))
      ? respond({ success: true })
      : refuse('PARAM', `sender_action should be one of ${SENDER_ACTIONS.join(', ')}`);
  }
  const read = readContent(call.body['message']);
  if (!read.ok) return read;
  const placed = recipient.people.map((person) => sendTo(call, person, read.content));
  if (recipient.isList) {
    return respond({
      success: placed.map(({ ok }) => ok),
      chat_ids: placed.map((sent) => (sent.ok ? sent.message.dialog.peerId : null)),
    });
  }
  const [sent] = placed;
  if (sent?.ok !== true) return sent ?? refuse('SYSTEM', 'Nobody to send to');
  return respond({ recipient_id: sent.message.dialog.peerId, message_id: sent.message.networkId });
}

/** Answers a press with a message in its chat. [?] Whether OK takes a second answer is not known: we do not. */
function answer(call: GraphCall): OkResult {
  const chat = askedChat(call);
  if (!chat.ok) return chat;
  const callbackId = call.query['callbackId'] ?? '';
  if (call.network.presses.get(callbackId) !== chat.dialog)
    return refuse('NOT_FOUND', 'callbackId is unknown or answered already');
  const read = readContent(call.body['message']);
  if (!read.ok) return read;
  const sent = sendTo(call, chat.dialog.person, read.content);
  if (!sent.ok) return sent;
  call.network.presses.delete(callbackId);
  return respond({ success: true });
}

function withOwnMessage(call: GraphCall, change: (message: Message) => OkResult): OkResult {
  const found = findMessage(call, call.path.mid ?? '');
  if (!found.ok) return found;
  return found.message.from === 'group'
    ? change(found.message)
    : refuse('PERMISSION_DENIED', 'Only messages of the group itself can be changed');
}

const edit = (call: GraphCall): OkResult =>
  withOwnMessage(call, (message) => {
    const read = readContent(call.body['message']);
    if (!read.ok) return read;
    call.network.world.edit(message, read.content);
    return respond({ success: true });
  });

const remove = (call: GraphCall): OkResult =>
  withOwnMessage(call, (message) => {
    call.network.world.delete(message);
    return respond({ success: true });
  });

const CHAT_ACTIONS = ['TYPING_ON', 'SENDING_PHOTO', 'SENDING_VIDEO', 'SENDING_AUDIO', 'MARK_SEEN'];

function act(call: GraphCall): OkResult {
  const chat = askedChat(call);
  if (!chat.ok) return chat;
  return CHAT_ACTIONS.includes(String(call.body['action']))
    ? respond({ success: true })
    : refuse('PARAM', `action should be one of ${CHAT_ACTIONS.join(', ')}`);
}

/** The newest bound of the history, as documented. */
const NEWEST = 9_223_372_036_854_775_807n;
const HISTORY_COUNT = { fallback: 50, max: 100 };

function history(call: GraphCall): OkResult {
  const chat = askedChat(call);
  if (!chat.ok) return chat;
  const bounds = readBounds(call.query);
  if (!bounds.ok) return bounds;
  const messages = chat.dialog.messages
    .filter(
      ({ kind, deleted, time }) => kind === 'message' && !deleted && BigInt(time) <= bounds.from && BigInt(time) >= bounds.to,
    )
    .toReversed()
    .slice(0, bounds.count);
  return respond({ messages: messages.map(eventOf) });
}

function readBounds(query: Readonly<Record<string, string>>): { ok: true; from: bigint; to: bigint; count: number } | Refused {
  const { from = '', to = '', count = '' } = query;
  if (![from, to, count].every((text) => /^\d{0,19}$/.test(text))) return refuse('PARAM', 'from, to and count should be numbers');
  const bounds = {
    from: from === '' ? NEWEST : BigInt(from),
    to: BigInt(to),
    count: Math.min(Number(count) || HISTORY_COUNT.fallback, HISTORY_COUNT.max),
  };
  return bounds.from > bounds.to ? { ok: true, ...bounds } : refuse('PARAM', 'from should be greater than to');
}

/** A line of the history, in the form of the events. [?] How OK names the group as a sender is not documented. */
function eventOf(message: Message): object {
  const { dialog, text, seq, networkId: mid, extra, time } = message;
  const { person, group, peerId } = dialog;
  const sender =
    message.from === 'person'
      ? { user_id: `user:${person.okId}`, name: `${person.firstName} ${person.lastName}` }
      : { user_id: `group:${group.id}`, name: group.name };
  return { sender, recipient: { chat_id: peerId }, message: { text, seq, ...extra, mid }, timestamp: time };
}

/** Whether a path segment can be a chat's id, with its prefix or as its bare `C…`. */
export const isChatId = (segment: string): boolean => hasPrefix(segment, 'chat') || /^C[0-9a-f]{6,}$/i.test(segment);

/** Messages of a group. Sources: contracts/ok.md 3, 3.3 and the pages named there. */
export const MESSAGE_ROUTES: readonly GraphRoute[] = [
  { verb: 'POST', pattern: 'me/messages', run: send },
  { verb: 'POST', pattern: 'me/messages/{chat}', run: send },
  { verb: 'POST', pattern: '{chat}/messages', run: send },
  { verb: 'GET', pattern: 'me/messages', run: history },
  { verb: 'GET', pattern: 'me/messages/{chat}', run: history },
  { verb: 'GET', pattern: '{chat}/messages', run: history },
  { verb: 'POST', pattern: '{chat}/answer', run: answer },
  { verb: 'POST', pattern: '{chat}/action', run: act },
  { verb: 'POST', pattern: '{mid}/edit', run: edit },
  { verb: 'POST', pattern: '{mid}/delete', run: remove },
];
