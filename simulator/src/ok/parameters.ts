import { type Refused, refuse } from './ok-errors.ts';

/** A whole number of the query within bounds; `fallback` where it is not given. */
export function readNumber(
  query: Readonly<Record<string, string>>,
  name: string,
  bounds: { min: number; max: number; fallback: number },
): { ok: true; value: number } | Refused {
  const text = query[name];
  if (text === undefined || text === '') return { ok: true, value: bounds.fallback };
  const value = /^-?\d{1,19}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= bounds.min && value <= bounds.max))
    return refuse('PARAM', `${name} should be from ${bounds.min} to ${bounds.max}`);
  return { ok: true, value };
}
