import type { Person } from '../../world/world.ts';
import { errorByCode, type OkResult, type Refused, refuse, respond } from '../ok-errors.ts';
import { bareId, hasPrefix } from '../ok-ids.ts';
import { contentOf, type Line, type Place, type WriteResult, type Written, write, writeToPerson } from '../places.ts';
import { controlChat } from './chat-control.ts';
import { askedChat, findChat, findMessage, type GraphCall, type GraphRoute, isObject } from './graph-call.ts';
import { readContent } from './message-content.ts';

/** Whom a message is for: a place, or a person by their id; null is nobody known. */
type Target = Place | Person | null;

type Placed = { ok: true; line: Line } | Refused;

/** One message to one target: the group's rate, the faults, the person's permission, in this order. */
function sendTo({ network: { world }, group, at }: GraphCall, target: Target, content: Written): Placed {
  if (!world.limits.takeMessage(group, at)) return refuse('FLOOD_BLOCKED', 'Too many messages of the group within a second');
  const fault = world.faults.drawError('ok');
  if (fault !== null) return { ok: false, error: errorByCode(Number(fault)) };
  if (target === null) return refuse('PARAM_USER_ID', 'Invalid user id');
  const written: WriteResult =
    'kind' in target ? write(world, target, content, at) : writeToPerson(world, group, target, content, at);
  if (written.ok) return written;
  if (written.refused === 'not in the chat') return refuse('PERMISSION_DENIED', 'The group is not in the chat');
  // The sentence is OK's; [?] its code for it is not known.
  return refuse('PRIVACY_RESTRICTION', 'User must allow to receive group messages');
}

const personOf = ({ network }: GraphCall, id: unknown): Person | null =>
  typeof id === 'string' || typeof id === 'number' ? network.world.people.byId('ok', bareId(String(id))) : null;

/** The targets of a send: the chat of the path, else the recipient of the body. */
function readRecipient(call: GraphCall): { ok: true; targets: Target[]; isList: boolean } | Refused {
  const recipient = isObject(call.body['recipient']) ? call.body['recipient'] : {};
  const { chat_id: bodyChat, user_id: userId, user_ids: userIds } = recipient;
  // OK's own example of a text puts a chat's id into user_id (github apiok/documentation, graph.user.messages).
  const chatAsUser = typeof userId === 'string' && hasPrefix(userId, 'chat') ? userId : undefined;
  const chatId = call.path.chat ?? call.query['chat_id'] ?? bodyChat ?? chatAsUser;
  if (chatId !== undefined) {
    const chat = findChat(call, String(chatId));
    return chat.ok ? { ok: true, targets: [chat.place], isList: false } : chat;
  }
  if (userId !== undefined) return { ok: true, targets: [personOf(call, userId)], isList: false };
  if (!Array.isArray(userIds)) return refuse('PARAM', 'recipient should hold chat_id, user_id or user_ids');
  const { recipientsMax } = call.network.settings.values;
  if (userIds.length === 0 || userIds.length > recipientsMax)
    return refuse('PARAM', `recipient.user_ids should hold 1 to ${recipientsMax} ids`);
  return { ok: true, targets: userIds.map((id: unknown) => personOf(call, id)), isList: true };
}

/** The dialog or chat of a send that is for one; a person's dialog is opened. */
function placeOf({ network, group }: GraphCall, target: Target): { ok: true; place: Place } | Refused {
  if (target === null) return refuse('PARAM_USER_ID', 'Invalid user id');
  if ('kind' in target) return { ok: true, place: target };
  const dialog = network.world.dialogs.open(group, target);
  return { ok: true, place: { kind: 'dialog', dialog, id: dialog.peerId } };
}

/**
 * A send in one of its three forms: `message`, `sender_action` or `chat_control`. One recipient gives `recipient_id` and
 * `message_id`; a list gives `success` and `chat_ids` in the order of the request, false and null where somebody may not be
 * written to.
 */
function send(call: GraphCall): OkResult {
  const { body } = call;
  const forms = ['message', 'sender_action', 'chat_control'].filter((form) => body[form] !== undefined);
  if (forms.length !== 1) return refuse('PARAM', 'The body should hold one of message, sender_action, chat_control');
  const recipient = readRecipient(call);
  if (!recipient.ok) return recipient;
  const [target = null] = recipient.targets;
  if (body['message'] === undefined) {
    if (recipient.isList) return refuse('PARAM', `${forms[0]} is for one recipient`);
    const place = placeOf(call, target);
    if (!place.ok) return place;
    if (forms[0] === 'chat_control') return controlChat(call, place.place, body['chat_control']);
    return showAction(call, place.place, body['sender_action'], { field: 'sender_action', isLowerCase: true });
  }
  const read = readContent(body['message'], call);
  if (!read.ok) return read;
  const reply = replyProblem(call, read.content);
  if (reply !== null) return reply;
  if (!recipient.isList) {
    const sent = sendTo(call, target, read.content);
    return sent.ok ? respond({ recipient_id: sent.line.place.id, message_id: sent.line.mid }) : sent;
  }
  const placed = recipient.targets.map((one) => sendTo(call, one, read.content));
  return respond({
    success: placed.map(({ ok }) => ok),
    chat_ids: placed.map((sent) => (sent.ok ? sent.line.place.id : null)),
  });
}

/** The message that is replied to must be one of the group's chats. */
function replyProblem(call: GraphCall, { extra }: Written): Refused | null {
  const { reply_to: replyTo } = extra;
  if (replyTo === undefined) return null;
  const found = findMessage(call, String(replyTo));
  return found.ok ? null : refuse('PARAM_MESSAGE_ID', 'message.reply_to: there is no such message');
}

/** Answers a press with a message in its chat. [?] Whether OK takes a second answer is not known: we do not. */
function answer(call: GraphCall): OkResult {
  const { network } = call;
  const chat = askedChat(call);
  if (!chat.ok) return chat;
  const callbackId = call.query['callbackId'] ?? '';
  if (callbackId === '') return refuse('PARAM', 'callbackId is required in the query');
  const press = network.presses.get(callbackId);
  const shownAt = chat.place.kind === 'dialog' ? chat.place.dialog : chat.place.chat;
  if (press === undefined || press.place !== shownAt) return refuse('NOT_FOUND', 'callbackId is unknown or answered already');
  const read = readContent(call.body['message'], call);
  if (!read.ok) return read;
  const sent = sendTo(call, chat.place, read.content);
  if (!sent.ok) return sent;
  network.presses.delete(callbackId);
  network.world.show(shownAt, { kind: 'answer', callbackId, answer: { kind: 'nothing' } }, press.person);
  return respond({ success: true });
}

function withOwnMessage(call: GraphCall, change: (line: Line) => OkResult): OkResult {
  const found = findMessage(call, call.path.mid ?? '');
  if (!found.ok) return found;
  return found.line.author === null
    ? change(found.line)
    : refuse('PERMISSION_DENIED', 'Only messages of the group itself can be changed');
}

/** The new content takes the place of all of the old one. */
const edit = (call: GraphCall): OkResult =>
  withOwnMessage(call, ({ of }) => {
    const read = readContent(call.body['message'], call);
    if (!read.ok) return read;
    const { world } = call.network;
    if ('message' in of) world.edit(of.message, read.content);
    else world.chats.edit(of.chatMessage, read.content);
    return respond({ success: true });
  });

const remove = (call: GraphCall): OkResult =>
  withOwnMessage(call, (line) => {
    const { world } = call.network;
    if ('message' in line.of) world.delete(line.of.message);
    else world.chats.delete(line.of.chatMessage);
    return respond({ success: contentOf(line).deleted });
  });

const ACTIONS = ['TYPING_ON', 'SENDING_PHOTO', 'SENDING_VIDEO', 'SENDING_AUDIO', 'MARK_SEEN'];

/** What the group does besides writing: in capitals at /action, in lower case as sender_action (contracts/ok.md 3, 3.3). */
function showAction(
  { network }: GraphCall,
  place: Place,
  asked: unknown,
  form: { field: string; isLowerCase: boolean },
): OkResult {
  const known = ACTIONS.map((action) => (form.isLowerCase ? action.toLowerCase() : action));
  if (!known.includes(String(asked))) return refuse('PARAM', `${form.field} should be one of ${known.join(', ')}`);
  const activity = String(asked).toUpperCase();
  if (activity !== 'MARK_SEEN')
    network.world.show(place.kind === 'dialog' ? place.dialog : place.chat, { kind: 'activity', activity });
  else if (place.kind === 'dialog') network.world.see(place.dialog, place.dialog.lastNumber);
  return respond({ success: true });
}

function act(call: GraphCall): OkResult {
  const chat = askedChat(call);
  return chat.ok ? showAction(call, chat.place, call.body['action'], { field: 'action', isLowerCase: false }) : chat;
}

/** Messages of a group. Sources: contracts/ok.md 3, 3.3 and the pages named there. */
export const MESSAGE_ROUTES: readonly GraphRoute[] = [
  { verb: 'POST', pattern: 'me/messages', run: send },
  { verb: 'POST', pattern: 'me/messages/{chat}', run: send },
  { verb: 'POST', pattern: '{chat}/messages', run: send },
  { verb: 'POST', pattern: '{chat}/answer', run: answer },
  { verb: 'POST', pattern: '{chat}/action', run: act },
  { verb: 'POST', pattern: '{mid}/edit', run: edit },
  { verb: 'POST', pattern: '{mid}/delete', run: remove },
];
