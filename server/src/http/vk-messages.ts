import { createHash } from 'node:crypto';
import { STATUSES } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AcceptAnswer, Dispatch, MessageFilter } from '../dispatch/dispatch.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { dryRunAnswer } from './forecast-answers.ts';
import { messagesAnswered } from './http-events.ts';
import { isoTime } from './iso-time.ts';
import { mobileNumber } from './phone.ts';
import { invalid, readFlag, readId, readLimit, readQuery } from './query.ts';
import { requireJson } from './request-body.ts';
import { inOrder, type ReadSendRequest } from './send-request.ts';
import { countAnswers, messageJson, messageListJson, sendAnswer } from './vk-answers.ts';

export interface VkMessagesParts {
  dispatch: Pick<Dispatch, 'accept' | 'rehearse' | 'get' | 'list' | 'cancel'>;
  read: ReadSendRequest;
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** Handlers of /vk/messages by the ids of their operations. Source: contracts of POST /vk/messages. */
export function createVkMessages({
  dispatch,
  read,
}: VkMessagesParts): Record<'sendMessages' | 'listMessages' | 'getMessage' | 'cancelMessage', Handler> {
  return {
    async sendMessages(request, reply) {
      const { accountId } = callerOf(request);
      const isDryRun = readFlag('dryRun', readQuery(request.query, ['dryRun']).dryRun);
      requireJson(request.headers);
      const idempotencyKey = readIdempotencyKey(request);
      const { bytes, checked, notifications } = await read(request, accountId);
      if (isDryRun) {
        reply.type('application/json; charset=utf-8');
        return dryRunAnswer(inOrder(checked, await dispatch.rehearse(accountId, notifications)));
      }
      const answersOf = (accepted: readonly AcceptAnswer[]): AcceptAnswer[] => inOrder(checked, accepted);
      const remember =
        idempotencyKey === null
          ? undefined
          : {
              key: idempotencyKey,
              bodySha256: sha256(bytes),
              answerBody: (accepted: readonly AcceptAnswer[]) => sendAnswer(answersOf(accepted)),
            };
      const result = await dispatch.accept(accountId, notifications, remember);
      reply.type('application/json; charset=utf-8');
      switch (result.kind) {
        case 'accepted': {
          const answers = answersOf(result.answers);
          messagesAnswered(countAnswers(answers));
          return sendAnswer(answers);
        }
        case 'repeated':
          reply.header('Idempotency-Replayed', 'true');
          return result.answerBody;
        case 'conflict':
          throw new AppError('idempotency.key.conflict', 'this Idempotency-Key came with another body before');
        case 'running':
          reply.header('Retry-After', '1');
          throw new AppError('idempotency.key.running', 'the first request with this Idempotency-Key is still running');
      }
    },

    async listMessages(request, reply) {
      const { accountId } = callerOf(request);
      const query = readQuery(request.query, ['status', 'phone', 'sender', 'from', 'to', 'limit', 'cursor']);
      const limit = readLimit(query.limit);
      const filter = { ...readFilter(query), ...(query.cursor === undefined ? {} : { beforeId: readCursor(query.cursor) }) };
      // One more than asked tells whether there is a next page.
      const views = await dispatch.list(accountId, { ...filter, limit: limit + 1 });
      const shown = views.slice(0, limit);
      const last = shown.at(-1);
      const nextCursor = views.length > limit && last !== undefined ? writeCursor(last.messageId) : null;
      return reply.type('application/json; charset=utf-8').send(messageListJson(shown, nextCursor));
    },

    async getMessage(request, reply) {
      return sendMessage(reply, callerOf(request).accountId, messageIdOf(request));
    },

    async cancelMessage(request, reply) {
      const { accountId } = callerOf(request);
      const messageId = messageIdOf(request);
      const outcome = messageId === null ? 'not_found' : await dispatch.cancel(accountId, messageId);
      if (outcome === 'already_sent') throw new AppError('message.already.sent', 'the message was sent, or is final, already');
      return sendMessage(reply, accountId, outcome === 'not_found' ? null : messageId);
    },
  };

  async function sendMessage(reply: FastifyReply, accountId: number, messageId: number | null): Promise<FastifyReply> {
    const view = messageId === null ? null : await dispatch.get(accountId, messageId);
    if (view === null) throw new AppError('not.found', 'this account has no such message');
    return reply.type('application/json; charset=utf-8').send(messageJson(view));
  }
}

function readIdempotencyKey(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key !== 'string' || key.length < 1 || key.length > 255)
    throw new AppError('idempotency.key.invalid', 'give 1 to 255 characters');
  return key;
}

function readFilter(query: Partial<Record<'status' | 'phone' | 'sender' | 'from' | 'to', string>>): Omit<MessageFilter, 'limit'> {
  const status = query.status === undefined ? undefined : STATUSES.find((name) => name === query.status);
  if (query.status !== undefined && status === undefined) throw invalid('status', `must be one of ${STATUSES.join(', ')}`);
  const phone = query.phone === undefined ? undefined : mobileNumber(query.phone);
  if (phone === null) throw invalid('phone', 'this is no possible mobile number');
  const createdFrom = readTime('from', query.from);
  const createdTo = readTime('to', query.to);
  return {
    ...(status === undefined ? {} : { status }),
    ...(phone === undefined ? {} : { phone }),
    ...(query.sender === undefined ? {} : { service: query.sender }),
    ...(createdFrom === undefined ? {} : { createdFrom }),
    ...(createdTo === undefined ? {} : { createdTo }),
  };
}

function readTime(field: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  // A plus that was not escaped arrives as a space.
  const at = isoTime(text.replace(' ', '+'));
  if (at === null) throw invalid(field, 'must be an ISO 8601 time with its zone');
  return new Date(at);
}

// Opaque to callers, so that it may hold more than an id one day.
const CURSOR = /^before:(\d{1,16})$/;
const writeCursor = (messageId: number): string => Buffer.from(`before:${messageId}`).toString('base64url');
function readCursor(cursor: string): number {
  const id = Number(CURSOR.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(id))
    throw invalid('cursor', 'not a cursor of this list: give nextCursor of the page before, unchanged');
  return id;
}

const messageIdOf = (request: FastifyRequest): number | null =>
  readId('messageId', (request.params as { messageId: string }).messageId);
const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
