import { createHash } from 'node:crypto';
import type { Chat, ChatMessage, Dialog, Group, Instant, Keyboard, Message, Person, World } from '../world/world.ts';
import { bareId } from './ok-ids.ts';

/** Where a group writes: its dialog with one person (`GROUP_CHAT`), or a chat of several people (`CHAT`). */
export type Place = { kind: 'dialog'; dialog: Dialog; id: string } | { kind: 'chat'; chat: Chat; id: string };

/** One message of a place, whichever it is. */
export interface Line {
  readonly place: Place;
  /** `mid:C….hex`. */
  readonly mid: string;
  /** `time << 16 | counter`, beyond 2^53; the hex part of `mid` is the same number (contracts/ok.md 3.5). */
  readonly seq: bigint;
  /** Wall time, ms. */
  readonly time: number;
  /** Null: the group itself. */
  readonly author: Person | null;
  readonly of: { message: Message } | { chatMessage: ChatMessage };
}

/** What was written of a line: where it can be changed. */
export function contentOf({ of }: Line): Message | ChatMessage {
  return 'message' in of ? of.message : of.chatMessage;
}

/** A chat of several people has an id like a dialog's, made of its group and number. */
export function chatIdOf({ group, number }: Chat): string {
  return `chat:C${createHash('sha1').update(`${group.id} chat ${number}`).digest('hex').slice(0, 12)}`;
}

export const groupOf = (place: Place): Group => (place.kind === 'dialog' ? place.dialog.group : place.chat.group);
export const placeOfDialog = (dialog: Dialog): Place => ({ kind: 'dialog', dialog, id: dialog.peerId });
export const placeOfChat = (chat: Chat): Place => ({ kind: 'chat', chat, id: chatIdOf(chat) });

/** The group's place with this id, with or without its prefix, in either case. */
export function findPlace(world: World, group: Group, id: string): Place | null {
  const wanted = `chat:C${bareId(id).replace(/^c/i, '').toLowerCase()}`;
  const chat = world.chats.ofGroup(group).find((candidate) => chatIdOf(candidate) === wanted);
  if (chat !== undefined) return placeOfChat(chat);
  const dialog = world.dialogs.byPeer(group, wanted);
  return dialog === null ? null : placeOfDialog(dialog);
}

/** Every place of the group: dialogs, then chats. */
export function placesOf(world: World, group: Group): Place[] {
  return [...world.dialogs.ofGroup(group).map(placeOfDialog), ...world.chats.ofGroup(group).map(placeOfChat)];
}

export function lineOf(message: Message): Line {
  const { networkId: mid, seq, time, from, dialog } = message;
  return { place: placeOfDialog(dialog), mid, seq, time, author: from === 'person' ? dialog.person : null, of: { message } };
}

export function lineOfChat(chatMessage: ChatMessage): Line {
  const { chat, time, author, numberInDialog } = chatMessage;
  const place = placeOfChat(chat);
  // The number in the chat is the counter: no two lines of one chat have the same, whenever they came.
  const seq = (BigInt(time) << 16n) | BigInt(numberInDialog & 0xffff);
  return { place, mid: `mid:${bareId(place.id)}.${seq.toString(16)}`, seq, time, author, of: { chatMessage } };
}

/** What was said at a place, oldest first, deleted lines too. Notifications by phone stand in no chat. */
export function linesOf(place: Place): Line[] {
  if (place.kind === 'chat') return place.chat.messages.map(lineOfChat);
  return place.dialog.messages.filter(({ kind }) => kind === 'message').map(lineOf);
}

/** What a group writes, checked. */
export interface Written {
  text: string;
  keyboard: Keyboard | null;
  /** What the network gives back of it: attachments, reply_to, privacyWarning. */
  extra: Record<string, unknown>;
}

export type WriteResult = { ok: true; line: Line } | { ok: false; refused: 'by the person' | 'not in the chat' };

/** The group writes to a person, in their dialog. `at`: when its call came in. */
export function writeToPerson(
  world: World,
  group: Group,
  person: Person,
  { text, extra, keyboard }: Written,
  at: Instant,
): WriteResult {
  const sent = world.send(group, person, { kind: 'message', text, extra, at, ...(keyboard === null ? {} : { keyboard }) });
  return sent.ok ? { ok: true, line: lineOf(sent.message) } : { ok: false, refused: 'by the person' };
}

/** The group writes to a place. `at`: when its call came in. */
export function write(world: World, place: Place, written: Written, at: Instant): WriteResult {
  if (place.kind === 'dialog') return writeToPerson(world, place.dialog.group, place.dialog.person, written, at);
  const { text, extra, keyboard } = written;
  const said = world.chats.say(place.chat, null, text, { extra, ...(keyboard === null ? {} : { keyboard }) });
  return said === null ? { ok: false, refused: 'not in the chat' } : { ok: true, line: lineOfChat(said) };
}
