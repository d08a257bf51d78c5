import { SenderName, type Sender as ShownSender } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { Connections, Sender } from '../connections/connections.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { readObject } from './json-object.ts';

const check = Compile(SenderName);

export interface SenderRoutesParts {
  connections: Pick<Connections, 'senders'>;
  dispatch: Pick<Dispatch, 'pauseSender' | 'resumeSender' | 'pausedSenders'>;
}

/** Handlers of /v1/senders by the ids of their operations. */
export function createSenderRoutes({ connections, dispatch }: SenderRoutesParts) {
  const named = async (request: FastifyRequest): Promise<Sender> => {
    const { service } = await readObject(request, SenderName, check);
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

function shown({ id, name, routes, budgetPerDay }: Sender, paused: ReadonlyMap<number, Date>): ShownSender {
  return {
    service: name,
    routes: routes.map(({ route, provider, groupId }) => ({ channel: route, provider, groupId })),
    budgetPerDay,
    pausedAt: paused.get(id)?.toISOString() ?? null,
  };
}
