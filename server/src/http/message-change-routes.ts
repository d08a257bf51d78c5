import { randomUUID } from 'node:crypto';
import { LinePatch, NewReply, type Reply, ScheduledPatch } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import { AppError } from '../platform/errors.ts';
import { type Asker, type Replies, type ReplyRow, shownReply } from '../replies/replies.ts';
import { callerOf } from './auth.ts';
import { isoTime } from './iso-time.ts';
import { readFields } from './operator-body.ts';
import { invalid, readId } from './query.ts';
import { isStorableText, UNSTORABLE } from './storable-text.ts';

const newReplyCheck = Compile(NewReply);
const scheduledCheck = Compile(ScheduledPatch);
const lineCheck = Compile(LinePatch);

const KEY_CHARACTERS_MAX = 255;

export interface MessageChangeRoutesParts {
  replies: Omit<Replies, 'run' | 'stop'>;
}

/** Handlers of what operators and programs say in dialogs, by the ids of their operations. */
export function createMessageChangeRoutes({ replies }: MessageChangeRoutesParts) {
  return {
    async sendReply(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const localId = readKey(request);
      const { text = '', fileIds = [], replyTo = null, sendAt } = await readFields(request, NewReply, newReplyCheck);
      const given = { localId, text, fileIds, replyTo, sendAt: readSendAt(sendAt) ?? null };
      return reply.send(shown(await replies.send(askerOf(request), idOf(request, 'dialogId'), given)));
    },

    async listScheduled(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const rows = await replies.scheduled(askerOf(request), idOf(request, 'dialogId'));
      return reply.send({ items: rows.map(shown), nextCursor: null });
    },

    async patchScheduled(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { sendAt, ...change } = await readFields(request, ScheduledPatch, scheduledCheck);
      const at = readSendAt(sendAt);
      const changed = { ...change, ...(at !== undefined && { sendAt: at }) };
      return reply.send(shown(await replies.changeScheduled(askerOf(request), idOf(request, 'messageId'), changed)));
    },

    async cancelScheduled(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send(shown(await replies.cancelScheduled(askerOf(request), idOf(request, 'messageId'))));
    },

    async patchLine(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const [dialogId, id] = [idOf(request, 'dialogId'), idOf(request, 'lineId')];
      const { text } = await readFields(request, LinePatch, lineCheck);
      if (text.trim() === '') throw invalid('text', 'must have something to read');
      return reply.send({ id, changed: await replies.editLine(askerOf(request), dialogId, id, text) });
    },

    async deleteLine(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const [dialogId, id] = [idOf(request, 'dialogId'), idOf(request, 'lineId')];
      return reply.send({ id, changed: await replies.deleteLine(askerOf(request), dialogId, id) });
    },

    async showTyping(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send({ shown: await replies.showTyping(askerOf(request), idOf(request, 'dialogId')) });
    },
  };
}

function shown(row: ReplyRow): Reply {
  return shownReply(row);
}

function askerOf(request: FastifyRequest): Asker {
  const { accountId, groups, session } = callerOf(request);
  return { accountId, groups, operatorId: session?.operatorId ?? null };
}

/** An id of a path. Throws `parameter.invalid`, and `not.found` where none of ours has so many digits. */
function idOf(request: FastifyRequest, parameter: string): number {
  const id = readId(parameter, (request.params as Record<string, string>)[parameter] ?? '');
  if (id === null) throw new AppError('not.found', 'no id has so many digits');
  return id;
}

/** Without the header every request is one of its own. */
function readKey({ headers }: FastifyRequest): string {
  const key = headers['idempotency-key'];
  if (key === undefined) return randomUUID();
  if (typeof key !== 'string' || key.length < 1 || key.length > KEY_CHARACTERS_MAX)
    throw new AppError('idempotency.key.invalid', `give 1 to ${KEY_CHARACTERS_MAX} characters, once`);
  if (!isStorableText(key)) throw new AppError('idempotency.key.invalid', UNSTORABLE);
  return key;
}

function readSendAt(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const at = isoTime(text);
  if (at === null) throw invalid('sendAt', 'must be an ISO 8601 time with its zone');
  return new Date(at);
}
