import type { ActionOutcome } from '../actions.ts';
import type { SendOutcome } from '../channel.ts';
import type { VkAnswer } from './vk-api.ts';
import { VK_ERRORS, type VkErrorMeaning } from './vk-error-table.ts';

/** Of a code that VK's schema does not know: refused, because a repeat of what is not understood helps nobody. */
const UNKNOWN: VkErrorMeaning = { kind: 'refused', reason: 'provider' };
const NEW_TOKEN = 'give the connection a working token';

/** How soon an action that met a passing error may be tried again; VK documents no time. */
const RETRY_AFTER_MS = 1_000;

/** The outcome of a send that VK answered with an error. `message` is VK's own, which may say more than the table. */
export function outcomeOfError(code: number, message: string): SendOutcome {
  const networkCode = String(code);
  const meaning = VK_ERRORS[code]?.meaning ?? UNKNOWN;
  switch (meaning.kind) {
    case 'stopped':
      return { kind: 'stopped', networkCode, detail: describeError(code, message) };
    case 'unanswered':
      return { kind: 'unanswered', detail: describeError(code, message) };
    default:
      return { ...meaning, networkCode, ...(message === '' ? {} : { answer: message }) };
  }
}

/** What a call that is no send came to, where VK did not simply answer it. */
export function failureOf(answer: Exclude<VkAnswer, { kind: 'response' }>): Exclude<ActionOutcome<never>, { kind: 'done' }> {
  if (answer.kind === 'unsent') return passing(answer.code, `not sent (${answer.code})`);
  if (answer.kind === 'unanswered') return passing('unanswered', answer.detail);
  if (answer.kind === 'throttled') {
    const { status, retryAfterMs } = answer;
    return { kind: 'failed', networkCode: `http_${status}`, retryAfterMs, detail: `VK asks to wait (status ${status})` };
  }
  const { code, message } = answer;
  const networkCode = String(code);
  const detail = describeError(code, message);
  const meaning = VK_ERRORS[code]?.meaning ?? UNKNOWN;
  switch (meaning.kind) {
    case 'refused':
    case 'stopped':
      return { kind: meaning.kind, networkCode, detail };
    case 'throttled':
      return { kind: 'failed', networkCode, retryAfterMs: meaning.retryAfterMs, detail };
    default:
      return passing(networkCode, detail);
  }
}

/** A sentence: VK's code and text, and what to do where something can be done. */
export function describeError(code: number, message: string): string {
  const row = VK_ERRORS[code];
  const advice = row?.advice ?? (row?.meaning.kind === 'stopped' ? NEW_TOKEN : undefined);
  const text = (message === '' ? row?.text : message) ?? 'unknown';
  return `VK error ${code}: ${advice === undefined ? text : `${text.replace(/\.$/, '')}; ${advice}`}`;
}

/** The code that stands behind one of VK's texts: some rows of `peer_ids` bring the text alone. */
export function codeOfText(text: string): number | undefined {
  return CODES_BY_TEXT.get(text);
}

const CODES_BY_TEXT = new Map(Object.entries(VK_ERRORS).map(([code, { text }]) => [text, Number(code)]));

function passing(networkCode: string, detail: string): Exclude<ActionOutcome<never>, { kind: 'done' }> {
  return { kind: 'failed', networkCode, retryAfterMs: RETRY_AFTER_MS, detail };
}
