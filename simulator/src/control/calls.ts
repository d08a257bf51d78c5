import type { FastifyInstance } from 'fastify';
import type { World } from '../world/world.ts';
import { ControlError } from './answers.ts';

/** Calls that the networks took: what was asked and what was answered, secrets masked. */
export function registerCalls(app: FastifyInstance, world: World): void {
  app.get<{ Querystring: { since?: string } }>('/control/calls', async (request) =>
    world.calls.since(readSince(request.query.since)),
  );
  app.get<{ Params: { id: string } }>('/control/calls/:id', async (request) => {
    const call = world.calls.byId(Number(request.params.id));
    if (call !== null) return call;
    throw new ControlError(404, 'id', 'There is no such call.', 'Take an id of GET /control/calls; a reset forgets them.');
  });
}

function readSince(text: string | undefined): number {
  const since = Number(text ?? 0);
  if (!Number.isNaN(since)) return since;
  throw new ControlError(400, 'since', '"since" must be a time in ms since 1970.', 'Leave it out to see everything.');
}
