/** Takes down what is wrong with a field of the file; a path below the caller's own. Always gives undefined. */
export type Report = (field: string, problem: string) => undefined;

export function refuseUnknown(item: Readonly<Record<string, unknown>>, known: readonly string[], report: Report): void {
  for (const field of Object.keys(item)) {
    if (!known.includes(field)) report(field, `is not known here; there is ${known.join(', ')}`);
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What was found instead, for sentences: `a number`, `nothing`. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return value === '' ? 'an empty text' : `a ${typeof value === 'string' ? 'text' : typeof value}`;
}
