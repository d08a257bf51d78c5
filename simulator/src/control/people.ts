import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Acted, type Group, idOn, type Network, type Person, type World } from '../world/world.ts';
import { ControlError, type Fields, readFields, readNetwork, readPerson, readText } from './answers.ts';

type PersonRequest = FastifyRequest<{ Params: { phone: string } }>;

// Loads meet people by the hundred thousand; a list for reading needs only some.
const PEOPLE_MAX = 1_000;
const MESSAGES_SHOWN = { default: 200, max: 1_000 } as const;

/** Routes to see people and to act as one of them. Each action names the network, and may name the group by its id. */
export function registerPeople(app: FastifyInstance, world: World): void {
  app.get('/control/people', async () =>
    world.people
      .known()
      .slice(0, PEOPLE_MAX)
      .map((person) => ({
        phone: person.phone,
        name: nameOf(person),
        vk: accountOf(world, person, 'vk'),
        ok: accountOf(world, person, 'ok'),
        behaviour: person.behaviour,
      })),
  );

  app.get('/control/people/:phone/inbox', async (request: PersonRequest) => world.inbox(readPerson(world, request.params.phone)));

  app.get<{ Querystring: { limit?: string } }>('/control/messages', async (request) => {
    const limit = Math.min(Number(request.query.limit) || MESSAGES_SHOWN.default, MESSAGES_SHOWN.max);
    return world.dialogs
      .newest(Math.max(limit, 1))
      .filter((message) => message.status !== 'pending' && !message.deleted)
      .map(({ dialog, from, kind, text, time, status, networkId, keyboard }) => ({
        id: networkId,
        phone: dialog.person.phone,
        name: nameOf(dialog.person),
        network: dialog.group.network,
        group: dialog.group.id,
        from,
        kind,
        text,
        time,
        status,
        buttons: (keyboard?.buttons ?? []).map(({ label, payload }) => ({ label, payload })),
      }));
  });

  act(app, world, 'say', ['text'], (group, person, fields) => {
    const said = world.say(group, person, readText(fields, 'text'));
    return said.ok ? { ok: true, result: { messageId: said.result.networkId } } : said;
  });
  act(app, world, 'press', ['payload'], (group, person, fields) => {
    const pressed = world.press(group, person, readPayload(fields));
    return pressed.ok ? { ok: true, result: { label: pressed.result.label } } : pressed;
  });
  act(app, world, 'start', ['payload'], (group, person, fields) => {
    const payload = fields['payload'] === undefined ? undefined : readText(fields, 'payload');
    return world.start(group, person, payload);
  });
  act(app, world, 'read', [], (group, person) => {
    const read = world.read(group, person);
    return read.ok ? { ok: true, result: { messages: read.result.length } } : read;
  });
  act(app, world, 'allow', [], (group, person) => world.allow(group, person));
  act(app, world, 'block', [], (group, person) => world.block(group, person));
}

function act(
  app: FastifyInstance,
  world: World,
  action: string,
  fieldNames: readonly string[],
  perform: (group: Group, person: Person, fields: Fields) => Acted<object | null>,
): void {
  app.post(`/control/people/:phone/${action}`, async (request: PersonRequest) => {
    const person = readPerson(world, request.params.phone);
    const fields = readFields(request.body, ['network', 'group', ...fieldNames]);
    const network = readNetwork(fields);
    const group = readGroup(world, network, person, fields);
    const acted = perform(group, person, fields);
    if (acted.ok) return { ok: true, ...acted.result };
    if (acted.reason === 'no_button') {
      throw new ControlError(
        409,
        'payload',
        'The person sees no button with this payload.',
        'Send the payload of a button that was shown to them.',
      );
    }
    throw new ControlError(409, 'network', `The person has no account on ${network}.`, 'GET /control/people shows who is where.');
  });
}

function readGroup(world: World, network: Network, person: Person, fields: Fields): Group {
  if (fields['group'] === undefined) return world.groupOf(network, person);
  const group = world.groups.byId(network, String(fields['group']));
  if (group !== null) return group;
  throw new ControlError(400, 'group', `There is no such group on ${network}.`, 'Give its id, or leave "group" out.');
}

/** A payload as its text, or as the JSON value that the text stands for. */
function readPayload(fields: Fields): string {
  const { payload } = fields;
  if (payload === undefined) throw new ControlError(400, 'payload', '"payload" is missing.', 'Send the payload of the button.');
  return typeof payload === 'string' ? payload : JSON.stringify(payload);
}

const nameOf = (person: Person): string => `${person.firstName} ${person.lastName}`;

function accountOf(world: World, person: Person, network: Network) {
  const id = idOn(person, network);
  return id === null ? null : { id, demoGroup: world.permission(world.groups.demo(network), person) };
}
