import type { BotEvent, Effect } from '@soroka/bot';
import type { HttpClient } from '../platform/http-client.ts';

type CallRequest = Extract<Effect, { kind: 'call' }>;
export type CallResult = Extract<BotEvent, { kind: 'callResult' }>;

/** What came of one try of a call. `problem`: why the next try may do better. */
export type Called = { kind: 'answered'; result: CallResult } | { kind: 'failed'; result: CallResult; problem: string };

export const CALL_TIMEOUT_MS = 3_000;

/**
 * Makes the web request of a scenario or a scene, once, through the address guard. `key` is the same on every try and goes along as
 * `Idempotency-Key`: whoever is called may be called twice.
 */
export async function makeCall(httpClient: Pick<HttpClient, 'post'>, call: CallRequest, key: string): Promise<Called> {
  const { id, method, url, body, headers } = call;
  const answer = await httpClient.post({
    method,
    url,
    body: method === 'GET' ? '' : (body ?? ''),
    headers: { ...headersOf(headers), 'idempotency-key': key, ...(body !== undefined && { 'content-type': 'application/json' }) },
    timeoutMs: CALL_TIMEOUT_MS,
  });
  const failed = (problem: string): Called => ({ kind: 'failed', result: { kind: 'callResult', id, ok: false }, problem });
  switch (answer.kind) {
    case 'answered': {
      const { status } = answer;
      const ok = status >= 200 && status < 300;
      const result: CallResult = { kind: 'callResult', id, ok, status, body: parsed(answer.bodyHead) };
      const mayPass = status >= 500 || status === 429 || status === 408;
      return mayPass ? { kind: 'failed', result, problem: `answered ${status}` } : { kind: 'answered', result };
    }
    case 'forbidden':
      return { kind: 'answered', result: { kind: 'callResult', id, ok: false } };
    case 'timed_out':
      return failed(`no whole answer within ${CALL_TIMEOUT_MS} ms`);
    case 'failed':
      return failed(`the call failed with ${answer.code}`);
  }
}

// Of the connection, not of the request: what is written here would make two requests of one.
const OURS = new Set(['connection', 'content-length', 'host', 'transfer-encoding', 'upgrade', 'expect', 'idempotency-key']);

/** Names in small letters; a header that is none, or is ours to set, is left out. */
function headersOf(given: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name, value]) => /^[a-z0-9-]{1,100}$/.test(name) && !OURS.has(name) && /^[\x20-\x7e]{0,4096}$/.test(value)),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
