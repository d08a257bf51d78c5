import type { PostResult } from '../../platform/http-client.ts';
import type { PushHopName, PushOutcome } from '../outcome.ts';

/** What a service's own codes mean. A code that is not there is judged by its status. */
export type Meanings = Readonly<Record<string, Meaning>>;
interface Meaning {
  kind: 'gone' | 'refused' | 'failed';
  at: PushHopName;
}

/** An answer that is not good: `code` is the service's own word for it. */
export function unhappy(
  service: string,
  { status, code }: { status: number; code: string | null },
  meanings: Meanings,
): Exclude<PushOutcome, { kind: 'taken' }> {
  const { kind, at } = (code === null ? undefined : meanings[code]) ?? meaningOf(status);
  if (kind === 'gone') return { kind, at };
  return { kind, at, detail: `${service} answered ${status}${code === null ? '' : ` ${code}`}` };
}

function meaningOf(status: number): Meaning {
  if (status === 401 || status === 403) return { kind: 'refused', at: 'credentials' };
  return { kind: status === 429 || status >= 500 ? 'failed' : 'refused', at: 'service' };
}

/** A call without an answer. */
export function unanswered(service: string, result: Exclude<PostResult, { kind: 'answered' }>, at: PushHopName): PushOutcome {
  switch (result.kind) {
    case 'forbidden':
      return { kind: 'refused', at, detail: `the address of ${service} ${result.reason}` };
    case 'timed_out':
      return { kind: 'failed', at, detail: `${service} gave no answer in time` };
    case 'failed':
      return { kind: 'failed', at, detail: `${service} cannot be reached (${result.code})` };
  }
}

/** The value at the path of a JSON text; undefined where there is none, or no JSON. */
export function valueAt(json: string, ...path: readonly (string | number)[]): unknown {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[name];
  }
  return value;
}

/** A code of a service, fit to be shown: nothing else of its answers is. */
export function codeAt(json: string, ...path: readonly (string | number)[]): string | null {
  const value = valueAt(json, ...path);
  return typeof value === 'string' && /^\w{1,60}$/.test(value) ? value : null;
}
