/** Takes down what is wrong with a field of a file; a path below the caller's own. Always gives undefined. */
export type Report = (field: string, problem: string) => undefined;

/** A mapping of the file. */
export type Item = Readonly<Record<string, unknown>>;

/** The same for what stands below a path: `reply` and `text` make `reply.text`, `steps` and `[2]` make `steps[2]`. */
export function below(report: Report, path: string): Report {
  return (field, problem) =>
    report(field === '' ? path : field.startsWith('[') ? `${path}${field}` : `${path}.${field}`, problem);
}

export function refuseUnknown(item: Item, known: readonly string[], report: Report): void {
  for (const field of Object.keys(item)) {
    if (!known.includes(field)) report(field, `is not known here; there is ${known.join(', ')}`);
  }
}

export function isObject(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What was found instead, for sentences: `a number`, `nothing`. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return value === '' ? 'an empty text' : `a ${typeof value === 'string' ? 'text' : typeof value}`;
}
