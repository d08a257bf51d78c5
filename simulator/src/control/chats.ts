import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Chat, type ChatActor, idOn, NETWORKS, type Network, type Person, type World } from '../world/world.ts';
import { ControlError, type Fields, readFields, readFlag, readGroup, readNetwork, readPerson, readText } from './answers.ts';
import { inChat } from './place.ts';
import { nameOf } from './view/view.ts';

const PEOPLE_MAX = 100;

/** Who does it, where a field may also mean the group itself. */
const GROUP = 'group';

type ChatRequest = FastifyRequest<{ Params: { network: string; group: string; number: string } }>;

/** What is done to a chat, by the last part of its address. `by`: a phone, or "group"; else whoever made the chat. */
const DEEDS: Readonly<
  Record<string, { fields: readonly string[]; act(chat: Chat, by: ChatActor, world: World, fields: Fields): void }>
> = {
  title: {
    fields: ['title'],
    act: (chat, by, world, fields) => void inChat(world.chats.rename(chat, by, readText(fields, 'title'))),
  },
  add: {
    fields: ['phone', 'byLink'],
    act: (chat, by, world, fields) => {
      const member = readMember(world, chat, fields);
      if (isIn(chat, member)) throw conflict('phone', 'They are in the chat already.');
      inChat(world.chats.join(chat, member, readFlag(fields, 'byLink') ? 'link' : { by }));
    },
  },
  remove: {
    fields: ['phone'],
    act: (chat, by, world, fields) => {
      const member = readMember(world, chat, fields);
      if (!isIn(chat, member)) throw conflict('phone', 'They are not in the chat.');
      inChat(world.chats.leave(chat, member, by));
    },
  },
  leave: {
    fields: ['phone'],
    act: (chat, _by, world, fields) => {
      const member = readMember(world, chat, fields);
      if (!isIn(chat, member)) throw conflict('phone', 'They are not in the chat.');
      inChat(world.chats.leave(chat, member, member));
    },
  },
};

/** Chats of several people: to make them, to see them, and to change who is in them. */
export function registerChats(app: FastifyInstance, world: World): void {
  app.get<{ Querystring: { network?: string; group?: string } }>('/control/chats', async (request) => {
    const fields = { ...request.query };
    const networks = fields.network === undefined ? NETWORKS : [readNetwork(fields)];
    return networks.flatMap((network) =>
      world.chats.ofGroup(readGroup(world, network, fields, world.groups.demo(network))).map(chatState),
    );
  });

  app.post('/control/chats', async (request) => {
    const fields = readFields(request.body, ['network', 'group', 'title', 'owner', 'people']);
    const network = readNetwork(fields);
    const group = readGroup(world, network, fields, world.groups.demo(network));
    const owner = fields['owner'] === undefined ? null : readAccount(world, network, readText(fields, 'owner'), 'owner');
    const people = readPeople(world, network, fields);
    return chatState(world.chats.create({ group, title: readText(fields, 'title'), owner, people }));
  });

  for (const [name, { fields: known, act }] of Object.entries(DEEDS)) {
    app.post(`/control/chats/:network/:group/:number/${name}`, async (request: ChatRequest) => {
      const chat = findChat(world, request.params);
      const fields = readFields(request.body, ['by', ...known]);
      act(chat, readActor(world, chat, fields), world, fields);
      return chatState(chat);
    });
  }
}

const conflict = (field: string, message: string): ControlError =>
  new ControlError(409, field, message, 'GET /control/chats shows who is in.');

function findChat(world: World, { network: name, group: id, number }: ChatRequest['params']): Chat {
  const network = readNetwork({ network: name });
  const group = world.groups.byId(network, id);
  const chat = group === null ? null : world.chats.byNumber(group, Number(number));
  if (chat !== null) return chat;
  throw new ControlError(404, 'chat', 'There is no such chat.', 'GET /control/chats shows them.');
}

function isIn(chat: Chat, member: ChatActor): boolean {
  return member === null ? chat.groupIs === 'in' : chat.members.has(member);
}

function readAccount(world: World, network: Network, phone: string, field: string): Person {
  const person = readPerson(world, phone);
  if (idOn(person, network) !== null) return person;
  throw new ControlError(
    409,
    field,
    `${nameOf(person)} has no account on ${network}.`,
    'GET /control/people shows who is where.',
  );
}

function readPeople(world: World, network: Network, fields: Fields): Person[] {
  const { people = [] } = fields;
  if (Array.isArray(people) && people.length <= PEOPLE_MAX && people.every((phone) => typeof phone === 'string'))
    return people.map((phone) => readAccount(world, network, phone, 'people'));
  throw new ControlError(400, 'people', `"people" must be a list of at most ${PEOPLE_MAX} phones.`, 'Such as ["79999999999"].');
}

/** The member that `phone` names; "group" is the group. */
function readMember(world: World, chat: Chat, fields: Fields): ChatActor {
  const phone = readText(fields, 'phone');
  return phone === GROUP ? null : readAccount(world, chat.group.network, phone, 'phone');
}

function readActor(world: World, chat: Chat, fields: Fields): ChatActor {
  if (fields['by'] === undefined) return chat.owner;
  const by = readText(fields, 'by');
  return by === GROUP ? null : readAccount(world, chat.group.network, by, 'by');
}

function chatState({ group, number, title, owner, members, groupIs }: Chat): object {
  return {
    network: group.network,
    group: group.id,
    number,
    title,
    owner: owner?.phone ?? null,
    people: [...members.values()].map(({ person }) => ({ phone: person.phone, name: nameOf(person) })),
    groupIs,
  };
}
