import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Call, type CallFaults, cutList, type Instant, type Party, type World } from '../world/world.ts';

export { parseExact, stringifyExact } from './exact-json.ts';

/** One call that a network is answering: what the log shows of it, and when it came. */
export interface NetworkCall {
  /** The moment of receipt, that limits count by. */
  readonly at: Instant;
  /** The log's entry. The handler sets `method` (as the network names it), `group` and, where it refuses, `code`. */
  readonly entry: Call;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Only on routes of a network, see `watchCalls`. */
    networkCall: NetworkCall;
  }
}

/** Resolves when the client has gone, or the simulator stops. */
export function clientGone(request: FastifyRequest): Promise<void> {
  const { socket } = request.raw;
  return socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()));
}

/**
 * Makes every route of this Fastify scope a network's: each call stands in the call log from its receipt on, and suffers the
 * faults set for `party`. `timeoutBefore` and `error5xx` keep the handler from running; `delayMs` and `timeoutAfter` hold back its
 * answer. Errors in the network's own dialect are the handler's: `world.faults.drawError(party)`.
 *
 * Call it inside a registered plugin, before its routes, so that it covers that plugin alone.
 */
export function watchCalls(app: FastifyInstance, world: World, party: Party): void {
  const faultsOf = new WeakMap<FastifyRequest, CallFaults>();

  // The decoration only gives the request its shape; the value is set at receipt.
  app.decorateRequest('networkCall', null as unknown as NetworkCall);

  app.addHook('onRequest', async (request) => {
    const at = world.instant();
    const method = `${request.method} ${request.routeOptions.url ?? request.url}`;
    const entry = { ...at, network: party, method, group: null, status: 0, code: null, durationMs: 0, request: null };
    // A picture that the page at `/` shows is no call of anybody's bot.
    const isOfPage = request.headers['sec-fetch-site'] === 'same-origin';
    request.networkCall = { at, entry: isOfPage ? { id: 0, answer: null, ...entry } : world.calls.record(entry) };
  });

  app.addHook('preHandler', async (request, reply) => {
    request.networkCall.entry.request = requestOf(request);
    const faults = world.faults.drawCall(party);
    faultsOf.set(request, faults);
    if (faults.before === 'error5xx')
      return reply.code(503).type('text/html').send('<html><body>503 Service Unavailable</body></html>');
    if (faults.before === 'timeout') {
      await clientGone(request);
      return leave(reply);
    }
    return undefined;
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const { at, entry } = request.networkCall;
    const faults = faultsOf.get(request);
    if (faults !== undefined && faults.delayMs > 0) await wait(world, faults.delayMs);
    if (faults?.after === 'timeout') {
      await clientGone(request);
      return payload;
    }
    entry.status = reply.statusCode;
    entry.durationMs = Math.round(world.clock.monotonic() - at.mono);
    world.calls.answered(entry, typeof payload === 'string' ? payload : `(${reply.getHeader('content-type') ?? 'no body'})`);
    return payload;
  });
}

/** Query and body as one, since networks take parameters from either; a list body stays a list. */
function requestOf(request: FastifyRequest): unknown {
  const { body, query } = request;
  if (Array.isArray(body)) return cutList(body);
  const fromBody = typeof body === 'object' && body !== null && !Buffer.isBuffer(body) ? body : {};
  return { ...(query as Record<string, unknown>), ...fromBody };
}

function leave(reply: FastifyReply): FastifyReply {
  reply.hijack();
  reply.raw.destroy();
  return reply;
}

function wait(world: World, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    world.clock.scheduleReal(resolve, delayMs);
  });
}
