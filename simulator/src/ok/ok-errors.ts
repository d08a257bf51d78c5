import type { FastifyReply } from 'fastify';
import { stringifyExact } from '../wire/wire.ts';

/**
 * Errors of OK's REST and Graph API by name. OK's own texts are known for 101 and 103 only; the others are ours in its form
 * `NAME : text`. Sources: contracts/ok.md 1.4 (recorded answers) and 1.5 (list of codes; where that gives a range or a
 * meaning instead of a name, as with albums and photos, only what the simulator can answer stands here).
 */
export const OK_ERRORS = {
  UNKNOWN: 1,
  SERVICE: 2,
  METHOD: 3,
  REQUEST: 4,
  ACTION_BLOCKED: 7,
  FLOOD_BLOCKED: 8,
  IP_BLOCKED: 9,
  PERMISSION_DENIED: 10,
  LIMIT_REACHED: 11,
  CANCELLED: 12,
  NOT_MULTIPART: 21,
  NOT_ACTIVATED: 22,
  NOT_YET_INVOLVED: 23,
  NOT_OWNER: 24,
  NOT_ACTIVE: 25,
  TOTAL_LIMIT_REACHED: 26,
  PARAM: 100,
  PARAM_API_KEY: 101,
  PARAM_SESSION_EXPIRED: 102,
  PARAM_SESSION_KEY: 103,
  PARAM_SIGNATURE: 104,
  PARAM_RESIGNATURE: 105,
  PARAM_ENTITY_ID: 106,
  PARAM_USER_ID: 110,
  PARAM_ALBUM_ID: 120,
  PARAM_PHOTO_ID: 121,
  PARAM_WIDGET: 130,
  PARAM_MESSAGE_ID: 140,
  PARAM_COMMENT_ID: 141,
  PARAM_GROUP_ID: 160,
  PARAM_PERMISSION: 200,
  PARAM_APPLICATION_DISABLED: 210,
  NOT_FOUND: 300,
  EDIT_PHOTO_FILE: 324,
  AUTH_LOGIN: 401,
  AUTH_LOGIN_CAPTCHA: 402,
  AUTH_LOGIN_WEB_HUMAN_CHECK: 403,
  NOT_SESSION_METHOD: 451,
  SESSION_REQUIRED: 453,
  CENSOR_MATCH: 454,
  FRIEND_RESTRICTION: 455,
  GROUP_RESTRICTION: 456,
  UNAUTHORIZED_RESTRICTION: 457,
  PRIVACY_RESTRICTION: 458,
  GROUP_DUPLICATE_JOIN_REQUEST: 610,
  COMMENT_NOT_FOUND: 700,
  INVALID_AUTHOR: 701,
  COMMENT_NOT_ACTIVE: 702,
  TIMEOUT_EXCEEDED: 704,
  CHAT_NOT_FOUND: 705,
  MESSAGE_NOT_ACTIVE: 706,
  NO_SUCH_APP: 900,
  BATCH: 1200,
  // [?] One poller of me/updates takes 5000 for "no long polling subscription"; the name is ours.
  NO_SUBSCRIPTION: 5000,
  SYSTEM: 9999,
} as const;

export type OkErrorName = keyof typeof OK_ERRORS;

/** A refusal as OK writes it. */
export interface OkErrorBody {
  error_code: number;
  error_data: null;
  error_msg: string;
}

export type Refused = { ok: false; error: OkErrorBody };

/** What a method gives back: an answer, or a refusal to be written as an error. */
export type OkResult = { ok: true; answer: unknown } | Refused;

/** A refusal by name, with what is wrong and what would be right. */
export function refuse(name: OkErrorName, text: string): Refused {
  return { ok: false, error: { error_code: OK_ERRORS[name], error_data: null, error_msg: `${name} : ${text}` } };
}

/** The same for a code given by number, as faults do. Codes beyond the table are written as UNKNOWN with their number. */
export function errorByCode(code: number): OkErrorBody {
  const name = Object.entries(OK_ERRORS).find(([, number]) => number === code)?.[0] ?? 'UNKNOWN';
  return { error_code: code, error_data: null, error_msg: `${name} : Error asked for by a fault of the simulator` };
}

export function respond(answer: unknown): OkResult {
  return { ok: true, answer };
}

/** Writes a result as OK does: HTTP 200 always, a refusal also in the header `Invocation-Error` (recorded: contracts/ok.md 1.4). */
export function writeResult(reply: FastifyReply, result: OkResult): string {
  void reply.headers({ 'content-type': 'application/json;charset=utf-8', 'cache-control': 'no-cache, no-store' });
  if (!result.ok) void reply.header('invocation-error', String(result.error.error_code));
  const written = result.ok ? result.answer : result.error;
  // Many an answer of the REST API is a bare primitive or null.
  return typeof written === 'object' && written !== null ? stringifyExact(written) : JSON.stringify(written);
}
