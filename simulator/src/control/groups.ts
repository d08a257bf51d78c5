import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Group, NETWORKS, type Person, type World } from '../world/world.ts';
import {
  ControlError,
  type Fields,
  readFields,
  readFlag,
  readGroup,
  readNeededChoice,
  readNetwork,
  readPerson,
  readText,
} from './answers.ts';
import { inChat, orRefuse, readChat } from './place.ts';

type GroupRequest = FastifyRequest<{ Params: { network: string; id: string } }>;

// Somebody with an account on both networks, where nobody is named.
const USUAL_ADMIN = '79990000004';

const LONG_POLL_FAILURES = { 1: 'long_poll_failed_1', 2: 'long_poll_failed_2', 3: 'long_poll_failed_3' } as const;
const TOKEN_DEEDS = ['renew', 'kill'] as const;

/** What can be done as the staff of a group, and what its network does to its clients at moments of its own. */
export function registerGroups(app: FastifyInstance, world: World): void {
  app.post('/control/groups/:network/:id/write-as-admin', async (request: GroupRequest) => {
    const { network: name, id } = request.params;
    const group = world.groups.byId(readNetwork({ network: name }), id);
    if (group === null)
      throw new ControlError(404, 'group', 'There is no such group.', 'Name it as /control/groups/vk/213243638/…');
    const fields = readFields(request.body, ['phone', 'chat', 'text', 'admin']);
    const admin = readPerson(world, fields['admin'] === undefined ? USUAL_ADMIN : readText(fields, 'admin'));
    return { ok: true, messageId: writeAsAdmin(world, group, admin, fields) };
  });

  app.get('/control/tokens', async () => NETWORKS.map((network) => tokenState(world, world.groups.demo(network))));
  app.post('/control/tokens', async (request) => {
    const fields = readFields(request.body, ['network', 'group', 'do']);
    const network = readNetwork(fields);
    const group = readGroup(world, network, fields, world.groups.demo(network));
    if (readNeededChoice(fields, 'do', TOKEN_DEEDS) === 'renew') world.groups.renewToken(group);
    else world.groups.killToken(group);
    return tokenState(world, group);
  });

  app.post('/control/long-poll', async (request) => {
    const fields = readFields(request.body, ['group', 'fail']);
    const group = readGroup(world, 'vk', fields, world.groups.demo('vk'));
    const { fail } = fields;
    if (fail !== 1 && fail !== 2 && fail !== 3)
      throw new ControlError(
        400,
        'fail',
        '"fail" must be 1, 2 or 3.',
        '1: events lost; 2: the key has expired; 3: key and ts lost.',
      );
    world.disturb(group, LONG_POLL_FAILURES[fail]);
    return { ok: true };
  });

  app.post('/control/confirmation-code', async (request) => {
    const fields = readFields(request.body, ['group', 'oldStillTaken']);
    const group = readGroup(world, 'vk', fields, world.groups.demo('vk'));
    const isOldTaken = readFlag(fields, 'oldStillTaken');
    world.disturb(group, isOldTaken ? 'confirmation_code_changed_old_taken' : 'confirmation_code_changed');
    return { ok: true };
  });
}

function writeAsAdmin(world: World, group: Group, admin: Person, fields: Fields): string {
  const text = readText(fields, 'text');
  const chat = readChat(world, group, fields);
  if (chat !== null) return String(inChat(world.chats.say(chat, null, text, { extra: authorship(group, admin) })).numberInDialog);
  const person = readPerson(world, readText(fields, 'phone'));
  // OK tells nobody who of the staff wrote, so there it is a message of the group like any other.
  const sent =
    group.network === 'vk'
      ? world.writeAsAdmin(group, person, adminOn(admin), text)
      : world.send(group, person, { kind: 'message', text });
  if (sent.ok) return sent.message.networkId;
  if (sent.reason === 'no_account')
    orRefuse(sent as { ok: false; reason: 'no_account' }, { world, network: group.network, group, person, chat });
  throw new ControlError(
    409,
    'phone',
    'The person has forbidden the group to write.',
    'POST /control/people/{phone}/allow lets it write.',
  );
}

function adminOn(admin: Person): Person {
  if (admin.vkId !== null) return admin;
  throw new ControlError(409, 'admin', 'The admin has no account on vk.', 'Leave "admin" out, or name somebody who has one.');
}

/** `admin_author_id` of VK's messages (contracts/vk.md 1.4). */
function authorship({ network }: Group, admin: Person): Record<string, unknown> {
  return network === 'vk' ? { admin_author_id: adminOn(admin).vkId } : {};
}

function tokenState(world: World, group: Group): object {
  return { network: group.network, group: group.id, token: group.token, isAlive: world.groups.isTokenAlive(group) };
}
