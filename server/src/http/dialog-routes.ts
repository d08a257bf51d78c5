import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Dialogs, PageRequest } from '../dialogs/dialogs.ts';
import type { Events } from '../events/events.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { readCursor, readId, readLimit, readQuery } from './query.ts';

/** Handlers of /v1/dialogs by the ids of their operations. */
export function createDialogRoutes({
  dialogs,
  events,
}: {
  dialogs: Pick<Dialogs, 'list' | 'messages'>;
  events: Pick<Events, 'head'>;
}) {
  return {
    async listDialogs(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId } = callerOf(request);
      const page = pageOf(request);
      // Before the list: what happens in between is in the list, and told again.
      const asOf = await events.head(accountId);
      return reply.send({ ...(await dialogs.list(accountId, page)), asOf });
    },

    async listDialogMessages(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const page = pageOf(request);
      const dialogId = readId('dialogId', (request.params as { dialogId: string }).dialogId);
      const { accountId } = callerOf(request);
      const asOf = await events.head(accountId);
      const messages = dialogId === null ? null : await dialogs.messages(accountId, dialogId, page);
      if (messages === null) throw new AppError('not.found', 'this account has no such dialog');
      return reply.send({ ...messages, asOf });
    },
  };
}

function pageOf(request: FastifyRequest): PageRequest {
  const { cursor, limit } = readQuery(request.query, ['limit', 'cursor']);
  return { limit: readLimit(limit), ...readCursor(cursor), groups: callerOf(request).groups };
}
