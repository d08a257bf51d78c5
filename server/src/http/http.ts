import { randomUUID } from 'node:crypto';
import { ERRORS, type ErrorCode, OPERATIONS, type Operation, type OperationId } from '@soroka/api';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify, type HTTPMethods } from 'fastify';
import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Connections } from '../connections/connections.ts';
import type { Dialogs } from '../dialogs/dialogs.ts';
import type { RawEvents } from '../inbox/inbox.ts';
import type { Operators } from '../operators/operators.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { HttpClient } from '../platform/http-client.ts';
import type { Logger } from '../platform/telemetry.ts';
import type { Templates } from '../templates/templates.ts';
import { type AccountRoutesParts, createAccountRoutes } from './account-routes.ts';
import { auditLineOf } from './audit-lines.ts';
import { requireRight } from './auth.ts';
import { type BotRoutesParts, createBotRoutes } from './bot-routes.ts';
import { type BroadcastRoutesParts, createBroadcastRoutes, registerShortLinks } from './broadcast-routes.ts';
import { type CallbackRoutesParts, createCallbackRoutes } from './callback-routes.ts';
import { type CancelRoutesParts, createCancelRoutes } from './cancel-routes.ts';
import { createChannelRoutes } from './channel-routes.ts';
import { type ConnectionRoutesParts, createConnectionRoutes } from './connection-routes.ts';
import { type ContactRoutesParts, createContactRoutes } from './contact-routes.ts';
import { createDeskCatalogRoutes, type DeskCatalogRoutesParts } from './desk-catalog-routes.ts';
import { createDeskRoutes, type DeskRoutesParts } from './desk-routes.ts';
import { createDeskRuleRoutes, type DeskRuleRoutesParts } from './desk-rule-routes.ts';
import { createDialogRoutes } from './dialog-routes.ts';
import { createEventRoutes, type EventRoutesParts, unlessTicket } from './event-routes.ts';
import { createEventSeats } from './event-seats.ts';
import { createEventSockets, shouldUpgradeCallback } from './event-sockets.ts';
import { createExportRoutes, type ExportRoutesParts } from './export-routes.ts';
import { createFileRoutes, type FileRoutesParts } from './file-routes.ts';
import { createForecastRoutes, type ForecastRoutesParts } from './forecast-routes.ts';
import { createHealthRoutes, type IsReady } from './health.ts';
import { requestServed } from './http-events.ts';
import { createKeyRoutes, type KeyRoutesParts } from './key-routes.ts';
import { registerLoginCallbacks } from './login-callbacks.ts';
import { createLoginRoutes } from './login-routes.ts';
import { createMessageChangeRoutes, type MessageChangeRoutesParts } from './message-change-routes.ts';
import { type OAuthRoutesParts, registerOAuth } from './oauth-routes.ts';
import { createOperatorRoutes } from './operator-routes.ts';
import { registerPages } from './pages/pages.ts';
import { createPushRoutes, type PushRoutesParts } from './push-routes.ts';
import { createRawEventRoutes } from './raw-event-routes.ts';
import { errorAnswer, refusalOf, sendRefusal } from './refusals.ts';
import { createRequestRate } from './request-rate.ts';
import { createSearchRoutes, type SearchRoutesParts } from './search-routes.ts';
import { createSecretRoutes, type SecretRoutesParts } from './secret-routes.ts';
import { createSegmentRoutes, type SegmentRoutesParts } from './segment-routes.ts';
import { createReadSendRequest } from './send-request.ts';
import { createSenderRoutes, type SenderRoutesParts } from './sender-routes.ts';
import { createSessionCookie } from './session-cookie.ts';
import { createSessionRoutes } from './session-routes.ts';
import { createTemplateRoutes, type TemplateRoutesParts } from './template-routes.ts';
import { createTimelineRoutes, type TimelineRoutesParts } from './timeline-routes.ts';
import { createVkMessages, type VkMessagesParts } from './vk-messages.ts';

export type { IsReady } from './health.ts';
export { createMetricsServer, type MetricsServer } from './metrics-server.ts';

export interface HttpParts {
  dispatch: VkMessagesParts['dispatch'] &
    ForecastRoutesParts['dispatch'] &
    CancelRoutesParts['dispatch'] &
    SenderRoutesParts['dispatch'] &
    TimelineRoutesParts['dispatch'];
  accounts: Pick<Accounts, 'authenticate' | 'authenticateBasic'> &
    AccountRoutesParts['accounts'] &
    KeyRoutesParts['accounts'] &
    CallbackRoutesParts['accounts'] &
    SecretRoutesParts['accounts'];
  callbacks: CallbackRoutesParts['callbacks'] & TimelineRoutesParts['callbacks'];
  connections: Pick<Connections, 'list' | 'channel'> & SenderRoutesParts['connections'] & ConnectionRoutesParts['connections'];
  health: ConnectionRoutesParts['health'];
  connecting: ConnectionRoutesParts['connecting'];
  templates: Pick<Templates, 'list'> & TemplateRoutesParts['templates'];
  dialogs: Pick<Dialogs, 'list' | 'messages' | 'moveToContact'> & FileRoutesParts['dialogs'] & ExportRoutesParts['dialogs'];
  files: FileRoutesParts['files'];
  replies: MessageChangeRoutesParts['replies'];
  search: SearchRoutesParts['search'];
  push: PushRoutesParts['push'];
  bots: BotRoutesParts['bots'];
  contacts: ContactRoutesParts['contacts'] & SegmentRoutesParts['contacts'] & BroadcastRoutesParts['contacts'];
  broadcasts: BroadcastRoutesParts['broadcasts'];
  desk: DeskRoutesParts['desk'] & DeskCatalogRoutesParts['desk'] & DeskRuleRoutesParts['desk'];
  rawEvents: Pick<RawEvents, 'list' | 'replay'>;
  events: EventRoutesParts['events'];
  operators: Operators;
  audit: Pick<Audit, 'list' | 'add'>;
  /** How browsers reach this server. */
  publicUrl: () => string;
  httpClient: Pick<HttpClient, 'refusal'>;
  clock: Clock;
  log: Logger;
  isReady: IsReady;
  /** Of the product. */
  version: string;
  /** Whether customers' routes are served; health, pages and hooks are in any case. */
  servesApi: boolean;
  /** The routes under /hooks; they parse their own bodies. */
  registerIntake?(app: FastifyInstance): void | Promise<void>;
  /** The routes under /oauth, for browsers; absent: nobody is asked for access here. */
  oauth?: OAuthRoutesParts;
  /** What the doctor asks to learn how its requests arrive. */
  registerProbe?(app: FastifyInstance): void;
  /** Shown on the page at /; absent: no simulator runs beside this server. */
  simulatorUrl?: string;
  /** Of one key in this process; absent: no limit. */
  requestsPerSecondPerKey?: number;
  /** Whose X-Forwarded-For is believed: addresses and CIDR ranges. */
  trustedProxies?: readonly string[];
  timeouts?: HttpTimeouts;
}

/** How long a sender may take; slower ones are cut off, so that idle connections cannot use us up. */
export interface HttpTimeouts {
  headersMs: number;
  /** From the first byte of the headers to the last of the body. */
  requestMs: number;
  /** How often the two are looked at. */
  checkEveryMs: number;
}
const TIMEOUTS: HttpTimeouts = { headersMs: 10_000, requestMs: 60_000, checkEveryMs: 5_000 };
// Longer than the 60 s of usual reverse proxies, so that it is they who close an idle connection.
const KEEP_ALIVE_MS = 72_000;
const HOOK_BODY_BYTES_MAX = 4 * 1024 * 1024;
const PATH_PARAMETER_CHARACTERS_MAX = 200;

/** The HTTP server, ready to listen. Every answer but those of the pages and hooks is JSON; see `OPERATIONS` for the routes. */
export async function createHttp(parts: HttpParts): Promise<FastifyInstance> {
  const { log, clock, timeouts = TIMEOUTS } = parts;
  const app = fastify({
    logger: false, // requests are reported by http-events.ts
    genReqId: ({ headers }) => requestId(headers['x-request-id']),
    bodyLimit: HOOK_BODY_BYTES_MAX,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: { headersTimeout: timeouts.headersMs, connectionsCheckingInterval: timeouts.checkEveryMs, shouldUpgradeCallback },
    // While the server closes, what still comes over open connections is served: nobody is refused by a restart.
    return503OnClosing: false,
    routerOptions: { maxParamLength: PATH_PARAMETER_CHARACTERS_MAX },
    trustProxy: parts.trustedProxies === undefined || parts.trustedProxies.length === 0 ? false : [...parts.trustedProxies],
    frameworkErrors: (error, request, reply) => {
      sendRefusal(request, reply, refusalOf(error, log, request));
    },
    clientErrorHandler: (error, socket) => {
      if (!socket.writable || error.code === 'ECONNRESET') return socket.destroy();
      socket.end(rawAnswer(SOCKET_ERRORS[error.code] ?? 'request.invalid'));
    },
  });
  app.decorateRequest('caller', null);
  app.decorateRequest('givenFields', null);
  addHooks(app, log, clock);
  letConnectionsGo(app);
  const methodsOf = collectMethods(app);

  await app.register(async (api) => {
    // Handlers read their bodies themselves: limits, positions and raw numbers need the bytes.
    api.removeAllContentTypeParsers();
    api.addContentTypeParser('*', (_request, _payload, done) => done(null));
    registerOperations(api, parts);
    registerPages(api, { version: parts.version, simulatorUrl: parts.simulatorUrl ?? null });
  });
  if (parts.oauth !== undefined) registerOAuth(app, parts.oauth);
  parts.registerProbe?.(app);
  if (parts.registerIntake !== undefined) await app.register(async (intake) => parts.registerIntake?.(intake));
  await app.register(async (rest) => {
    rest.removeAllContentTypeParsers();
    rest.addContentTypeParser('*', (_request, _payload, done) => done(null));
    refuseOtherMethods(rest, methodsOf);
  });
  return app;
}

function registerOperations(app: FastifyInstance, parts: HttpParts): void {
  const { clock, accounts, operators, publicUrl, requestsPerSecondPerKey } = parts;
  const cookie = createSessionCookie(publicUrl);
  const authenticator = { accounts, sessions: operators.sessions, cookie };
  const requestRate =
    requestsPerSecondPerKey === undefined ? null : createRequestRate({ clock, perSecond: requestsPerSecondPerKey });
  const read = createReadSendRequest(parts);
  const sockets = createEventSockets(app, parts);
  const handlers: Record<OperationId, (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>> = {
    ...createVkMessages({ dispatch: parts.dispatch, read }),
    ...createForecastRoutes({ dispatch: parts.dispatch, read }),
    ...createCancelRoutes(parts),
    ...createSenderRoutes(parts),
    ...createTimelineRoutes(parts),
    ...createAccountRoutes(parts),
    ...createKeyRoutes(parts),
    ...createConnectionRoutes(parts),
    ...createTemplateRoutes(parts),
    ...createCallbackRoutes(parts),
    ...createChannelRoutes(parts),
    ...createDialogRoutes(parts),
    ...createDeskRoutes(parts),
    ...createDeskCatalogRoutes(parts),
    ...createDeskRuleRoutes(parts),
    ...createContactRoutes(parts),
    ...createSegmentRoutes(parts),
    ...createBroadcastRoutes(parts),
    ...createFileRoutes(parts),
    ...createMessageChangeRoutes(parts),
    ...createSearchRoutes(parts),
    ...createExportRoutes(parts),
    ...createPushRoutes(parts),
    ...createEventRoutes({ ...parts, sockets, seats: createEventSeats() }),
    ...createRawEventRoutes(parts),
    ...createSecretRoutes(parts),
    ...createLoginRoutes({ operators, cookie, publicUrl }),
    ...createSessionRoutes({ operators, cookie, publicUrl }),
    ...createOperatorRoutes(parts),
    ...createBotRoutes(parts),
    ...createHealthRoutes(parts),
  };
  for (const [id, operation] of Object.entries<Operation>(OPERATIONS)) {
    if (operation.tag !== 'Service' && !parts.servesApi) continue;
    const auditLine = auditLineOf(id, operation, parts.audit);
    app.route({
      method: operation.method,
      url: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      config: { refusals: operation.refusals },
      ...(operation.right === null
        ? {}
        : { onRequest: unlessTicket(sockets, requireRight(operation.right, { ...authenticator, requestRate })) }),
      ...(auditLine === null ? {} : { preSerialization: auditLine }),
      handler: handlers[id as OperationId],
    });
  }
  if (parts.servesApi) registerShortLinks(app, parts);
  if (parts.servesApi) registerLoginCallbacks(app, { networkLogin: operators.networkLogin, cookie, publicUrl });
}

function addHooks(app: FastifyInstance, log: Logger, clock: Clock): void {
  const startedAt = new WeakMap<FastifyRequest, number>();
  app.addHook('onRequest', async (request, reply) => {
    startedAt.set(request, clock.monotonic());
    reply.headers({ 'X-Request-Id': request.id, ...SECURITY_HEADERS });
    // Before the body is looked at: an unknown address is 404 whatever is sent there.
    if (request.is404) throw new AppError('not.found', 'there is no such address');
  });
  app.addHook('onResponse', async (request, reply) => {
    requestServed(log, {
      requestId: request.id,
      route: request.routeOptions.url ?? 'unknown',
      method: KNOWN_METHODS.has(request.method) ? request.method : 'other',
      status: reply.statusCode,
      durationMs: clock.monotonic() - (startedAt.get(request) ?? clock.monotonic()),
      accountId: request.caller?.accountId ?? null,
    });
  });
  app.setNotFoundHandler((request, reply) => sendRefusal(request, reply, new AppError('not.found', 'there is no such address')));
  app.setErrorHandler((error, request, reply) => sendRefusal(request, reply, refusalOf(error, log, request)));
}

const LOOK_FOR_IDLE_MS = 50;
const CLOSE_WITHIN_MS = 10_000;

/**
 * What is being served while the server closes is served to its end, and its connection ends with it. By itself Node closes
 * what is idle when the closing begins and waits for the rest to fall silent: a kept connection, over a minute.
 */
function letConnectionsGo(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
    const idle = setInterval(() => app.server.closeIdleConnections(), LOOK_FOR_IDLE_MS);
    const all = setTimeout(() => app.server.closeAllConnections(), CLOSE_WITHIN_MS);
    app.server.once('close', () => {
      clearInterval(idle);
      clearTimeout(all);
    });
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('Connection', 'close');
  });
}

const SECURITY_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
};
const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS);

/** Which methods each address has, HEAD included, filled as routes are registered. */
function collectMethods(app: FastifyInstance): ReadonlyMap<string, Set<string>> {
  const methodsOf = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsOf.get(url) ?? new Set();
    methodsOf.set(url, methods);
    for (const name of Array.isArray(method) ? method : [method]) methods.add(name);
  });
  return methodsOf;
}

function refuseOtherMethods(app: FastifyInstance, methodsOf: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (const [url, methods] of [...methodsOf]) {
    const others = METHODS.filter((method) => !methods.has(method));
    const allowed = [...methods].sort().join(', ');
    app.route({
      method: others,
      url,
      config: { refusals: url.startsWith('/vk/') ? 'result' : 'error' },
      handler: async (_request, reply) => {
        reply.header('Allow', allowed);
        throw new AppError('method.not.allowed', `here only ${allowed} can be used`);
      },
    });
  }
}

// A caller's own id makes a request traceable through its systems and ours; anything that could not stand in a log is replaced.
function requestId(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[\w.-]{1,100}$/.test(given) ? given : randomUUID();
}

const SOCKET_ERRORS: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request.timeout',
  HPE_HEADER_OVERFLOW: 'headers.too.large',
};

/** An answer to what never became a request: Node gives only the socket. */
function rawAnswer(code: ErrorCode): string {
  const { status, hint } = ERRORS[code];
  const body = JSON.stringify(errorAnswer(new AppError(code, hint)));
  return `HTTP/1.1 ${status} ${code}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}
