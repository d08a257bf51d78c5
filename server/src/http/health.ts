import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../platform/errors.ts';

/** Why the process cannot take messages now; null when it can. Rejecting counts as a reason too. */
export type IsReady = () => Promise<string | null>;

/** Handlers of /livez and /readyz by the ids of their operations. Source: reliability.md 6. */
export function createHealthRoutes({ isReady }: { isReady: IsReady }) {
  return {
    // The event loop and nothing else: a database that is away is no reason to restart this process.
    live: async (_request: FastifyRequest, reply: FastifyReply) => reply.send({ status: 'live' }),

    async ready(_request: FastifyRequest, reply: FastifyReply) {
      const reason = await isReady().catch(() => 'the check of readiness failed');
      if (reason !== null) throw new AppError('unavailable', reason);
      return reply.send({ status: 'ready' });
    },
  };
}
