import { type Fields, readFields } from '../body/body.ts';
import type { RefusalReason, SendOutcome } from '../channel.ts';
import { type HttpAnswer, retryAfterMs } from '../http/http.ts';
import { parseJson } from '../json.ts';

const THROTTLED_MS = 1_000;

// What one message was rejected for. The first six are docs.devino.online/en/http/vk_ok, "Error codes"; the rest are the
// keys of our own gateway, which may be the upstream. A key that is not here refuses the message on this route.
const REASONS: ReadonlyMap<string, RefusalReason | 'throttled' | 'failed'> = new Map([
  ['is.spam', 'content'],
  ['billing.error', 'provider'],
  ['service.not.found', 'provider'],
  ['message.contains.invalid.templateId', 'provider'],
  ['rate.limit', 'throttled'],
  ['unavailable', 'failed'],
  ['phone.invalid', 'no_such_user'],
  ['recipient.opted.out', 'refused_by_user'],
  ['text.too.long', 'content'],
  ['delivery_policy.invalid', 'policy'],
  ['client.message.id.conflict', 'provider'],
  ['queue.too.long', 'provider'],
]);

/** What the answer to one request means to each of its `count` messages, in their order. */
export function outcomesOfAnswer(answer: HttpAnswer, count: number): SendOutcome[] {
  if (answer.kind === 'unsent') return all(count, { kind: 'failed', networkCode: answer.code });
  if (answer.kind === 'unanswered') return all(count, answer);
  const items = readItems(answer.text);
  if (answer.status === 200) {
    if (items?.length === count) return items.map(outcomeOfItem);
    return all(count, {
      kind: 'unanswered',
      detail: `the upstream answered ${count} messages with ${items?.length ?? 'no'} results`,
    });
  }
  return all(count, outcomeOfRefusal(answer.status, items?.[0] && keyOf(items[0]), retryAfterMs(answer.header('retry-after'))));
}

// A refusal of the whole request: `key` is that of its one item, absent where the answer is not the upstream's own.
function outcomeOfRefusal(status: number, key: string | undefined, waitMs: number | undefined): SendOutcome {
  const networkCode = key ?? `http_${status}`;
  if (status === 401 || status === 403) {
    return {
      kind: 'stopped',
      networkCode,
      detail: `the upstream refused the key with status ${status}; give the connection a working one`,
    };
  }
  if (status === 429 || (status === 503 && waitMs !== undefined)) {
    return { kind: 'throttled', scope: 'lane', retryAfterMs: waitMs ?? THROTTLED_MS, networkCode };
  }
  if (status === 503 && key === 'unavailable') return { kind: 'failed', networkCode };
  if (status >= 500) return { kind: 'unanswered', detail: `status ${status} does not say whether the messages were taken` };
  if (key !== undefined) return { kind: 'refused', reason: 'provider', networkCode };
  // Not the upstream: a redirect, a proxy or a wrong address. It passes when somebody mends that.
  return { kind: 'failed', networkCode };
}

function outcomeOfItem(item: Fields): SendOutcome {
  const code = item.raw('code');
  if (code === 'OK') {
    const id = item.raw('messageId');
    return isId(id)
      ? { kind: 'sent', networkId: String(id) }
      : { kind: 'unanswered', detail: 'an accepted message came without its messageId' };
  }
  const key = keyOf(item);
  if (code !== 'REJECTED' || key === undefined)
    return { kind: 'unanswered', detail: 'a result is neither OK nor REJECTED with a reason' };
  const reason = REASONS.get(key) ?? 'provider';
  if (reason === 'throttled') return { kind: 'throttled', scope: 'lane', retryAfterMs: THROTTLED_MS, networkCode: key };
  const answer = wordsOf(item);
  return reason === 'failed'
    ? { kind: 'failed', networkCode: key, ...answer }
    : { kind: 'refused', reason, networkCode: key, ...answer };
}

const firstReason = (item: Fields): unknown => {
  const reasons = item.raw('reasons');
  return Array.isArray(reasons) ? reasons[0] : undefined;
};

function wordsOf(item: Fields): { answer?: string } {
  const first = firstReason(item);
  return typeof first === 'object' && first !== null && 'message' in first && typeof first.message === 'string'
    ? { answer: first.message }
    : {};
}

function keyOf(item: Fields): string | undefined {
  const first = firstReason(item);
  return typeof first === 'object' && first !== null && 'key' in first && typeof first.key === 'string' ? first.key : undefined;
}

/** The answer's items; undefined where it is not the contract's envelope. */
function readItems(text: string): Fields[] | undefined {
  try {
    return readFields(parseJson(text))
      .array('result')
      .map((item, index) => readFields(item, `result[${index}]`));
  } catch {
    return undefined;
  }
}

function isId(value: unknown): boolean {
  return typeof value === 'bigint' || Number.isSafeInteger(value) || (typeof value === 'string' && value !== '');
}

function all(count: number, outcome: SendOutcome): SendOutcome[] {
  return Array.from({ length: count }, () => outcome);
}
