import { isInteger, isSafeNumber, LosslessNumber, parse, stringify } from 'lossless-json';

// What JSON.parse might change: sixteen digits in a row (a point between them does not shorten a number), or an exponent
// of three digits. Anything else comes back from a double as it went in, and the fast parser can be trusted with it.
const MAY_CHANGE = /\d[\d.]{15}|\d[eE][+-]?\d{3}/;

/**
 * Reads JSON without changing a number: integers beyond 2^53 become `bigint`, other numbers a `number`; a fraction that a
 * double cannot hold becomes an object that keeps its text and that `stringifyJson` writes as it was. Of a repeated key
 * the last value counts, as with `JSON.parse`. Throws a `SyntaxError`, also for nesting too deep to be read.
 */
export function parseJson(text: string): unknown {
  if (!MAY_CHANGE.test(text)) return JSON.parse(text);
  try {
    return parse(text, null, { parseNumber, onDuplicateKey: ({ newValue }) => newValue });
  } catch (error) {
    if (error instanceof RangeError) throw new SyntaxError('the JSON is nested too deeply to be read', { cause: error });
    throw error;
  }
}

/** The opposite of `parseJson`: writes `bigint` and kept numbers with all their digits. Takes JSON values only. */
export function stringifyJson(value: unknown): string {
  const text = stringify(value);
  if (text === undefined) throw new TypeError(`a ${typeof value} has no JSON form; pass a JSON value`);
  return text;
}

function parseNumber(text: string): unknown {
  if (isSafeNumber(text)) return Number(text);
  return isInteger(text) ? BigInt(text) : new LosslessNumber(text);
}
