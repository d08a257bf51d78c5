import { NewSender, SenderName, SenderPatch, type Sender as ShownSender } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { Connections, NewSenderRoute, Sender } from '../connections/connections.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { readFields } from './operator-body.ts';
import { idOf, invalid } from './query.ts';

const nameCheck = Compile(SenderName);
const newCheck = Compile(NewSender);
const patchCheck = Compile(SenderPatch);

export interface SenderRoutesParts {
  connections: Pick<Connections, 'senders' | 'addSender' | 'setSender'>;
  dispatch: Pick<Dispatch, 'pauseSender' | 'resumeSender' | 'pausedSenders'>;
}

/** Handlers of /v1/senders by the ids of their operations. */
export function createSenderRoutes({ connections, dispatch }: SenderRoutesParts) {
  const named = async (request: FastifyRequest): Promise<Sender> => {
    const { service } = await readFields(request, SenderName, nameCheck);
    const senders = await connections.senders(callerOf(request).accountId);
    const sender = senders.find(({ name }) => name === service);
    if (sender === undefined) throw new AppError('not.found', 'this account has no such sender', { field: 'service' });
    return sender;
  };
  const show = async (reply: FastifyReply, sender: Sender): Promise<FastifyReply> =>
    reply.send(shown(sender, await dispatch.pausedSenders(sender.accountId)));

  return {
    async listSenders(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId } = callerOf(request);
      const [senders, paused] = await Promise.all([connections.senders(accountId), dispatch.pausedSenders(accountId)]);
      return reply.send({ items: senders.map((sender) => shown(sender, paused)), nextCursor: null });
    },
    async addSender(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { service: name, routes, ...more } = await readFields(request, NewSender, newCheck);
      const { accountId } = callerOf(request);
      const added = connections.addSender({ accountId, name, routes: routes.map(routeOf), ...more });
      return show(reply, await added.catch(asService));
    },
    async patchSender(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const [{ accountId }, senderId] = [callerOf(request), idOf(request, 'senderId')];
      const { routes, ...more } = await readFields(request, SenderPatch, patchCheck);
      const sender = (await connections.senders(accountId)).find(({ id }) => id === senderId);
      if (sender === undefined) throw new AppError('not.found', 'this account has no such sender');
      const patch = { ...more, ...(routes === undefined ? {} : { routes: routes.map(routeOf) }) };
      return show(reply, await connections.setSender(accountId, sender.name, patch));
    },
    async pauseSender(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const sender = await named(request);
      await dispatch.pauseSender(sender.accountId, sender.id);
      return show(reply, sender);
    },
    async resumeSender(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const sender = await named(request);
      await dispatch.resumeSender(sender.accountId, sender.id);
      return show(reply, sender);
    },
  };
}

const routeOf = ({ channel, ...route }: NewSender['routes'][number]): NewSenderRoute => ({ route: channel, ...route });

/** What the module calls the name is `service` to customers. */
function asService(error: unknown): never {
  if (error instanceof AppError && error.field === 'name') throw invalid('service', error.detail);
  throw error;
}

function shown(sender: Sender, paused: ReadonlyMap<number, Date>): ShownSender {
  const { id, name, routes, budgetPerDay, forbiddenPatterns } = sender;
  return {
    id,
    service: name,
    routes: routes.map(({ route, provider, connectionId, groupId }) => ({ channel: route, provider, connectionId, groupId })),
    budgetPerDay,
    forbiddenPatterns: [...forbiddenPatterns],
    pausedAt: paused.get(id)?.toISOString() ?? null,
  };
}
