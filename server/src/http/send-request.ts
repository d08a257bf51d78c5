import { setImmediate } from 'node:timers/promises';
import { SEND_LIMITS } from '@soroka/api';
import type { FastifyRequest } from 'fastify';
import type { Connections } from '../connections/connections.ts';
import type { NewNotification } from '../dispatch/dispatch.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { HttpClient } from '../platform/http-client.ts';
import type { Templates } from '../templates/templates.ts';
import { elementsOf, type Span, twoMembersOf, valueStart } from './json-spans.ts';
import { type CheckedItem, checkMessage, checkOlderMessage, type RulesOfRequest } from './message-rules.ts';
import { createOlderFormSenders } from './older-form-senders.ts';
import { parseBody, readBody, requireJson } from './request-body.ts';

export interface SendRequestParts {
  connections: Pick<Connections, 'senders'>;
  templates: Pick<Templates, 'list'>;
  httpClient: Pick<HttpClient, 'refusal'>;
  clock: Clock;
}

export interface SendRequest {
  bytes: Buffer;
  /** In the order of the request: what can be said of each item without the account's own data. */
  checked: readonly CheckedItem[];
  /** Those of them that nothing is wrong with. */
  notifications: readonly NewNotification[];
}
/** Reads a request of messages, of either form. */
export type ReadSendRequest = (request: FastifyRequest, accountId: number) => Promise<SendRequest>;

/** How long one request may keep the event loop to itself. */
const BUSY_MS_MAX = 20;

/** Throws the refusals of whole requests in their order: content type, size, JSON, count, the account's senders. */
export function createReadSendRequest(parts: SendRequestParts): ReadSendRequest {
  const { connections, httpClient, clock } = parts;
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

  return async (request, accountId) => {
    requireJson(request.headers);
    const bytes = await readBody(request.raw, SEND_LIMITS.bodyBytesMax);
    const messages = readMessages(parseBody(bytes, SEND_LIMITS.jsonDepthMax));
    await requireSender(accountId);
    const checked = await checkAll(accountId, messages);
    return { bytes, checked, notifications: checked.flatMap((item) => (item.ok ? [item.notification] : [])) };
  };
}

/** What dispatch said of the notifications it got, and the reasons of the other items, in the request's order. */
export function inOrder<Answer>(
  checked: readonly CheckedItem[],
  answers: readonly Answer[],
): (Answer | Extract<CheckedItem, { ok: false }>)[] {
  let next = 0;
  return checked.map((item) => {
    if (!item.ok) return item;
    const answer = answers[next];
    if (answer === undefined) throw new Error(`dispatch answered ${answers.length} messages and was given more`);
    next += 1;
    return answer;
  });
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
