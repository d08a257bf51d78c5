import type { FastifyInstance } from 'fastify';
import type { World } from '../world/world.ts';
import { ControlError } from './answers.ts';

const ARRIVALS_PAGE = 100_000;

/** Calls that the networks took: what was asked and what was answered, secrets masked. And what the upstream took, for load runs. */
export function registerCalls(app: FastifyInstance, world: World): void {
  app.get<{ Querystring: { since?: string } }>('/control/calls', async (request) =>
    world.calls.since(readSince(request.query.since)),
  );
  app.get<{ Querystring: { from?: string } }>('/control/arrivals', async (request, reply) => {
    const from = readPlace(request.query.from);
    const items = world.arrivals.list(from, ARRIVALS_PAGE).map(({ service, phone, at }) => [service, phone, at]);
    // A hundred thousand of them: the exact writer of this scope takes ten times as long.
    return reply.serializer(JSON.stringify).send({ count: world.arrivals.count(), items });
  });
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

function readPlace(text: string | undefined): number {
  const from = Number(text ?? 0);
  if (Number.isInteger(from) && from >= 0) return from;
  throw new ControlError(400, 'from', '"from" must be a whole number, 0 or more.', 'Leave it out to begin with the oldest.');
}
