import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Dialogs, PageRequest } from '../dialogs/dialogs.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { readCursor, readId, readLimit, readQuery } from './query.ts';

/** Handlers of /v1/dialogs by the ids of their operations. */
export function createDialogRoutes({ dialogs }: { dialogs: Pick<Dialogs, 'list' | 'messages'> }) {
  return {
    async listDialogs(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send(await dialogs.list(callerOf(request).accountId, pageOf(request)));
    },

    async listDialogMessages(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const page = pageOf(request);
      const dialogId = readId('dialogId', (request.params as { dialogId: string }).dialogId);
      const messages = dialogId === null ? null : await dialogs.messages(callerOf(request).accountId, dialogId, page);
      if (messages === null) throw new AppError('not.found', 'this account has no such dialog');
      return reply.send(messages);
    },
  };
}

function pageOf(request: FastifyRequest): PageRequest {
  const { cursor, limit } = readQuery(request.query, ['limit', 'cursor']);
  return { limit: readLimit(limit), ...readCursor(cursor) };
}
