import {
  type Chat,
  type Dialog,
  type Group,
  idOn,
  type Message,
  NETWORKS,
  type Network,
  type Person,
  type World,
} from '../../world/world.ts';
import type { Rows } from './buttons.ts';
import { chatMessageView, isUnderDialog, type MessageView, messageView, nameOf, rowsOf } from './messages.ts';

export type { MessageView } from './messages.ts';
export { nameOf } from './messages.ts';

/** A line of the list of chats on a person's phone, and what stands around its messages. */
export interface ChatView {
  /** `vk:dialog:213243638`, `ok:notifications:70000000000001`, `vk:chat:213243638:1`. */
  id: string;
  network: Network;
  /** A dialog with a group; what a group notifies of by phone, which stands apart; a chat of several people. */
  kind: 'dialog' | 'notifications' | 'chat';
  group: { id: string; name: string };
  /** Of `chat`. */
  number: number | null;
  title: string;
  permission: 'allowed' | 'blocked';
  /** Whether the person can write here: nobody answers an application, nor a chat that the group has left. */
  canWrite: boolean;
  /** Under the dialog. */
  keyboard: Rows;
  oneTime: boolean;
  unread: number;
  /** Messages that the person has not got yet: they are offline. */
  waiting: number;
  members: { phone: string; name: string }[];
  groupIs: Chat['groupIs'];
  last: Pick<MessageView, 'text' | 'time' | 'from' | 'number' | 'ticks'> | null;
}

/** What of a person's phone a change concerns. */
export interface Screen {
  chats: ChatView[];
  messages: MessageView[];
}

// What one looks through by hand; older ones stay in the inbox.
const MESSAGES_SHOWN_MAX = 200;

/** The id of the chat in which a dialog or a chat of several people is seen. */
export function chatIdOf(place: Dialog | Chat): string {
  const { network, id } = place.group;
  return 'members' in place ? `${network}:chat:${id}:${place.number}` : `${network}:dialog:${id}`;
}

/** All that the person's two phones show, the messages of a chat oldest first. */
export function screenOf(world: World, person: Person): Screen {
  const parts = [...threadsOf(world, person).map((thread) => threadScreen(world, thread)), ...chatsOf(world, person)];
  return { chats: parts.map(({ chat }) => chat), messages: parts.flatMap(({ messages }) => messages) };
}

interface Part {
  chat: ChatView;
  messages: MessageView[];
}

/** One half of a dialog: what a group notifies of, with its answers, or the rest. */
interface Thread {
  kind: 'dialog' | 'notifications';
  group: Group;
  person: Person;
  dialog: Dialog | null;
  messages: Message[];
}

const isNotification = ({ kind, from, tag }: Message): boolean => kind === 'notification' || (from === 'person' && tag !== null);

function threadsOf(world: World, person: Person): Thread[] {
  const dialogs = world.dialogs.ofPerson(person);
  const threads = dialogs.flatMap((dialog): Thread[] => {
    const { group } = dialog;
    const [notifications, messages] = [dialog.messages.filter(isNotification), dialog.messages.filter((m) => !isNotification(m))];
    const isWritable = world.groups.byId(group.network, group.id) === group;
    return [
      ...(notifications.length > 0 ? [{ kind: 'notifications', group, person, dialog, messages: notifications } as const] : []),
      ...(isWritable ? [{ kind: 'dialog', group, person, dialog, messages } as const] : []),
    ];
  });
  // The demo's groups are there from the start: somebody must be able to write first.
  const unopened = NETWORKS.map((network) => world.groups.demo(network)).filter(
    (group) => idOn(person, group.network) !== null && !dialogs.some((dialog) => dialog.group === group),
  );
  return [...threads, ...unopened.map((group): Thread => ({ kind: 'dialog', group, person, dialog: null, messages: [] }))];
}

function threadScreen(world: World, { kind, group, person, dialog, messages }: Thread): Part {
  const id = `${group.network}:${kind}:${group.id}`;
  const staffName = (vkId: string): string | null => {
    const admin = world.people.byId(group.network, vkId);
    return admin === null ? null : nameOf(admin);
  };
  const seen = messages.filter(({ status }) => status !== 'pending').slice(-MESSAGES_SHOWN_MAX);
  const views = seen.map((message) => messageView(id, message, staffName));
  const canWrite = world.groups.byId(group.network, group.id) === group;
  return {
    messages: views,
    chat: {
      id,
      network: group.network,
      kind,
      group: { id: group.id, name: group.name },
      number: null,
      title: group.name,
      permission: world.permission(group, person) === 'blocked' ? 'blocked' : 'allowed',
      canWrite,
      ...(kind === 'dialog' ? keyboardOf(group.network, dialog) : NO_KEYBOARD),
      unread: messages.filter(({ from, status, deleted }) => from === 'group' && status === 'received' && !deleted).length,
      waiting: messages.filter(({ status }) => status === 'pending').length,
      members: [],
      groupIs: 'in',
      last: lastOf(views),
    },
  };
}

function chatsOf(world: World, person: Person): Part[] {
  return world.chats.ofPerson(person).map((chat) => {
    const { network } = chat.group;
    const id = chatIdOf(chat);
    const views = chat.messages.slice(-MESSAGES_SHOWN_MAX).map((message) => chatMessageView(id, message, person));
    return {
      messages: views,
      chat: {
        id,
        network,
        kind: 'chat',
        group: { id: chat.group.id, name: chat.group.name },
        number: chat.number,
        title: chat.title,
        permission: 'allowed',
        canWrite: true,
        ...keyboardOf(network, chat),
        unread: 0,
        waiting: 0,
        members: [...chat.members.values()].map((member) => ({ phone: member.person.phone, name: nameOf(member.person) })),
        groupIs: chat.groupIs,
        last: lastOf(views),
      },
    };
  });
}

const NO_KEYBOARD = { keyboard: [], oneTime: false };

/** The keyboard under a dialog: that of the newest message which brought one, until it is pressed away. */
function keyboardOf(
  network: Network,
  place: { keyboard: Dialog['keyboard']; messages: readonly Pick<Message, 'extra' | 'keyboard'>[] } | null,
): Pick<ChatView, 'keyboard' | 'oneTime'> {
  const shown = place?.keyboard ?? null;
  if (place === null || shown === null) return NO_KEYBOARD;
  const source = place.messages.findLast((message) => message.keyboard === shown && isUnderDialog(message));
  return { keyboard: rowsOf(network, source ?? { extra: {}, keyboard: shown }), oneTime: shown.oneTime };
}

function lastOf(views: readonly MessageView[]): ChatView['last'] {
  const last = views.at(-1);
  if (last === undefined) return null;
  const { text, time, from, number, ticks } = last;
  return { text, time, from, number, ticks };
}
