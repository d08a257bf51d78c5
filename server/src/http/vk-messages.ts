import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { SEND_LIMITS, STATUSES } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Connections } from '../connections/connections.ts';
import type { AcceptAnswer, Dispatch, MessageFilter } from '../dispatch/dispatch.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { HttpClient } from '../platform/http-client.ts';
import type { Templates } from '../templates/templates.ts';
import { callerOf } from './auth.ts';
import { messagesAnswered } from './http-events.ts';
import { isoTime } from './iso-time.ts';
import { elementsOf, type Span, twoMembersOf, valueStart } from './json-spans.ts';
import { type CheckedItem, checkMessage, checkOlderMessage, type RulesOfRequest } from './message-rules.ts';
import { createOlderFormSenders } from './older-form-senders.ts';
import { mobileNumber } from './phone.ts';
import { invalid, readId, readLimit, readQuery } from './query.ts';
import { parseBody, readBody, requireJson } from './request-body.ts';
import { countAnswers, messageJson, messageListJson, sendAnswer } from './vk-answers.ts';

export interface VkMessagesParts {
  dispatch: Pick<Dispatch, 'accept' | 'get' | 'list' | 'cancel'>;
  connections: Pick<Connections, 'senders'>;
  templates: Pick<Templates, 'list'>;
  httpClient: Pick<HttpClient, 'refusal'>;
  clock: Clock;
}

/** How long one request may keep the event loop to itself. */
const BUSY_MS_MAX = 20;

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** Handlers of /vk/messages by the ids of their operations. Source: contracts of POST /vk/messages. */
export function createVkMessages(
  parts: VkMessagesParts,
): Record<'sendMessages' | 'listMessages' | 'getMessage' | 'cancelMessage', Handler> {
  const { dispatch, connections, httpClient, clock } = parts;
  const olderFormSenders = createOlderFormSenders(parts);
  const accountsWithSenders = new Set<number>();

  async function requireSender(accountId: number): Promise<void> {
    if (accountsWithSenders.has(accountId)) return;
    const senders = await connections.senders(accountId);
    if (senders.length === 0) throw new AppError('service.not.found', 'this account has no sender');
    accountsWithSenders.add(accountId); // a sender is never taken away
  }

  async function checkAll(accountId: number, { text, items, spans, isOlderForm }: Messages): Promise<CheckedItem[]> {
    const request: RulesOfRequest = { text, now: clock.now(), urlProblem: remembered((url) => httpClient.refusal(url)) };
    const senders = isOlderForm ? await olderFormSenders(accountId, items) : [];
    const checked: CheckedItem[] = [];
    let pausedAt = performance.now();
    for (const [index, item] of items.entries()) {
      const span = spans[index] as Span;
      checked.push(
        isOlderForm ? checkOlderMessage(request, item, span, senders[index] ?? null) : checkMessage(request, item, span),
      );
      // A good batch takes 5 ms in all; a bad one can be made to take a second, in which everybody else would wait.
      if (performance.now() - pausedAt > BUSY_MS_MAX) {
        await setImmediate();
        pausedAt = performance.now();
      }
    }
    return checked;
  }

  return {
    async sendMessages(request, reply) {
      const { accountId } = callerOf(request);
      requireJson(request.headers);
      const idempotencyKey = readIdempotencyKey(request);
      const bytes = await readBody(request.raw, SEND_LIMITS.bodyBytesMax);
      const messages = readMessages(parseBody(bytes, SEND_LIMITS.jsonDepthMax));
      await requireSender(accountId);
      const checked = await checkAll(accountId, messages);
      const notifications = checked.flatMap((item) => (item.ok ? [item.notification] : []));
      const answersOf = (accepted: readonly AcceptAnswer[]) => mergeAnswers(checked, accepted);
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

interface Messages {
  text: string;
  items: readonly unknown[];
  /** Where each item stands in `text`. */
  spans: readonly Span[];
  isOlderForm: boolean;
}

/** The items of either form. Throws `messages.invalid`, `messages.empty`, `too.many.messages`. */
function readMessages({ text, value }: { text: string; value: unknown }): Messages {
  const isOlderForm = !Array.isArray(value);
  const items = isOlderForm ? itemsOfOlderForm(value) : value;
  if (items.length === 0) throw new AppError('messages.empty', 'the array of messages is empty');
  if (items.length > SEND_LIMITS.messagesMax) {
    throw new AppError(
      'too.many.messages',
      `${items.length} messages in one request; send up to ${SEND_LIMITS.messagesMax} at a time`,
    );
  }
  const start = valueStart(text);
  const arrayStart = isOlderForm ? twoMembersOf(text, start, 'messages', 'messages')[0]?.start : start;
  if (arrayStart === undefined) throw new Error('the array that was parsed is not in the text');
  return { text, items, spans: elementsOf(text, arrayStart), isOlderForm };
}

function itemsOfOlderForm(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null || !('messages' in value) || !Array.isArray(value.messages)) {
    throw new AppError('messages.invalid', 'the body must be an array of messages, or an object {"messages": […]}');
  }
  const other = Object.keys(value).find((name) => name !== 'messages');
  if (other !== undefined)
    throw new AppError('messages.invalid', 'beside "messages" nothing may stand', { field: other.slice(0, 64) });
  return value.messages;
}

/** What dispatch said of the items it got, and the reasons of the others, in the request's order. */
function mergeAnswers(checked: readonly CheckedItem[], accepted: readonly AcceptAnswer[]): AcceptAnswer[] {
  let next = 0;
  return checked.map((item) => {
    if (!item.ok) return item;
    const answer = accepted[next];
    if (answer === undefined) throw new Error(`dispatch answered ${accepted.length} messages and was given more`);
    next += 1;
    return answer;
  });
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

/** A batch names one URL a thousand times. */
function remembered(problemOf: (url: string) => string | null): (url: string) => string | null {
  const known = new Map<string, string | null>();
  return (url) => {
    const before = known.get(url);
    if (before !== undefined) return before;
    const problem = problemOf(url);
    known.set(url, problem);
    return problem;
  };
}
