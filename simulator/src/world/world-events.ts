import type { ChatMessage, ChatPress } from './chats.ts';
import type { Dialog, Message } from './dialogs.ts';
import type { Group } from './groups.ts';
import type { Person } from './people.ts';
import type { ShownSign } from './signs.ts';

/** What happens in the world. The network halves turn it into their events; a listener must not throw. */
export interface WorldEvents {
  /** The network took a group's message or notification. */
  sent: Message;
  /** It reached the person's device. Comes once, before `read`; never for whom is offline. */
  delivered: Message;
  /** Its ttl ran out before it was delivered. */
  expired: Message;
  /** A message was changed or deleted by who wrote it. */
  changed: Message;
  /** A person wrote, or pressed a button that writes (then with `payload`). */
  said: Message;
  /** A person pressed a button that only tells the group. `eventId` is VK's envelope id, `callbackId` answers the press. */
  pressed: { dialog: Dialog; shownBy: Message | null; payload: string; eventId: string; callbackId: string; time: number };
  /** A person opened the chat by a link (OK CHAT_STARTED). On VK the Start button writes, see `said`. */
  started: { dialog: Dialog; payload: string | null; time: number };
  /** A person read everything up to `upTo`; `messages` are those that were unread. */
  read: { dialog: Dialog; upTo: Message; messages: readonly Message[]; eventId: string; time: number };
  /** The group has read what the person wrote, up to the dialog's `seenUpTo`. */
  seen: Dialog;
  /** The group types, or answers a press: no message, but the person's client shows it. */
  shown: ShownSign;
  /** A person went online or offline. */
  presence: { person: Person; isOnline: boolean; time: number };
  /** A person is writing to the group. */
  typed: { group: Group; person: Person; eventId: string; time: number };
  /** A person put a reaction to a message of the dialog, or took it back (null). */
  reacted: { message: Message; reactionId: number | null; eventId: string; time: number };
  /** A line came into a chat: by a person, by the group, or a system line (`action`). */
  chatSaid: ChatMessage;
  /** A message of a chat was changed or deleted. */
  chatChanged: ChatMessage;
  chatPressed: ChatPress;
  /** A person let the group write (again), or forbade it. Only when it changes. `key`: that of VK's allowMessagesFromGroup. */
  allowed: { group: Group; person: Person; key: string; eventId: string; time: number };
  blocked: { group: Group; person: Person; eventId: string; time: number };
  /** Somebody wants to see how clients bear it. */
  disturbed: { group: Group; disturbance: Disturbance };
  /** Back to the start. Keep subscriptions (webhook addresses, long-poll sessions) unless told otherwise; drop everything else. */
  reset: { subscriptions: boolean };
}

/**
 * What VK may do to a group's clients at any moment (vk.md 1.1 and 2), on demand: the next polls of each kind are answered with
 * `failed`, or the confirmation code changes. [?] Whether the code before is still taken then is not known: both can be had.
 */
export const DISTURBANCES = [
  'long_poll_failed_1',
  'long_poll_failed_2',
  'long_poll_failed_3',
  'confirmation_code_changed',
  'confirmation_code_changed_old_taken',
] as const;
export type Disturbance = (typeof DISTURBANCES)[number];
