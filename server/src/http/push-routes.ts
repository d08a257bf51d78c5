import { NewPushSubscription, type PushSubscription } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import { AppError } from '../platform/errors.ts';
import type { Push, Subscription } from '../push/push.ts';
import { sessionOf } from './auth.ts';
import { readFields } from './operator-body.ts';
import { invalid, readId } from './query.ts';

const check = Compile(NewPushSubscription);

export interface PushRoutesParts {
  push: Omit<Push, 'heard' | 'run' | 'stop'>;
}

/** Handlers of /v1/push by the ids of their operations. */
export function createPushRoutes({ push }: PushRoutesParts) {
  return {
    async getPush(_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send({ publicKey: await push.publicKey() });
    },

    async listPushSubscriptions(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId, operatorId } = sessionOf(request);
      return reply.send({ items: (await push.list(accountId, operatorId)).map(shown), nextCursor: null });
    },

    async addPushSubscription(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId, operatorId } = sessionOf(request);
      const { endpoint, keys, device, showsText = false } = await readFields(request, NewPushSubscription, check);
      if (device.trim() === '') throw invalid('device', 'must have something to read');
      return reply.send(shown(await push.subscribe(accountId, operatorId, { address: { endpoint, keys }, device, showsText })));
    },

    async removePushSubscription(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId, operatorId } = sessionOf(request);
      if (await push.unsubscribe(accountId, operatorId, idOf(request))) return reply.send({ removed: 1 });
      throw new AppError('not.found', 'you have no such subscription');
    },

    async testPushSubscription(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId, operatorId } = sessionOf(request);
      return reply.send({ hops: await push.test(accountId, operatorId, idOf(request)) });
    },
  };
}

function shown({ id, device, showsText, createdAt, lastTakenAt }: Subscription): PushSubscription {
  return { id, device, showsText, createdAt: createdAt.toISOString(), lastTakenAt: lastTakenAt?.toISOString() ?? null };
}

function idOf(request: FastifyRequest): number {
  const id = readId('subscriptionId', (request.params as { subscriptionId: string }).subscriptionId);
  if (id === null) throw new AppError('not.found', 'no id has so many digits');
  return id;
}
