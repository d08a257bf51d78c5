import type { ActionOutcome } from '../actions.ts';
import { BrokenBodyError } from '../body/body.ts';
import type { SendOutcome } from '../channel.ts';
import { type HttpAnswer, retryAfterMs } from '../http/http.ts';
import { parseJson } from '../json.ts';
import { meaningOf, OK_ERRORS, type OkMeaning } from './ok-errors.ts';

/** What one call of OK, REST or Graph, came to. */
export type OkAnswer = { kind: 'result'; result: unknown } | OkProblem;

/** A call without a result; `result` may be an object, an array, a bare value or null. */
export type OkProblem =
  /** OK's own error; `OK_ERRORS` has the codes. */
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
  const waitMs = retryAfterMs(header('retry-after'));
  if (status === 429 || (status === 503 && waitMs !== undefined))
    return { kind: 'throttled', retryAfterMs: waitMs ?? 1_000, status };
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

/** The outcome of a send that OK did not answer with a result; `special` replaces the meaning of single codes. */
export function outcomeOfProblem(problem: OkProblem, special?: Readonly<Record<number, OkMeaning>>): SendOutcome {
  if (problem.kind === 'unanswered') return problem;
  if (problem.kind === 'unsent') return { kind: 'failed', networkCode: problem.code };
  if (problem.kind === 'throttled') {
    const { retryAfterMs, status } = problem;
    return { kind: 'throttled', scope: 'lane', retryAfterMs, networkCode: `http_${status}` };
  }
  const networkCode = String(problem.code);
  const meaning = meaningOf(problem.code, special);
  if (meaning.kind === 'stopped') return { kind: 'stopped', networkCode, detail: sentenceOf(problem) };
  return { ...meaning, networkCode, ...(problem.message === '' ? {} : { answer: problem.message }) };
}

// How long to wait before an action is tried again where OK does not say.
const ACTION_RETRY_MS = 1_000;

/** What a call besides a send came to; `read` takes its result apart and may throw a `BrokenBodyError`, as `readFields` does. */
export function actionOutcome<Result>(
  answer: OkAnswer,
  read: (result: unknown) => Result,
  special?: Readonly<Record<number, OkMeaning>>,
): ActionOutcome<Result> {
  switch (answer.kind) {
    case 'result':
      return readResult(answer.result, read);
    case 'throttled':
      return failed(`http_${answer.status}`, `OK asks to wait (status ${answer.status})`, answer.retryAfterMs);
    case 'unsent':
      return failed(answer.code, `OK could not be reached (${answer.code})`);
    case 'unanswered':
      return failed('unanswered', `OK did not answer (${answer.detail})`);
    case 'error': {
      const meaning = meaningOf(answer.code, special);
      const [networkCode, detail] = [String(answer.code), sentenceOf(answer)];
      if (meaning.kind === 'throttled') return failed(networkCode, detail, meaning.retryAfterMs);
      if (meaning.kind === 'failed') return failed(networkCode, detail);
      return { kind: meaning.kind, networkCode, detail };
    }
  }
}

function readResult<Result>(result: unknown, read: (result: unknown) => Result): ActionOutcome<Result> {
  if (isObject(result) && result['success'] === false)
    return { kind: 'refused', networkCode: 'success_false', detail: 'OK did not do it (success false) and does not say why' };
  try {
    return { kind: 'done', result: read(result) };
  } catch (error) {
    if (!(error instanceof BrokenBodyError)) throw error;
    const detail = `OK answered with something else than its page says: ${error.message}`;
    return { kind: 'refused', networkCode: 'unreadable_answer', detail };
  }
}

/** For calls whose result is that they were done: OK answers `{"success":true}` or, as clients have met it, something else. */
export const nothing = (): null => null;

function failed(networkCode: string, detail: string, retryAfterMs = ACTION_RETRY_MS): ActionOutcome<never> {
  return { kind: 'failed', networkCode, retryAfterMs, detail };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sentenceOf({ code, message }: { code: number; message: string }): string {
  const said = message === '' ? (OK_ERRORS[code]?.name ?? 'a code that is not in its list') : message;
  const advice = meaningOf(code).kind === 'stopped' ? '; give the connection a working token or key' : '';
  return `OK error ${code}: ${said}${advice}`;
}

/** The result of a call that must succeed. Throws `OkCallError`, which names the call, what came instead and what to do. */
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
