import { type ChatAction, type ChatActor, type ChatMessage, type Message, vkMessageNew } from '../world/world.ts';
import { chatPeer, isChat, type Place } from './peer-ids.ts';

/** A message of a dialog, or a line of a chat. */
export type Line = Message | ChatMessage;

const isOfChat = (line: Line): line is ChatMessage => 'chat' in line;

export function placeOf(line: Line): Place {
  return isOfChat(line) ? line.chat : line.dialog;
}

/**
 * A message as VK's API and its events write it. A person's is the one of `message_new`; the group's own has `out` 1 and the
 * group as its author. In chats `id` is 0. Source: messages_message of the schema; contracts/vk.md 1.4.
 */
export function vkMessage(line: Line): Record<string, unknown> {
  if (!isOfChat(line) && line.from === 'person') return { ...vkMessageNew(line).object.message, ...editOf(line) };
  return {
    date: secondsOf(line.time),
    from_id: authorOf(line),
    id: idOf(line),
    version: line.numberInDialog,
    out: isOfChat(line) && line.author !== null ? 0 : 1,
    important: false,
    is_hidden: false,
    attachments: [],
    conversation_message_id: line.numberInDialog,
    fwd_messages: [],
    text: line.text,
    peer_id: peerOf(line),
    random_id: 0,
    ...line.extra,
    ...(isOfChat(line) && line.payload !== null ? { payload: line.payload } : {}),
    ...(isOfChat(line) && line.action !== null ? { action: vkAction(line.action, line) } : {}),
    ...editOf(line),
  };
}

/** A message inside another: forwarded, or the one that is replied to. Source: messages_foreign_message of the schema. */
export function foreignMessage(line: Line): Record<string, unknown> {
  const { attachments = [], payload } = vkMessage(line) as { attachments?: unknown; payload?: string };
  return {
    date: secondsOf(line.time),
    from_id: authorOf(line),
    id: idOf(line),
    conversation_message_id: line.numberInDialog,
    peer_id: peerOf(line),
    text: line.text,
    attachments,
    ...(payload === undefined ? {} : { payload }),
    ...editOf(line),
  };
}

/** What a pinned message shows. Source: messages_pinned_message of the schema. */
export function pinnedMessage(line: Line): Record<string, unknown> {
  const { keyboard } = line.extra;
  const { payload: _payload, ...shown } = foreignMessage(line);
  return { ...shown, fwd_messages: [], ...(keyboard === undefined ? {} : { keyboard }) };
}

/** What stands in a place, oldest first. Notifications by phone have a dialog apart (contracts/vk.md 5). */
export function linesOf(place: Place): Line[] {
  if (isChat(place)) return place.messages.filter(isThere);
  return dialogMessages(place.messages);
}

/** What stands in the community's own dialog. */
export function dialogMessages(messages: readonly Message[]): Message[] {
  return messages.filter((message) => message.kind === 'message' && isThere(message));
}

const isThere = ({ deleted, hiddenFromGroup }: Line): boolean => !deleted && !hiddenFromGroup;

export function idOf(line: Line): number {
  return isOfChat(line) ? 0 : Number(line.networkId);
}

export function isOwn(line: Line): boolean {
  return isOfChat(line) ? line.author === null : line.from === 'group';
}

function authorOf(line: Line): number {
  const { group } = placeOf(line);
  const author = isOfChat(line) ? line.author : line.from === 'group' ? null : line.dialog.person;
  return author === null ? -Number(group.id) : (author.vkId ?? 0);
}

function peerOf(line: Line): number {
  return isOfChat(line) ? chatPeer(line.chat) : Number(line.dialog.peerId);
}

const secondsOf = (timeMs: number): number => Math.floor(timeMs / 1_000);

const editOf = ({ editedAt }: Line): Record<string, unknown> => (editedAt === null ? {} : { update_time: secondsOf(editedAt) });

/** A system line. Names: messages_message_action_status of the schema. */
function vkAction(action: ChatAction, { author, chat }: ChatMessage): Record<string, unknown> {
  const actorId = (actor: ChatActor): number => (actor === null ? -Number(chat.group.id) : (actor.vkId ?? 0));
  switch (action.kind) {
    case 'created':
      return { type: 'chat_create', text: action.title };
    case 'renamed':
      return { type: 'chat_title_update', text: action.title };
    case 'icon': {
      const { url } = action;
      if (url === null) return { type: 'chat_photo_remove' };
      return { type: 'chat_photo_update', photo: { photo_50: url, photo_100: url, photo_200: url } };
    }
    case 'joined':
      return { type: action.byLink ? 'chat_invite_user_by_link' : 'chat_invite_user', member_id: actorId(action.member) };
    case 'left':
      return { type: 'chat_kick_user', member_id: actorId(action.member) };
    case 'pinned':
    case 'unpinned':
      return {
        type: action.kind === 'pinned' ? 'chat_pin_message' : 'chat_unpin_message',
        member_id: actorId(author),
        conversation_message_id: action.message.numberInDialog,
        message: action.message.text,
      };
  }
}
