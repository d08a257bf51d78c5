import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';

/** Why the process cannot take messages now; null when it can. Rejecting counts as a reason too. */
export type IsReady = () => Promise<string | null>;

// Whoever asks gives up after some seconds and would learn nothing: a database that hangs is one that is away.
const READY_WITHIN_MS = 2_000;

/** Handlers of /livez and /readyz by the ids of their operations. Source: reliability.md 6. */
export function createHealthRoutes({ isReady, clock }: { isReady: IsReady; clock: Pick<Clock, 'sleep'> }) {
  const tooLate = async (signal: AbortSignal): Promise<string> => {
    await clock.sleep(READY_WITHIN_MS, signal);
    return `the check of readiness took more than ${READY_WITHIN_MS / 1_000} s`;
  };
  return {
    // The event loop and nothing else: a database that is away is no reason to restart this process.
    live: async (_request: FastifyRequest, reply: FastifyReply) => reply.send({ status: 'live' }),

    async ready(_request: FastifyRequest, reply: FastifyReply) {
      const answered = new AbortController();
      const checked = isReady().catch(() => 'the check of readiness failed');
      const reason = await Promise.race([checked, tooLate(answered.signal)]).finally(() => answered.abort());
      if (reason !== null) throw new AppError('unavailable', reason);
      return reply.send({ status: 'ready' });
    },
  };
}
