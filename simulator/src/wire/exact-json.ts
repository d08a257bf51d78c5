import { parse, stringify } from 'lossless-json';

/** Reads JSON with integers beyond 2^53 as BigInt; the slow reader works only where a run of 16 digits makes them possible. Throws `SyntaxError`. */
export function parseExact(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return parse(text, null, (digits) => {
    const number = Number(digits);
    return /^-?\d+$/.test(digits) && !Number.isSafeInteger(number) ? BigInt(digits) : number;
  });
}

/** Writes BigInts as the integers that they are. */
export function stringifyExact(value: object): string {
  const text = stringify(value);
  if (text === undefined) throw new Error('only a function has no JSON text');
  return text;
}
