import { CALLBACK_STATES, type Callback, CallbackReplay, SEND_LIMITS, UrlTrial } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { Accounts } from '../accounts/accounts.ts';
import type { CallbackItem, Callbacks } from '../callbacks/callbacks.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { isoTime } from './iso-time.ts';
import { fieldPath } from './message-shape.ts';
import { readFields } from './operator-body.ts';
import { invalid, readCursor, readId, readLimit, readQuery } from './query.ts';
import { parseBody, readBody, requireJson } from './request-body.ts';

const ENDPOINT_ID_MAX = 2 ** 31 - 1;
const REPLAY_BYTES_MAX = 64 * 1024;
const replayCheck = Compile(CallbackReplay);
const trialCheck = Compile(UrlTrial);

export interface CallbackRoutesParts {
  callbacks: Pick<Callbacks, 'list' | 'get' | 'replay' | 'replayAll' | 'endpoints' | 'endpoint' | 'enableEndpoint' | 'tryUrl'>;
  accounts: Pick<Accounts, 'urls'>;
}

/** Handlers of /v1/callbacks and /v1/endpoints by the ids of their operations. */
export function createCallbackRoutes({ callbacks, accounts }: CallbackRoutesParts) {
  const requireEnabled = async (accountId: number, endpointId: number): Promise<void> => {
    const endpoint = await callbacks.endpoint(accountId, endpointId);
    if (endpoint === null) throw new AppError('not.found', 'this account has no such endpoint');
    if (endpoint.state === 'disabled')
      throw new AppError('endpoint.disabled', `the endpoint ${endpointId} is disabled; its callbacks would be parked again`);
  };

  return {
    async listEndpoints(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { cursor, limit } = readQuery(request.query, ['limit', 'cursor']);
      return reply.send(
        await callbacks.endpoints(callerOf(request).accountId, { limit: readLimit(limit), ...readCursor(cursor) }),
      );
    },

    async enableEndpoint(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = readId('endpointId', (request.params as { endpointId: string }).endpointId);
      const endpoint = id === null ? null : await callbacks.enableEndpoint(callerOf(request).accountId, id);
      if (endpoint === null) throw new AppError('not.found', 'this account has no such endpoint');
      return reply.send(endpoint);
    },

    async tryEndpoint(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId } = callerOf(request);
      const { url: given } = await readFields(request, UrlTrial, trialCheck);
      const url = given ?? (await accounts.urls(accountId))?.statusUrl;
      if (url === null || url === undefined) throw invalid('url', 'the account has no statusUrl: say which URL to call');
      const { answer, ...tried } = await callbacks.tryUrl(accountId, url);
      return reply.send({ url, ...tried, answer: answer === null ? null : { status: answer.status, body: answer.bodyHead } });
    },

    async listCallbacks(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const query = readQuery(request.query, ['endpoint', 'status', 'from', 'to', 'limit', 'cursor']);
      const state = CALLBACK_STATES.find((known) => known === query.status);
      if (query.status !== undefined && state === undefined)
        throw invalid('status', `must be one of ${CALLBACK_STATES.join(', ')}`);
      const endpointId = query.endpoint === undefined ? undefined : readId('endpoint', query.endpoint);
      if (endpointId === null || (endpointId !== undefined && endpointId > ENDPOINT_ID_MAX))
        return reply.send({ items: [], nextCursor: null });
      const page = await callbacks.list(callerOf(request).accountId, {
        ...(endpointId === undefined ? {} : { endpointId }),
        ...(state === undefined ? {} : { state }),
        ...times(query.from?.replace(' ', '+'), query.to?.replace(' ', '+')), // a plus that was not escaped is a blank
        ...readCursor(query.cursor),
        limit: readLimit(query.limit),
      });
      return reply.send({ items: page.items.map(shown), nextCursor: page.nextCursor });
    },

    async getCallback(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = callbackIdOf(request);
      const callback = id === null ? null : await callbacks.get(callerOf(request).accountId, id);
      if (callback === null) throw NO_SUCH_CALLBACK();
      return reply.send({ ...shown(callback), body: callback.body, calls: callback.calls });
    },

    async replayCallback(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId } = callerOf(request);
      const id = callbackIdOf(request);
      const before = id === null ? null : await callbacks.get(accountId, id);
      if (id === null || before === null) throw NO_SUCH_CALLBACK();
      if (before.state === 'parked') {
        await requireEnabled(accountId, before.endpointId);
        await callbacks.replay(accountId, id);
      }
      return reply.send(shown((await callbacks.get(accountId, id)) ?? before));
    },

    async replayCallbacks(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId } = callerOf(request);
      requireJson(request.headers);
      const { value } = parseBody(await readBody(request.raw, REPLAY_BYTES_MAX), SEND_LIMITS.jsonDepthMax);
      const { from, to, endpoint } = readReplay(value);
      if (endpoint !== undefined) await requireEnabled(accountId, endpoint);
      const filter = { ...times(from, to), ...(endpoint === undefined ? {} : { endpointId: endpoint }) };
      return reply.send(await callbacks.replayAll(accountId, filter));
    },
  };
}

const NO_SUCH_CALLBACK = () => new AppError('not.found', 'this account has no such callback, or it is not kept any more');

const callbackIdOf = (request: FastifyRequest): number | null =>
  readId('callbackId', (request.params as { callbackId: string }).callbackId);

function times(from: string | undefined, to: string | undefined): { createdFrom?: Date; createdTo?: Date } {
  const read = (field: string, text: string): Date => {
    const at = isoTime(text);
    if (at === null) throw invalid(field, 'must be an ISO 8601 time with its zone, like 2026-01-31T09:00:00+03:00');
    return new Date(at);
  };
  return {
    ...(from === undefined ? {} : { createdFrom: read('from', from) }),
    ...(to === undefined ? {} : { createdTo: read('to', to) }),
  };
}

function readReplay(value: unknown): CallbackReplay {
  if (replayCheck.Check(value)) return value;
  const names = Object.keys(CallbackReplay.properties).join(', ');
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0)
    throw new AppError('parameter.invalid', `the body must be an object with at least one of ${names}`);
  const unknown = Object.keys(value).find((name) => !(name in CallbackReplay.properties));
  if (unknown !== undefined) throw invalid(fieldPath([unknown]), `this field does not exist; there are ${names}`);
  const field = replayCheck.Errors(value)[0]?.instancePath.slice(1) ?? names;
  throw invalid(field, field === 'endpoint' ? 'must be the id of an endpoint' : 'must be an ISO 8601 time with its zone');
}

function shown({ id, endpointId, url, form, orderKey, state, tries, problem, createdAt, nextTryAt, settledAt }: CallbackItem) {
  const [kind, about] = orderKey.split(':');
  return {
    ...{ id, endpointId, url, form },
    messageId: kind === 'message' ? (about ?? null) : null,
    dialogId: kind === 'dialog' ? Number(about) : null,
    ...{ status: state, tries, problem, createdAt, nextTryAt, settledAt },
  } satisfies Record<keyof Callback, unknown>;
}
