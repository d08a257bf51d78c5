import type { Chat, ChatMessage, Person } from '../../world/world.ts';
import { type OkResult, type Refused, refuse, respond } from '../ok-errors.ts';
import { bareId } from '../ok-ids.ts';
import { lineOfChat, type Place } from '../places.ts';
import { askedChat, type GraphCall, type GraphRoute, isObject } from './graph-call.ts';

type Read<Value> = { ok: true; value: Value } | Refused;

function readPerson({ network }: GraphCall, id: unknown, field: string): Read<Person> {
  const person = typeof id === 'string' || typeof id === 'number' ? network.world.people.byId('ok', bareId(String(id))) : null;
  return person === null ? refuse('PARAM_USER_ID', `${field} should be the id of a user`) : { ok: true, value: person };
}

function readPeople(call: GraphCall, ids: readonly unknown[], field: string): Read<Person[]> {
  const people: Person[] = [];
  for (const [index, id] of ids.entries()) {
    const read = readPerson(call, id, `${field}[${index}]`);
    if (!read.ok) return read;
    people.push(read.value);
  }
  return { ok: true, value: people };
}

/** The chat of several people at a place that the group is still in. [?] What OK says of a dialog with one person is not known. */
export function openChat(place: Place): { ok: true; chat: Chat } | Refused {
  if (place.kind === 'dialog') return refuse('REQUEST', 'This is for chats of several people, not for the dialog with one');
  return place.chat.groupIs === 'in'
    ? { ok: true, chat: place.chat }
    : refuse('PERMISSION_DENIED', 'The group is not in the chat');
}

/** What one control does: the line that tells of it, null where nothing changed. */
type Control = (call: GraphCall, chat: Chat, value: unknown) => { ok: true; line: ChatMessage | null } | Refused;

const retitle: Control = ({ network }, chat, title) =>
  typeof title === 'string' && title.trim() !== ''
    ? { ok: true, line: network.world.chats.rename(chat, null, title) }
    : refuse('PARAM', 'chat_control.title should be a text');

const changeIcon: Control = ({ network }, chat, icon) => {
  const url = isObject(icon) ? icon['url'] : undefined;
  return typeof url === 'string' && /^https?:\/\/\S+$/.test(url)
    ? { ok: true, line: network.world.chats.setIcon(chat, null, url) }
    : refuse('PARAM', 'chat_control.icon.url should be an http or https address of a picture');
};

const addMembers: Control = (call, chat, members) => {
  if (!Array.isArray(members) || members.length === 0)
    return refuse('PARAM', 'chat_control.add_members should be a list of users');
  const ids = members.map((member: unknown) => (isObject(member) ? member['user_id'] : member));
  const people = readPeople(call, ids, 'chat_control.add_members');
  return people.ok ? { ok: true, line: join(call, chat, people.value) } : people;
};

const removeMember: Control = (call, chat, member) => {
  const person = readPerson(call, isObject(member) ? member['user_id'] : undefined, 'chat_control.remove_member.user_id');
  if (!person.ok) return person;
  if (!chat.members.has(person.value)) return refuse('PARAM_USER_ID', 'The user is not in the chat');
  if (!chat.groupIsAdmin) return refuse('PERMISSION_DENIED', 'Only an administrator of the chat removes its members');
  return { ok: true, line: call.network.world.chats.leave(chat, person.value, null) };
};

const leave: Control = ({ network }, chat, value) =>
  String(value) === 'true'
    ? { ok: true, line: network.world.chats.leave(chat, null, null) }
    : refuse('PARAM', 'chat_control.leave should be "true"');

function join({ network }: GraphCall, chat: Chat, people: readonly Person[]): ChatMessage | null {
  const lines = people.map((person) => network.world.chats.join(chat, person, { by: null }));
  return lines.findLast((line) => line !== null) ?? null;
}

/** `chat_control` of a send, by its field (contracts/ok.md 3.3). */
const CONTROLS: Readonly<Record<string, Control>> = {
  title: retitle,
  icon: changeIcon,
  add_members: addMembers,
  remove_member: removeMember,
  leave,
};

/** Changes a chat as `chat_control` asks. [?] The answer is that of a message: an independent client reads its `message_id`. */
export function controlChat(call: GraphCall, place: Place, control: unknown): OkResult {
  const asked = isObject(control) ? Object.entries(control) : [];
  const [name, value] = asked[0] ?? ['', undefined];
  const run = CONTROLS[name];
  if (asked.length !== 1 || run === undefined)
    return refuse('PARAM', `chat_control should hold one of ${Object.keys(CONTROLS).join(', ')}`);
  const open = openChat(place);
  if (!open.ok) return open;
  const done = run(call, open.chat, value);
  if (!done.ok) return done;
  return respond({ recipient_id: place.id, ...(done.line === null ? {} : { message_id: lineOfChat(done.line).mid }) });
}

/** [?] `addMember` is inferred: the page prints /answer (contracts/ok.md 3). `showHistory` is taken and does nothing. */
function addMember(call: GraphCall): OkResult {
  const asked = askedChat(call);
  if (!asked.ok) return asked;
  const { userId, userIds = userId === undefined ? undefined : [userId] } = call.body;
  if (!Array.isArray(userIds) || userIds.length === 0) return refuse('PARAM', 'userId or userIds is required');
  const open = openChat(asked.place);
  if (!open.ok) return open;
  const people = readPeople(call, userIds, 'userIds');
  if (!people.ok) return people;
  join(call, open.chat, people.value);
  return respond({ success: true });
}

export const MEMBER_ROUTES: readonly GraphRoute[] = [{ verb: 'POST', pattern: '{chat}/addMember', run: addMember }];
