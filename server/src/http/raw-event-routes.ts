import { RAW_EVENT_STATES, RawEventReplay, SEND_LIMITS } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { RawEvents } from '../inbox/inbox.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { invalid, readCursor, readId, readLimit, readQuery } from './query.ts';
import { parseBody, readBody, requireJson } from './request-body.ts';

// A body of a network is at most 1 MiB; inside JSON every character of it may take six.
const REPLAY_BYTES_MAX = 6 * 1024 * 1024;
const replayCheck = Compile(RawEventReplay);

/** Handlers of /v1/raw-events by the ids of their operations. */
export function createRawEventRoutes({ rawEvents }: { rawEvents: Pick<RawEvents, 'list' | 'replay'> }) {
  return {
    async listRawEvents(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { cursor, limit, state: given } = readQuery(request.query, ['limit', 'cursor', 'state']);
      const state = RAW_EVENT_STATES.find((known) => known === given);
      if (given !== undefined && state === undefined) throw invalid('state', `must be one of ${RAW_EVENT_STATES.join(', ')}`);
      const filter = { ...readCursor(cursor), limit: readLimit(limit), ...(state === undefined ? {} : { state }) };
      return reply.send(await rawEvents.list(callerOf(request).accountId, filter));
    },

    async replayRawEvent(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = readId('eventId', (request.params as { eventId: string }).eventId);
      const body = await mendedBody(request);
      const replayed = id !== null && (await rawEvents.replay(callerOf(request).accountId, id, body));
      if (!replayed) throw new AppError('not.found', 'this account has no such failed event');
      return reply.send({ id, state: 'waiting' });
    },
  };
}

/** Undefined where the request has no body, or an empty object. */
async function mendedBody(request: FastifyRequest): Promise<string | undefined> {
  const bytes = await readBody(request.raw, REPLAY_BYTES_MAX);
  if (bytes.length === 0) return undefined;
  requireJson(request.headers);
  const { value } = parseBody(bytes, SEND_LIMITS.jsonDepthMax);
  if (!replayCheck.Check(value)) throw invalid('body', 'give {"body": "…"} with the mended text, or nothing');
  return value.body;
}
