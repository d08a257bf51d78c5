import type { RefusalReason, SendOutcome } from '../channel.ts';
import { type HttpAnswer, retryAfterMs } from '../http/http.ts';
import { parseJson } from '../json.ts';

/** What one call of OK, REST or Graph, came to. */
export type OkAnswer =
  /** May be an object, an array, a bare value or null. */
  | { kind: 'result'; result: unknown }
  /** OK's own error; codes: github gazay/odnoklassniki, lib/odnoklassniki/error.rb. */
  | { kind: 'error'; code: number; message: string }
  | { kind: 'throttled'; retryAfterMs: number; status: number }
  | { kind: 'unsent'; code: string }
  | { kind: 'unanswered'; detail: string };

/**
 * Reads an answer of OK. Errors come with status 200 and are told by `error_code` in the body or by the header
 * `Invocation-Error`, never by the status; pages of HTML come with status 200 as well.
 * Source: recorded answers in github gazay/odnoklassniki, test/vcr_cassettes.
 */
export function readOkAnswer(answer: HttpAnswer): OkAnswer {
  if (answer.kind !== 'answered') return answer;
  const { status, text, header } = answer;
  const parsed = parseOrNothing(text);
  if (typeof parsed?.value === 'object' && parsed.value !== null && 'error_code' in parsed.value) {
    const { error_code: code, error_msg: message } = parsed.value as { error_code: unknown; error_msg?: unknown };
    if (typeof code === 'number') return { kind: 'error', code, message: typeof message === 'string' ? message : '' };
  }
  const invocationError = header('invocation-error');
  if (invocationError !== undefined && /^\d+$/.test(invocationError))
    return { kind: 'error', code: Number(invocationError), message: '' };
  if (status === 429) return { kind: 'throttled', retryAfterMs: retryAfterMs(header('retry-after')) ?? 1_000, status };
  if (status === 200 && parsed !== undefined) return { kind: 'result', result: parsed.value };
  return { kind: 'unanswered', detail: `status ${status} without an answer of OK in it` };
}

function parseOrNothing(text: string): { value: unknown } | undefined {
  try {
    return { value: parseJson(text) };
  } catch {
    return undefined;
  }
}

type Meaning =
  | { kind: 'refused'; reason: RefusalReason }
  | { kind: 'throttled'; scope: 'lane' | 'recipient'; retryAfterMs: number }
  | { kind: 'failed' }
  | { kind: 'stopped' };

const refused = (reason: RefusalReason): Meaning => ({ kind: 'refused', reason });
const FAILED: Meaning = { kind: 'failed' };
const STOPPED: Meaning = { kind: 'stopped' };

/**
 * What OK's error means to a sender. The waits are ours: OK documents none, nor whether 8 and 11 count for the group or
 * for one person; a person's pause is the one that cannot stall everybody. A code that is not here refuses the message.
 */
export const OK_ERRORS: Readonly<Record<number, Meaning>> = {
  1: FAILED, // UNKNOWN
  2: FAILED, // SERVICE: temporarily unavailable
  8: { kind: 'throttled', scope: 'recipient', retryAfterMs: 60_000 }, // FLOOD_BLOCKED
  9: { kind: 'throttled', scope: 'lane', retryAfterMs: 600_000 }, // IP_BLOCKED
  11: { kind: 'throttled', scope: 'recipient', retryAfterMs: 60_000 }, // LIMIT_REACHED
  25: refused('refused_by_user'), // NOT_ACTIVE: does not use the application
  26: refused('daily_limit'), // TOTAL_LIMIT_REACHED
  101: STOPPED, // PARAM_API_KEY
  102: STOPPED, // PARAM_SESSION_EXPIRED
  103: STOPPED, // PARAM_SESSION_KEY
  104: STOPPED, // PARAM_SIGNATURE
  106: refused('no_such_user'), // PARAM_ENTITY_ID
  110: refused('no_such_user'), // PARAM_USER_ID
  210: STOPPED, // PARAM_APPLICATION_DISABLED
  300: refused('no_such_user'), // NOT_FOUND
  401: STOPPED, // AUTH_LOGIN
  402: STOPPED, // AUTH_LOGIN_CAPTCHA
  403: STOPPED, // AUTH_LOGIN_WEB_HUMAN_CHECK
  454: refused('content'), // CENSOR_MATCH
  455: refused('refused_by_user'), // FRIEND_RESTRICTION
  456: refused('refused_by_user'), // GROUP_RESTRICTION
  457: refused('refused_by_user'), // UNAUTHORIZED_RESTRICTION
  458: refused('refused_by_user'), // PRIVACY_RESTRICTION
  705: refused('no_such_user'), // CHAT_NOT_FOUND
  9999: FAILED, // SYSTEM
};

/** The outcome of a send that OK did not answer with a result; `known` replaces the meaning of single codes. */
export function outcomeOfProblem(answer: Exclude<OkAnswer, { kind: 'result' }>, known = OK_ERRORS): SendOutcome {
  if (answer.kind === 'unanswered') return answer;
  if (answer.kind === 'unsent') return { kind: 'failed', networkCode: answer.code };
  if (answer.kind === 'throttled') {
    return { kind: 'throttled', scope: 'lane', retryAfterMs: answer.retryAfterMs, networkCode: `http_${answer.status}` };
  }
  const networkCode = String(answer.code);
  const meaning = known[answer.code] ?? refused('provider');
  if (meaning.kind !== 'stopped') return { ...meaning, networkCode };
  return {
    kind: 'stopped',
    networkCode,
    detail: `OK error ${answer.code}: ${answer.message}; give the connection a working token or key`,
  };
}

/** The result of a call that must succeed. Throws an Error that names the call, what came instead and what to do. */
export function requireResult(answer: OkAnswer, call: string): unknown {
  switch (answer.kind) {
    case 'result':
      return answer.result;
    case 'error':
      throw new OkCallError(
        `OK refused ${call} with error ${answer.code} (${answer.message}): check the connection's key and its rights`,
        answer.code,
      );
    case 'throttled':
      throw new OkCallError(`OK put off ${call} with status ${answer.status}: try again after ${answer.retryAfterMs} ms`);
    case 'unsent':
      throw new OkCallError(`OK could not be reached for ${call} (${answer.code}): check the connection's address and try again`);
    case 'unanswered':
      throw new OkCallError(`OK did not answer ${call} (${answer.detail}): try again`);
  }
}

export class OkCallError extends Error {
  override readonly name = 'OkCallError';
  /** OK's error code; undefined where it gave none. */
  readonly code: number | undefined;

  constructor(message: string, code?: number) {
    super(message);
    this.code = code;
  }
}
