import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseExact, stringifyExact, watchCalls } from '../wire/wire.ts';
import type { World } from '../world/world.ts';
import { checkItem, isHttpUrl, type Reason } from './item.ts';
import { createRelease, createUpstream, type Notification } from './upstream.ts';

/** The demo world's key of the upstream. */
const KEY = 'notify-demo';
const MESSAGES_MAX = 1_000;
const BODY_BYTES_MAX = 4 * 1_048_576;
const PAGE = { default: 50, max: 200 } as const;

const rejected = (reason: Reason) => ({ result: [{ code: 'REJECTED', reasons: [reason] }] });
const notFound = {
  error: {
    code: 'not.found',
    field: 'messageId',
    message: 'There is no such message.',
    hint: 'Ids are numbers as answered by POST.',
  },
};

/**
 * The notify upstream under `/notify`: a reseller that speaks the contract of gateway.md (`/notify/vk/messages` and
 * `/notify/v1/account`), with one customer, key `notify-demo`. `steps`, `sendAt`, `windows` and the older body are not known here.
 */
export async function registerNotify(app: FastifyInstance, world: World): Promise<void> {
  const upstream = createUpstream(world);
  app.addHook('onClose', async () => upstream.stop());
  watchCalls(app, world, 'notify');

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit: BODY_BYTES_MAX }, (_, body, done) => {
    try {
      done(null, parseExact(String(body)));
    } catch (error) {
      done(Object.assign(new Error('invalid JSON', { cause: error }), { statusCode: 400, code: 'INVALID_JSON' }));
    }
  });
  app.setErrorHandler((error: Error & { code?: string; statusCode?: number; cause?: unknown }, _, reply) =>
    refuseBody(error, reply),
  );

  app.addHook('onRequest', async (request, reply) => {
    if (hasKey(request)) return undefined;
    const message = `Send "Authorization: Key ${KEY}".`;
    return reply.code(401).send(rejected({ key: 'login.must.be.not.null', field: 'Authorization', message }));
  });

  app.post('/notify/vk/messages', async (request, reply) => {
    const { body } = request;
    const { entry, at } = request.networkCall;
    entry.group = serviceOf(body);
    const refuse = (key: string, message: string) => {
      entry.code = key;
      return reply.code(400).send(rejected({ key, message }));
    };
    if (!Array.isArray(body)) return refuse('messages.invalid', 'The body must be an array of messages.');
    if (body.length === 0) return refuse('messages.empty', 'Send at least one message.');
    if (body.length > MESSAGES_MAX) return refuse('too.many.messages', `Send up to ${MESSAGES_MAX} messages in one request.`);

    const release = createRelease();
    // Answered, or the client has left: either way nothing waits for the ids any more.
    reply.raw.once('finish', release.open).once('close', release.open);
    const result = body.map((given: unknown) => {
      const checked = checkItem(given);
      const accepted = checked.ok ? upstream.accept(checked.item, at, release) : checked;
      if (accepted.ok) return { code: 'OK', messageId: accepted.id };
      entry.code ??= accepted.reason.key;
      return { code: 'REJECTED', reasons: [accepted.reason] };
    });
    return { result };
  });

  app.get<{ Params: { id: string } }>('/notify/vk/messages/:id', async (request, reply) => {
    const found = upstream.find(Number(request.params.id));
    if (found === null) return reply.code(404).send(notFound);
    return send(reply, describe(found));
  });

  app.get<{ Querystring: Record<string, string> }>('/notify/vk/messages', async (request, reply) => {
    const { phone, status, service, cursor, limit } = request.query;
    const size = Math.min(Math.max(Number(limit) || PAGE.default, 1), PAGE.max);
    const items: Notification[] = [];
    for (const notification of upstream.list()) {
      if (cursor !== undefined && notification.id >= Number(cursor)) continue;
      if (phone !== undefined && notification.item.phone !== phone.replace(/^\+/, '')) continue;
      if (status !== undefined && notification.status !== status) continue;
      if (service !== undefined && notification.item.service !== service) continue;
      items.push(notification);
      if (items.length > size) break;
    }
    const page = items.slice(0, size);
    return send(reply, { items: page.map(describe), nextCursor: items.length > size ? String(page.at(-1)?.id) : null });
  });

  app.get('/notify/v1/account', async () => upstream.account);
  app.patch('/notify/v1/account', async (request, reply) => {
    const { body } = request;
    const changes = typeof body === 'object' && body !== null ? Object.entries(body) : [];
    for (const [field, value] of changes) {
      const message = fieldProblem(field, value);
      if (message !== null)
        return reply
          .code(400)
          .send({ error: { code: 'field.invalid', field, message, hint: 'Send {"statusUrl","incomingUrl"}.' } });
    }
    Object.assign(upstream.account, Object.fromEntries(changes));
    return upstream.account;
  });
}

/** The service of a batch's first message: the upstream is not called for one group, as a network is. */
function serviceOf(body: unknown): string | null {
  const first: unknown = Array.isArray(body) ? body[0] : undefined;
  const service: unknown = typeof first === 'object' && first !== null && 'service' in first ? first.service : undefined;
  return typeof service === 'string' ? service : null;
}

function fieldProblem(field: string, value: unknown): string | null {
  if (field !== 'statusUrl' && field !== 'incomingUrl') return `"${field}" is not known here.`;
  if (value === null || (typeof value === 'string' && isHttpUrl(value))) return null;
  return `"${field}" must be an http or https address, or null.`;
}

/** `Key <key>`, or `Basic` with the key as password (gateway.md, "Request"). */
function hasKey(request: FastifyRequest): boolean {
  const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() === 'key') return value === KEY;
  return scheme.toLowerCase() === 'basic' && Buffer.from(value, 'base64').toString('utf8').endsWith(`:${KEY}`);
}

/** Writes BigInts as the integers they were read as. */
function send(reply: FastifyReply, body: object): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(stringifyExact(body));
}

function describe(notification: Notification) {
  const { item } = notification;
  return {
    messageId: notification.id,
    status: notification.status,
    channel: notification.channel,
    phone: item.phone,
    service: item.service,
    templateId: item.template.id,
    text: item.text,
    createdAt: new Date(notification.createdAt).toISOString(),
    expiresAt: new Date(notification.expiresAt).toISOString(),
    callbackData: item.callbackData,
    history: notification.history,
  };
}

function refuseBody(error: Error & { code?: string; statusCode?: number; cause?: unknown }, reply: FastifyReply): FastifyReply {
  const status = error.statusCode ?? 500;
  const refuse = (key: string, message: string) => reply.code(status).send(rejected({ key, message }));
  if (error.code === 'INVALID_JSON') return refuse('invalid.json', String((error.cause as Error).message));
  if (status === 413) return refuse('request.too.large', `The body is over ${BODY_BYTES_MAX} bytes.`);
  if (status === 415) return refuse('content.type.invalid', 'Send Content-Type: application/json.');
  if (status < 500) return refuse('messages.invalid', error.message);
  throw error;
}
