import type { ChatAction, ChatMessage, Dialog, Message, Network, Person } from '../../world/world.ts';
import { type AttachmentView, attachmentViews } from './attachments.ts';
import { okRows, plainRows, type Rows, vkRows } from './buttons.ts';
import { type CardView, cardViews } from './carousel.ts';
import { objectOf, textOf } from './wire-values.ts';

/**
 * How far a message is. Of the group: `received`, `read`, `expired` (its ttl was over, the person never saw it). Of the person:
 * `sent`, `seen` by the group. Lines of chats have none.
 */
export type Ticks = 'received' | 'read' | 'expired' | 'sent' | 'seen' | null;

export interface SystemLine {
  kind: ChatAction['kind'];
  /** The new title. */
  title: string | null;
  /** Who came or left; null is the group. */
  member: string | null;
}

/** A message as a person sees it on their phone. */
export interface MessageView {
  /** Of the chat it stands in, see `ChatView`. */
  chat: string;
  /** Grows within a dialog or chat; with `chat` it names the message. */
  number: number;
  /** As the network names it; in a chat of several people the number. It is what `message` of the control API takes. */
  id: string;
  from: 'person' | 'other' | 'group' | 'system';
  /** Who wrote it where that is another person, or somebody of the group's staff. */
  author: string | null;
  kind: 'message' | 'notification';
  text: string;
  /** Wall time, ms. */
  time: number;
  ticks: Ticks;
  edited: boolean;
  deleted: boolean;
  replyTo: string | null;
  attachments: AttachmentView[];
  /** Of the message itself; a keyboard under the dialog stands in its chat. */
  buttons: Rows;
  cards: CardView[];
  reaction: number | null;
  system: SystemLine | null;
}

export const nameOf = ({ firstName, lastName }: Person): string => `${firstName} ${lastName}`;

/** The rows of a message's keyboard, wherever it stands. */
export function rowsOf(network: Network, { extra, keyboard }: Pick<Message, 'extra' | 'keyboard'>): Rows {
  const rows = network === 'vk' ? vkRows(extra['keyboard']) : okRows(extra['attachments']);
  return rows.length > 0 ? rows : plainRows(keyboard);
}

/** Whether its keyboard stands under the dialog instead of in the message. */
export function isUnderDialog({ extra, keyboard }: Pick<Message, 'extra' | 'keyboard'>): boolean {
  const raw = objectOf(extra['keyboard']);
  return keyboard?.place === 'dialog' || ('buttons' in raw && raw['inline'] !== true);
}

function contentOf(network: Network, message: Pick<Message, 'extra' | 'keyboard' | 'text'>) {
  const cards = cardViews(message.extra['template']);
  return {
    text: message.text,
    attachments: attachmentViews(network, message.extra),
    // The buttons of cards stand in the cards.
    buttons: isUnderDialog(message) || cards.length > 0 ? [] : rowsOf(network, message),
    cards,
  };
}

/** A message of a dialog, as it stands in the chat with this id. */
export function messageView(chat: string, message: Message, staffName: (vkId: string) => string | null): MessageView {
  const { dialog, from, extra } = message;
  const { network } = dialog.group;
  const admin = textOf(extra['admin_author_id']);
  return {
    chat,
    number: message.numberInDialog,
    id: message.networkId,
    from,
    author: admin === '' ? null : (staffName(admin) ?? admin),
    kind: message.kind,
    time: message.time,
    ticks: ticksOf(message),
    edited: message.editedAt !== null,
    deleted: message.deleted,
    replyTo: repliedText(dialog, extra),
    reaction: message.reaction,
    system: null,
    ...contentOf(network, message),
  };
}

function ticksOf({ from, status, dialog, numberInDialog }: Message): Ticks {
  if (from === 'person') return numberInDialog <= dialog.seenUpTo ? 'seen' : 'sent';
  return status === 'pending' ? null : status;
}

/** VK names the number or the whole of the other message, OK its mid. */
function repliedText({ messages }: Dialog, extra: Message['extra']): string | null {
  const { id, conversation_message_id: number } = objectOf(extra['reply_message']);
  const wanted = textOf(extra['reply_to']) || textOf(id);
  if (wanted === '' && number === undefined) return null;
  const replied = messages.findLast(({ networkId, numberInDialog }) => networkId === wanted || numberInDialog === number);
  return replied?.text ?? null;
}

/** A line of a chat of several people, as this person sees it. */
export function chatMessageView(chat: string, message: ChatMessage, person: Person): MessageView {
  const { action, author } = message;
  const { network } = message.chat.group;
  return {
    chat,
    number: message.numberInDialog,
    id: String(message.numberInDialog),
    from: action !== null ? 'system' : author === null ? 'group' : author === person ? 'person' : 'other',
    // Lines of the chat name everybody; of messages one's own need no name.
    author: author === null || (author === person && action === null) ? null : nameOf(author),
    kind: 'message',
    time: message.time,
    ticks: null,
    edited: message.editedAt !== null,
    deleted: message.deleted,
    replyTo: null,
    reaction: null,
    system: action === null ? null : systemLine(action),
    ...contentOf(network, message),
  };
}

function systemLine(action: ChatAction): SystemLine {
  return {
    kind: action.kind,
    title: 'title' in action ? action.title : null,
    member: 'member' in action && action.member !== null ? nameOf(action.member) : null,
  };
}
