import type { Acted, Chat, ChatMessage, Group, Message, Network, Person, World } from '../world/world.ts';
import { ControlError, type Fields, readGroup, readNetwork, readNumber, readText } from './answers.ts';

/** Where a person does something: in their dialog with a group, or in a chat of several people that the group is in. */
export interface Place {
  world: World;
  network: Network;
  group: Group;
  person: Person;
  /** Null: the dialog. */
  chat: Chat | null;
}

/** What every action may name: the group (else the one that wrote last, or the demo's), and a chat by its number. */
export const PLACE_FIELDS = ['network', 'group', 'chat'] as const;

export function readPlace(world: World, person: Person, fields: Fields): Place {
  const network = readNetwork(fields);
  const group = readGroup(world, network, fields, world.groupOf(network, person));
  return { world, network, group, person, chat: readChat(world, group, fields) };
}

/** The chat with the number in `chat`; null where the field is absent. */
export function readChat(world: World, group: Group, fields: Fields): Chat | null {
  const number = readNumber(fields, 'chat', { min: 1, max: 1_000_000 });
  if (number === undefined) return null;
  const chat = world.chats.byNumber(group, number);
  if (chat !== null) return chat;
  throw new ControlError(404, 'chat', 'The group is in no chat with this number.', 'GET /control/chats shows its chats.');
}

/** What an action in a dialog gave; what was not possible is a conflict. */
export function orRefuse<Result>(acted: Acted<Result>, { network }: Place): Result {
  if (acted.ok) return acted.result;
  if (acted.reason === 'no_button') throw noButton();
  throw new ControlError(409, 'network', `The person has no account on ${network}.`, 'GET /control/people shows who is where.');
}

export const noButton = (): ControlError =>
  new ControlError(
    409,
    'payload',
    'The person sees no button with this payload.',
    'Send the payload of a button that was shown to them.',
  );

/** What an action in a chat gave; null means that the actor is not in it. */
export function inChat<Result>(result: Result | null): Result {
  if (result !== null) return result;
  throw new ControlError(409, 'chat', 'Who should do this is not in the chat.', 'Add them by POST /control/chats/…/add.');
}

/** The message named by `message`, that the person can see: by its id as the network names it, in a chat by its number. */
export function readMessage(place: Place, fields: Fields): Message | ChatMessage {
  const id = readText(fields, 'message');
  const { world, group, person, chat } = place;
  const found =
    chat === null
      ? world.dialogs.find(group, person)?.messages.find(({ networkId }) => networkId === id)
      : chat.messages.find(({ numberInDialog }) => String(numberInDialog) === id);
  if (found !== undefined && !found.deleted && (!('networkId' in found) || found.status !== 'pending')) return found;
  throw new ControlError(
    404,
    'message',
    'The person sees no such message here.',
    'Take an id of GET /control/people/{phone}/screen.',
  );
}

/** The same where only who wrote it may touch it. */
export function readOwnMessage(place: Place, fields: Fields): Message | ChatMessage {
  const message = readMessage(place, fields);
  const isOwn = 'networkId' in message ? message.from === 'person' : message.author === place.person && message.action === null;
  if (isOwn) return message;
  throw new ControlError(409, 'message', 'The person did not write this message.', 'Name one of their own.');
}
