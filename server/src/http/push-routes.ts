import { NewPushSubscription, type PushSubscription } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import { AppError } from '../platform/errors.ts';
import type { DeviceAddress, Push, Subscription } from '../push/push.ts';
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
      return reply.send({ publicKey: await push.publicKey(), kinds: push.kinds() });
    },

    async listPushSubscriptions(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId, operatorId } = sessionOf(request);
      return reply.send({ items: (await push.list(accountId, operatorId)).map(shown), nextCursor: null });
    },

    async addPushSubscription(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId, operatorId } = sessionOf(request);
      const given = await readFields(request, NewPushSubscription, check);
      const { device, showsText = false } = given;
      if (device.trim() === '') throw invalid('device', 'must have something to read');
      return reply.send(shown(await push.subscribe(accountId, operatorId, { address: addressOf(given), device, showsText })));
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

/** A browser has endpoint and keys, a phone a token, and neither what belongs to the other. */
function addressOf({ kind = 'web', endpoint, keys, token }: NewPushSubscription): DeviceAddress {
  if (kind === 'web') {
    if (token !== undefined) throw invalid('token', 'belongs to a phone; say with "kind" by which service it is told');
    if (endpoint === undefined) throw invalid('endpoint', 'must be given for a browser');
    if (keys === undefined) throw invalid('keys', 'must be given for a browser');
    return { kind, endpoint, keys };
  }
  if (endpoint !== undefined) throw invalid('endpoint', 'belongs to a browser; a phone has a token');
  if (keys !== undefined) throw invalid('keys', 'belong to a browser; a phone has a token');
  if (token === undefined) throw invalid('token', 'must be given for a phone');
  return { kind, token };
}

function shown({ id, kind, device, showsText, createdAt, lastTakenAt }: Subscription): PushSubscription {
  return { id, kind, device, showsText, createdAt: createdAt.toISOString(), lastTakenAt: lastTakenAt?.toISOString() ?? null };
}

function idOf(request: FastifyRequest): number {
  const id = readId('subscriptionId', (request.params as { subscriptionId: string }).subscriptionId);
  if (id === null) throw new AppError('not.found', 'no id has so many digits');
  return id;
}
