import { findButton } from './buttons.ts';
import type { Clock } from './clock.ts';
import type { Keyboard, ShownButton } from './dialogs.ts';
import type { Group } from './groups.ts';
import type { Ids } from './ids.ts';
import type { Person } from './people.ts';
import { extraOf, USUAL_PLACE } from './sharing.ts';

/** Who does something in a chat; null is the group itself. */
export type ChatActor = Person | null;

/** A line of a chat that nobody wrote. `member` null is the group. */
export type ChatAction =
  | { kind: 'created'; title: string }
  | { kind: 'renamed'; title: string }
  | { kind: 'icon'; url: string | null }
  | { kind: 'joined'; member: ChatActor; byLink: boolean }
  /** Left by themselves where the message's author is the member, else removed by the author. */
  | { kind: 'left'; member: ChatActor }
  | { kind: 'pinned' | 'unpinned'; message: ChatMessage };

export interface ChatMessage {
  readonly chat: Chat;
  readonly author: ChatActor;
  /** VK `conversation_message_id`: a bot knows messages of chats by nothing else (vk.md 1.4). */
  readonly numberInDialog: number;
  /** Wall time, ms. */
  readonly time: number;
  readonly eventId: string;
  readonly action: ChatAction | null;
  /** Of the button that wrote it. */
  readonly payload: string | null;
  /** Everybody in a chat is there; so that buttons are looked for as in a dialog. */
  readonly status: 'received';
  text: string;
  keyboard: Keyboard | null;
  /** Whatever else the network keeps of it (attachments, reply …). */
  extra: Record<string, unknown>;
  editedAt: number | null;
  deleted: boolean;
  /** Deleted by the group for itself alone. */
  hiddenFromGroup: boolean;
}

export interface ChatMember {
  readonly person: Person;
  readonly isAdmin: boolean;
  /** Wall time, ms. */
  readonly joinedAt: number;
  readonly invitedBy: ChatActor;
}

/** A chat of several people that a group was added to, as this group sees it. */
export interface Chat {
  readonly group: Group;
  /** VK `chat_id`; from 1, per group. */
  readonly number: number;
  /** Who made it. */
  readonly owner: ChatActor;
  title: string;
  iconUrl: string | null;
  readonly members: Map<Person, ChatMember>;
  /** Whether the group is still in it: it may leave by itself, or be removed. */
  groupIs: 'in' | 'left' | 'removed';
  groupIsAdmin: boolean;
  /** Oldest first; only the newest `CHAT_MESSAGES_MAX`. */
  readonly messages: ChatMessage[];
  pinned: ChatMessage | null;
  keyboard: Keyboard | null;
  lastNumber: number;
}

/** A press on a button of a chat that only tells the group. */
export interface ChatPress {
  chat: Chat;
  person: Person;
  shownBy: ChatMessage | null;
  payload: string;
  eventId: string;
  callbackId: string;
  time: number;
}

export interface ChatWriting {
  payload?: string;
  keyboard?: Keyboard;
  extra?: Record<string, unknown>;
}

/**
 * Chats of several people. The group sees all that happens while it is in; afterwards nothing is told. Every function that makes a
 * line gives it back, or null where the actor is not in the chat (any more).
 */
export interface Chats {
  /** `owner` null: the group makes it. Everybody named is in it at once, the group too; told as made and the group as joined. */
  create(chat: { group: Group; title: string; owner: ChatActor; people?: readonly Person[]; groupIsAdmin?: boolean }): Chat;
  byNumber(group: Group, number: number): Chat | null;
  /** In the order of making. */
  ofGroup(group: Group): Chat[];
  /** Those that the person is in. */
  ofPerson(person: Person): Chat[];
  /** Somebody writes; null is the group. */
  say(chat: Chat, author: ChatActor, text: string, more?: ChatWriting): ChatMessage | null;
  /** Null also where no button with this payload can be seen. */
  press(chat: Chat, person: Person, payload: string): ShownButton | null;
  edit(message: ChatMessage, changes: Partial<Pick<ChatMessage, 'text' | 'keyboard' | 'extra'>>): void;
  delete(message: ChatMessage): void;
  rename(chat: Chat, by: ChatActor, title: string): ChatMessage | null;
  /** `url` null takes the icon away. */
  setIcon(chat: Chat, by: ChatActor, url: string | null): ChatMessage | null;
  /** A person comes, by somebody's invitation or by the link; or the group is added (again) by a person. */
  join(chat: Chat, member: ChatActor, how: { by: ChatActor } | 'link'): ChatMessage | null;
  /** A member leaves, or is removed by another. */
  leave(chat: Chat, member: ChatActor, by: ChatActor): ChatMessage | null;
  pin(chat: Chat, by: ChatActor, message: ChatMessage): ChatMessage | null;
  unpin(chat: Chat, by: ChatActor): ChatMessage | null;
  reset(): void;
}

/** What chats tell the world. */
export interface ChatListener {
  said(message: ChatMessage): void;
  changed(message: ChatMessage): void;
  pressed(press: ChatPress): void;
}

// Chats are for trying out, not for load: a bound keeps a bot in a loop from filling the memory.
const CHAT_MESSAGES_MAX = 5_000;

export function createChats(ids: Ids, clock: Clock, listener: ChatListener): Chats {
  const byGroup = new Map<Group, Chat[]>();

  const isIn = (chat: Chat, actor: ChatActor): boolean => (actor === null ? chat.groupIs === 'in' : chat.members.has(actor));
  const write = (chat: Chat, author: ChatActor, line: { text: string; action: ChatAction | null } & ChatWriting): ChatMessage => {
    chat.lastNumber += 1;
    const message: ChatMessage = {
      chat,
      author,
      numberInDialog: chat.lastNumber,
      time: clock.now(),
      eventId: ids.eventId(),
      action: line.action,
      payload: line.payload ?? null,
      status: 'received',
      text: line.text,
      keyboard: line.keyboard ?? null,
      extra: line.extra ?? {},
      editedAt: null,
      deleted: false,
      hiddenFromGroup: false,
    };
    chat.messages.push(message);
    if (chat.messages.length > CHAT_MESSAGES_MAX) chat.messages.shift();
    if (message.keyboard?.place === 'dialog') chat.keyboard = message.keyboard;
    return message;
  };
  /** Tells the group unless it has gone; the line that takes it out still reaches it. */
  const tell = (message: ChatMessage): ChatMessage => {
    const isOwnEnd = message.action?.kind === 'left' && message.action.member === null;
    if (message.chat.groupIs === 'in' || isOwnEnd) listener.said(message);
    return message;
  };
  const act = (chat: Chat, by: ChatActor, action: ChatAction): ChatMessage => tell(write(chat, by, { text: '', action }));

  const chats: Chats = {
    create({ group, title, owner, people = [], groupIsAdmin = owner === null }) {
      const own = byGroup.get(group) ?? [];
      const now = clock.now();
      const chat: Chat = {
        group,
        number: own.length + 1,
        owner,
        title,
        iconUrl: null,
        members: new Map(),
        groupIs: 'in',
        groupIsAdmin,
        messages: [],
        pinned: null,
        keyboard: null,
        lastNumber: 0,
      };
      byGroup.set(group, [...own, chat]);
      for (const person of owner === null ? people : [owner, ...people]) {
        chat.members.set(person, { person, isAdmin: person === owner, joinedAt: now, invitedBy: owner });
      }
      act(chat, owner, { kind: 'created', title });
      if (owner !== null) act(chat, owner, { kind: 'joined', member: null, byLink: false });
      return chat;
    },
    byNumber: (group, number) => byGroup.get(group)?.[number - 1] ?? null,
    ofGroup: (group) => byGroup.get(group) ?? [],
    ofPerson: (person) => [...byGroup.values()].flat().filter(({ members }) => members.has(person)),
    say: (chat, author, text, more = {}) =>
      isIn(chat, author) ? tell(write(chat, author, { text, action: null, ...more })) : null,
    press(chat, person, payload) {
      const found = isIn(chat, person) ? findButton(chat, payload) : null;
      if (found === null) return null;
      const { button, shownBy } = found;
      if (shownBy === null && chat.keyboard?.oneTime === true) chat.keyboard = null;
      if (button.does === 'say') chats.say(chat, person, button.label, button.payload === '' ? {} : { payload: button.payload });
      else if (button.does === 'contact' || button.does === 'location') {
        const shared = button.does === 'contact' ? ({ kind: 'contact' } as const) : USUAL_PLACE;
        chats.say(chat, person, '', { extra: extraOf(shared, chat.group.network, person) });
      } else if (button.does === 'tell') {
        const { payload: given } = button;
        const press = { chat, person, shownBy, payload: given, eventId: ids.eventId(), callbackId: ids.hex(16) };
        listener.pressed({ ...press, time: clock.now() });
      }
      return button;
    },
    edit(message, changes) {
      Object.assign(message, changes, { editedAt: clock.now() });
      listener.changed(message);
    },
    delete(message) {
      message.deleted = true;
      listener.changed(message);
    },
    rename(chat, by, title) {
      if (!isIn(chat, by)) return null;
      chat.title = title;
      return act(chat, by, { kind: 'renamed', title });
    },
    setIcon(chat, by, url) {
      if (!isIn(chat, by)) return null;
      chat.iconUrl = url;
      return act(chat, by, { kind: 'icon', url });
    },
    join(chat, member, how) {
      const by = how === 'link' ? member : how.by;
      if (isIn(chat, member) || (how !== 'link' && !isIn(chat, by))) return null;
      if (member === null) chat.groupIs = 'in';
      else chat.members.set(member, { person: member, isAdmin: false, joinedAt: clock.now(), invitedBy: by });
      return act(chat, by, { kind: 'joined', member, byLink: how === 'link' });
    },
    leave(chat, member, by) {
      if (!isIn(chat, member) || !isIn(chat, by)) return null;
      if (member !== null) chat.members.delete(member);
      else chat.groupIs = by === null ? 'left' : 'removed';
      return act(chat, by, { kind: 'left', member });
    },
    pin(chat, by, message) {
      if (!isIn(chat, by)) return null;
      chat.pinned = message;
      return act(chat, by, { kind: 'pinned', message });
    },
    unpin(chat, by) {
      const { pinned } = chat;
      if (pinned === null || !isIn(chat, by)) return null;
      chat.pinned = null;
      return act(chat, by, { kind: 'unpinned', message: pinned });
    },
    reset: () => byGroup.clear(),
  };
  return chats;
}
