import { createHash, timingSafeEqual } from 'node:crypto';
import { parseJson } from '@soroka/channels';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Connection, Connections, Credentials } from '../connections/connections.ts';
import type { RawEvents } from '../inbox/inbox.ts';
import { createAgedCache } from '../platform/aged-cache.ts';
import type { Clock } from '../platform/clock.ts';
import { isDatabaseAway } from '../platform/database.ts';
import type { Logger } from '../platform/telemetry.ts';
import { confirmationFailed, requestAnswered, requestRefused, requestRepeated } from './events.ts';
import type { Health } from './health.ts';
import { okConfirmation } from './ok-confirmation.ts';
import type { Arrival } from './raw-bodies.ts';
import { createSourceAddresses } from './source-address.ts';
import { createStorage } from './storage.ts';

export { type ConnectionHealth, type ConnectionProblem, createHealth, type Health, readHealth } from './health.ts';
export { createReception, type Reception, type ReceptionParts } from './reception.ts';

/** Where OK's requests come from. Source: apiok.ru, graph.user.subscribe; the same in every copy since 2017. */
export const OK_SOURCE_CIDRS = ['217.20.145.192/28', '217.20.151.160/28', '217.20.153.48/28'] as const;

export interface IntakeParts {
  rawEvents: RawEvents;
  connections: Pick<Connections, 'byIntakeToken' | 'channel' | 'senders'>;
  health: Pick<Health, 'eventCame'>;
  clock: Clock;
  log: Logger;
  /** Who may call /hooks/ok; addresses or ranges. */
  okSourceCidrs: readonly string[];
  /** Proxies of ours whose X-Forwarded-For is believed. */
  trustedProxies: readonly string[];
  /** Whether a request with these headers comes from our own doctor, who asks in ways that are to be refused; absent: none does. */
  isProbe?(headers: FastifyRequest['headers']): boolean;
}

/** Takes what networks send: checks the source, stores the body, answers. */
export interface Intake {
  /** Adds `POST /hooks/…` to the server. Bodies are taken as bytes whatever their content type, at most 1 MiB. */
  registerIntake(app: FastifyInstance): void;
}

const BODY_BYTES_MAX = 1_048_576;
// VK waits "a few seconds" for an answer (contracts: vk.md 1.3); asking it for the code must fit in.
const CONFIRMATION_TIMEOUT_MS = 3_000;
// OK counts an answer after 5 s as none (contracts: ok.md 4.1), VK waits "a few seconds": a database that hangs is one that is away.
// It is asked twice, for the connection and to store.
const DATABASE_ANSWERS_WITHIN_MS = 2_000;
// VK takes 410, 429 and 503 with Retry-After as "later", up to 3 hours. Source: vksdk, callback RetryAfter.
const RETRY_AFTER_MS = 10_000;

interface Caller {
  connection: Connection;
  credentials: Credentials;
}
type HookRequest = FastifyRequest<{ Params: { token: string } }>;

export function createIntake(parts: IntakeParts): Intake {
  const { rawEvents, connections, health, clock, log, okSourceCidrs, trustedProxies } = parts;
  const okSources = createSourceAddresses({ allowed: okSourceCidrs, trustedProxies });
  const storage = createStorage({ rawEvents, connections, groups: createAgedCache({ clock, maxAgeMs: 1_000 }), health });

  const refuse = (reply: FastifyReply, kind: string, status: 403 | 404, reason: string): FastifyReply => {
    if (parts.isProbe?.(reply.request.headers) !== true) requestRefused(log, { kind, reason });
    return reply.code(status).send(reason);
  };

  const store = async (caller: Caller, request: HookRequest, form: Arrival['form']) => {
    const { connection, credentials } = caller;
    const { webhookSecret: secret } = credentials;
    const at = new Date(clock.now());
    const stored = storage.store({
      connection,
      form,
      source: 'webhook',
      body: bodyOf(request),
      at,
      ...(secret !== undefined && { secret }),
    });
    await soonEnough(stored);
  };

  const takeVk = async (request: HookRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const caller = await soonEnough(connections.byIntakeToken('vk', request.params.token));
    if (caller === null) return refuse(reply, 'vk', 404, UNKNOWN_TOKEN);
    const { connection, credentials } = caller;
    const body = jsonObject(bodyOf(request));
    // What is no JSON cannot show the secret either; the address alone vouches for it, and it is kept without being worked off.
    if (body !== undefined) {
      if (!('group_id' in body) || String(body['group_id']) !== connection.groupId) {
        return refuse(reply, 'vk', 403, "group_id is not that of this address's group");
      }
      const isConfirmation = body['type'] === 'confirmation';
      if (!secretFits(credentials.webhookSecret, body['secret'], isConfirmation)) {
        return refuse(reply, 'vk', 403, "secret is missing or is not this server's secret key");
      }
      if (isConfirmation) return confirm(connection, reply);
    }
    const repeat = Number(request.headers['x-retry-counter']);
    if (repeat > 0) requestRepeated(log, { kind: 'vk', connectionId: connection.id, count: repeat });
    await store(caller, request, 'vk');
    return reply.send('ok');
  };

  const confirm = async ({ id }: Connection, reply: FastifyReply): Promise<FastifyReply> => {
    try {
      const channel = await connections.channel(id);
      return reply.send(await channel.confirmation?.(AbortSignal.timeout(CONFIRMATION_TIMEOUT_MS)));
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      confirmationFailed(log, { connectionId: id, error: error instanceof Error ? error.message : String(error) });
      return reply.code(503).send('the confirmation code could not be had from VK');
    }
  };

  const takeOk = async (request: HookRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (okConfirmation.isAsked(jsonObject(bodyOf(request)))) return confirmOk(request, reply);
    const { socket, headers } = request.raw;
    if (!okSources.allows(socket.remoteAddress, String(headers['x-forwarded-for'] ?? ''))) {
      return refuse(reply, 'ok', 403, 'requests of OK are not expected from this address');
    }
    const caller = await soonEnough(connections.byIntakeToken('ok', request.params.token));
    if (caller === null) return refuse(reply, 'ok', 404, UNKNOWN_TOKEN);
    await store(caller, request, 'ok');
    return reply.send('ok');
  };

  const confirmOk = async (request: HookRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const caller = await soonEnough(connections.byIntakeToken('ok', request.params.token));
    if (caller === null) return refuse(reply, 'ok', 404, UNKNOWN_TOKEN);
    const { confirmation } = caller.connection.settings;
    if (confirmation === undefined) return refuse(reply, 'ok', 403, okConfirmation.unset);
    return reply.headers(okConfirmation.headersFor(request.headers.origin)).send(confirmation);
  };

  const takeNotify =
    (form: 'notify-incoming' | 'notify-statuses') =>
    async (request: HookRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const caller = await soonEnough(connections.byIntakeToken('notify', request.params.token));
      if (caller === null) return refuse(reply, 'notify', 404, UNKNOWN_TOKEN);
      await store(caller, request, form);
      return reply.send('ok');
    };

  return {
    registerIntake(app) {
      app.register(async (hooks) => {
        hooks.removeAllContentTypeParsers();
        hooks.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX }, (_request, body, done) =>
          done(null, body),
        );
        // Set before Fastify looks at it: it refuses a header of its own dislike, and to us what the network names its bytes means nothing.
        hooks.addHook(
          'onRequest',
          async (request) => void Object.assign(request.raw.headers, { 'content-type': 'application/octet-stream' }),
        );
        hooks.setErrorHandler((error, _request, reply) => answerError(error, reply));
        hooks.addHook('onSend', async (_request, reply) => void reply.type('text/plain; charset=utf-8'));
        hooks.addHook('onResponse', async (request, reply) => {
          const kind = request.routeOptions.url?.split('/')[2] ?? 'unknown';
          requestAnswered({ kind, status: reply.statusCode, ms: reply.elapsedTime });
        });
        hooks.post('/hooks/vk/:token', takeVk);
        hooks.post('/hooks/ok/:token', takeOk);
        hooks.options('/hooks/ok/:token', async (request, reply) =>
          reply.code(204).headers(okConfirmation.headersFor(request.headers.origin)).send(),
        );
        hooks.post('/hooks/notify/:token/incoming', takeNotify('notify-incoming'));
        hooks.post('/hooks/notify/:token/statuses', takeNotify('notify-statuses'));
      });
    },
  };

  /** Every status but 200 makes the network send the event again: right where it was not stored. */
  function answerError(error: unknown, reply: FastifyReply): FastifyReply {
    const status = (error as { statusCode?: unknown }).statusCode;
    if (status === 413) return reply.code(413).send(`the body is larger than ${BODY_BYTES_MAX} bytes`);
    if (typeof status === 'number' && status >= 400 && status < 500) return reply.code(status).send('the request cannot be read');
    log.error({ event: 'intake_failed', error: error instanceof Error ? error.message : String(error) });
    const again = new Date(clock.now() + RETRY_AFTER_MS).toUTCString();
    if (error instanceof DatabaseHangs || isDatabaseAway(error))
      return reply.code(503).header('retry-after', again).send('the database is away, nothing was stored');
    return reply.code(500).send('nothing was stored, because of an error on our side');
  }
}

class DatabaseHangs extends Error {
  override readonly name = 'DatabaseHangs';
}

/** What is stored after all is dropped when the network sends it again. */
async function soonEnough<Value>(work: Promise<Value>): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const problem = new DatabaseHangs(`the database gave no answer within ${DATABASE_ANSWERS_WITHIN_MS} ms`);
  const timer = setTimeout(() => late.reject(problem), DATABASE_ANSWERS_WITHIN_MS);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const UNKNOWN_TOKEN = 'no connection has this address';

function bodyOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

function jsonObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const json = parseJson(body.toString('utf8'));
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : {};
  } catch {
    return undefined;
  }
}

/** Some of VK's clients found no secret in the confirmation request, others did: there it may be absent, not wrong. */
function secretFits(secret: string | undefined, given: unknown, mayBeAbsent: boolean): boolean {
  if (secret === undefined || secret === '') return true;
  if (given === undefined) return mayBeAbsent;
  return typeof given === 'string' && timingSafeEqual(sha256(given), sha256(secret));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
