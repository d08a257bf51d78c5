import type { FastifyInstance, FastifyRequest } from 'fastify';
import { idOn, type Network, type Person, type World } from '../world/world.ts';
import { readPerson } from './answers.ts';
import { nameOf, screenOf } from './view/view.ts';

type PersonRequest = FastifyRequest<{ Params: { phone: string } }>;

// Loads meet people by the hundred thousand; a list for reading needs only some.
const PEOPLE_MAX = 1_000;
const MESSAGES_SHOWN = { default: 200, max: 1_000 } as const;

/** Routes to see people and what they got. */
export function registerPeople(app: FastifyInstance, world: World): void {
  app.get('/control/people', async () =>
    world.people
      .known()
      .slice(0, PEOPLE_MAX)
      .map((person) => personView(world, person)),
  );
  app.get('/control/people/:phone', async (request: PersonRequest) => personView(world, readPerson(world, request.params.phone)));
  app.get('/control/people/:phone/inbox', async (request: PersonRequest) => world.inbox(readPerson(world, request.params.phone)));
  app.get('/control/people/:phone/screen', async (request: PersonRequest) =>
    screenOf(world, readPerson(world, request.params.phone)),
  );

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
}

function personView(world: World, person: Person): object {
  return {
    phone: person.phone,
    name: nameOf(person),
    vk: accountOf(world, person, 'vk'),
    ok: accountOf(world, person, 'ok'),
    isOnline: world.presence.isOnline(person),
    behaviour: person.behaviour,
  };
}

function accountOf(world: World, person: Person, network: Network) {
  const id = idOn(person, network);
  return id === null ? null : { id, demoGroup: world.permission(world.groups.demo(network), person) };
}
