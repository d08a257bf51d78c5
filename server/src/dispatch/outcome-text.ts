import type { SendOutcome } from '@soroka/channels';
import { BACK_OFF } from './back-off.ts';

const NETWORK_ID_CHARACTERS_MAX = 500;
const ANSWER_CHARACTERS_MAX = 300;
const CODE_CHARACTERS_MAX = 100;

// What stands behind the name of a secret; what is as long and mixed as a token is; what may be a phone.
const SECRETS: readonly RegExp[] = [
  /(?<=\b(?:Bearer|Key|Basic)\s)[^\s"',;]+/g,
  /(?<=\b(?:access_token|token|key|secret|sig|password|authorization)\b["']?\s*[:=]\s*["']?)[^\s"'&,;}]+/gi,
  /\b(?=[\w.-]*\d)(?=[\w.-]*[A-Za-z])[\w.-]{24,}/g,
  /\+?\d{10,}/g,
];

/**
 * An outcome as it can be written down: an id with a NUL or as long as a page, a wait that is no number or of years, must not keep us
 * from it. Of an answer the head is kept, without NUL, tokens, keys and phones.
 */
export function storable(outcome: SendOutcome, dedupKey: string): SendOutcome {
  if (outcome.kind === 'sent') {
    const { networkId } = outcome;
    const fits = networkId.length <= NETWORK_ID_CHARACTERS_MAX && !networkId.includes('\0');
    return fits ? outcome : { kind: 'sent', networkId: `unnamed:${dedupKey}` };
  }
  const said = outcome.kind === 'stopped' || outcome.kind === 'unanswered' ? outcome.detail : outcome.answer;
  const told = {
    ...outcome,
    ...(said === undefined ? {} : { answer: masked(said) }),
    ...('networkCode' in outcome && { networkCode: plain(outcome.networkCode).slice(0, CODE_CHARACTERS_MAX) }),
  };
  if (told.kind !== 'throttled') return told;
  const { retryAfterMs } = told;
  const { minMs, maxMs } = BACK_OFF.asked;
  return {
    ...told,
    retryAfterMs: Number.isFinite(retryAfterMs) ? Math.min(Math.max(minMs, retryAfterMs), maxMs) : minMs,
  };
}

const plain = (text: string): string => text.replaceAll('\0', '');

function masked(text: string): string {
  const head = plain(text).slice(0, 2 * ANSWER_CHARACTERS_MAX);
  return SECRETS.reduce((left, secret) => left.replaceAll(secret, '***'), head).slice(0, ANSWER_CHARACTERS_MAX);
}
