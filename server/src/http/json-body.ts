import { isUtf8 } from 'node:buffer';
import { findJsonProblem, type JsonProblem, placeOf } from './json-problem.ts';
import { isDeeperThan } from './json-spans.ts';

export type JsonBody = { ok: true; text: string; value: unknown } | { ok: false; problem: JsonProblem };

/**
 * Reads a request's body: UTF-8, valid JSON, at most `depthMax` levels of brackets. Never throws.
 * `value` is what `JSON.parse` gives; use `exactValue` on a piece of `text` where integers beyond 2^53 must survive.
 */
export function readJsonBody(bytes: Buffer, depthMax: number): JsonBody {
  if (bytes.length === 0) return { ok: false, problem: { position: 0, line: 1, column: 1, message: 'the body is empty' } };
  const text = bytes.toString('utf8');
  if (!isUtf8(bytes)) {
    const position = firstBadCharacter(bytes, text);
    return { ok: false, problem: { position, ...placeOf(text, position), message: 'these bytes are not UTF-8' } };
  }
  // The depth comes first: JSON.parse takes 0.3 s for 4 MiB of brackets, and everybody else waits.
  if (isDeeperThan(text, depthMax)) return { ok: false, problem: problemOf(text, depthMax) };
  try {
    return { ok: true, text, value: JSON.parse(text) };
  } catch {
    return { ok: false, problem: problemOf(text, depthMax) };
  }
}

// JSON.parse tells no reliable position; the slower scanner is asked only about texts that cannot be read.
function problemOf(text: string, depthMax: number): JsonProblem {
  const problem = findJsonProblem(text, depthMax);
  if (problem === null) throw new Error('JSON.parse refused a text in which no problem was found');
  return problem;
}

// An integer that a double may change has sixteen digits or more.
const LONG_NUMBER = /\d{16}/;

/** `parsed`, which is what `JSON.parse` made of `text`, but integers beyond 2^53 are `bigint`. */
export function exactValue(text: string, parsed: unknown): unknown {
  if (!LONG_NUMBER.test(text)) return parsed;
  return parseWithSource(text, (_name, value, context) => {
    const isRounded = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
    return isRounded && /^-?\d+$/.test(context.source ?? '') ? BigInt(context.source as string) : value;
  });
}

// The third argument of the reviver (source text access, in Node since 21) is not in TypeScript's types yet.
type Reviver = (name: string, value: unknown, context: { source?: string }) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown;

/** Index in `text`, decoded from `bytes`, of the first replacement character that the bytes do not hold themselves. */
function firstBadCharacter(bytes: Buffer, text: string): number {
  let byteOffset = 0;
  let from = 0;
  for (;;) {
    const at = text.indexOf('\uFFFD', from);
    byteOffset += Buffer.byteLength(text.slice(from, at));
    if (!bytes.subarray(byteOffset, byteOffset + 3).equals(REPLACEMENT)) return at;
    byteOffset += REPLACEMENT.length;
    from = at + 1;
  }
}
const REPLACEMENT = Buffer.from('\uFFFD');
