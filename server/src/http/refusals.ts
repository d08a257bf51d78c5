import { ERRORS, type ErrorAnswer, type ErrorCode, type Reason, type RequestRejected } from '@soroka/api';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { isDatabaseAway } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/telemetry.ts';
import type { JsonProblem } from './json-problem.ts';

/** A body that is no JSON, with the place where it stops being readable. */
export class InvalidJsonError extends AppError {
  readonly place: Pick<JsonProblem, 'position' | 'line' | 'column'>;

  constructor({ message, ...place }: JsonProblem) {
    super('invalid.json', `${message} (line ${place.line}, column ${place.column})`);
    this.place = place;
  }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How refusals of the whole request look; absent: `{"error":{…}}`. */
    refusals?: 'result' | 'error';
  }
}

/** Turns whatever a handler threw into the one error that is answered; what nobody expected goes to the log. */
export function refusalOf(error: unknown, log: Logger, request: { id: string }): AppError {
  if (error instanceof AppError) {
    if (error.status >= 500)
      log.error({ event: 'request_failed', requestId: request.id, code: error.code, detail: error.detail });
    return error;
  }
  if (isDatabaseAway(error)) {
    log.warn({ event: 'database_away', requestId: request.id, ...describe(error) });
    return new AppError('unavailable', 'the database cannot be reached');
  }
  const ofFastify = FASTIFY_CODES[(error as Partial<FastifyError> | null)?.code ?? ''];
  if (ofFastify !== undefined) return new AppError(ofFastify, ERRORS[ofFastify].hint);
  const status = (error as Partial<FastifyError> | null)?.statusCode ?? 500;
  if (status >= 400 && status < 500) return new AppError('request.invalid', 'the address or the headers cannot be read');
  log.error({ event: 'request_failed', requestId: request.id, ...describe(error) });
  return new AppError('internal', 'see the request id');
}

const FASTIFY_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'content.type.invalid',
  FST_ERR_CTP_BODY_TOO_LARGE: 'request.too.large',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid.json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid.json',
};

// The message of a database error quotes values, and values may be phones; its frames and code are enough to find it.
function describe(error: unknown): { name: string; code?: unknown; stack: string } {
  if (!(error instanceof Error)) return { name: typeof error, stack: '' };
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  const isOfDatabase = severity !== undefined;
  return {
    name: isOfDatabase ? error.name : `${error.name}: ${error.message}`,
    ...(code === undefined ? {} : { code }),
    stack: frames.join('\n'),
  };
}

/** Sends a refusal in the shape of the route. */
export function sendRefusal(request: FastifyRequest, reply: FastifyReply, refusal: AppError): FastifyReply {
  const body = request.routeOptions.config.refusals === 'result' ? rejectedAnswer(refusal) : errorAnswer(refusal);
  if (refusal.code === 'overloaded') reply.header('Retry-After', '1');
  return reply.code(refusal.status).type('application/json; charset=utf-8').send(JSON.stringify(body));
}

/** `{"result":[{"code":"REJECTED","reasons":[…]}]}`, of POST /vk/messages and its neighbours. */
export function rejectedAnswer(refusal: AppError): Static<typeof RequestRejected> {
  const reason: Reason = { key: refusal.code, ...fieldOf(refusal), message: refusal.detail, ...placeOf(refusal) };
  return { result: [{ code: 'REJECTED', reasons: [reason] }] };
}

/** `{"error":{…}}`, of every other route. */
export function errorAnswer(refusal: AppError): ErrorAnswer {
  const { code, field = null, detail, hint } = refusal;
  return { error: { code, field, message: detail, hint, ...placeOf(refusal) } };
}

const fieldOf = ({ field }: AppError) => (field === undefined ? {} : { field });
const placeOf = (refusal: AppError) => (refusal instanceof InvalidJsonError ? refusal.place : {});
