/** What the code of `execute` says, before anything is called. */
export type CodeValue =
  | { kind: 'value'; value: string | number | boolean | null }
  | { kind: 'list'; items: CodeValue[] }
  | { kind: 'object'; fields: [string, CodeValue][] }
  | { kind: 'call'; method: string; parameters: CodeValue };

/**
 * Reads the code of `execute`: `return` and one value. A value is a text, a number, a list, an object or an API call, and a call may
 * stand wherever a value may. So the two forms that clients generate are read, `return [API.a({…}), API.b({…})];` and
 * `return {"1": API.a({…}), "2": API.b({…})};`, and what people write by hand in their manner (names without quotes, texts in single
 * ones). Anything else of VKScript (variables, loops) is not understood: null.
 *
 * Source: contracts/vk.md 3.1 (vk-io, nvba).
 */
export function parseExecuteCode(code: string): CodeValue | null {
  const reader = createReader(code);
  if (reader.take(/return\b/) === null) return null;
  const value = readValue(reader);
  reader.take(/;/);
  return value !== null && reader.atEnd() ? value : null;
}

/** How many API calls the code makes. */
export function countCalls(value: CodeValue): number {
  switch (value.kind) {
    case 'value':
      return 0;
    case 'list':
      return value.items.reduce((sum, item) => sum + countCalls(item), 0);
    case 'object':
      return value.fields.reduce((sum, [, field]) => sum + countCalls(field), 0);
    case 'call':
      return 1 + countCalls(value.parameters);
  }
}

/** The result of the code: calls run in the order in which they are written, the inner before the outer. */
export function evaluate(value: CodeValue, run: (method: string, parameters: Record<string, string>) => unknown): unknown {
  switch (value.kind) {
    case 'value':
      return value.value;
    case 'list':
      return value.items.map((item) => evaluate(item, run));
    case 'object':
      return Object.fromEntries(value.fields.map(([name, field]) => [name, evaluate(field, run)]));
    case 'call': {
      const given = Object.entries(evaluate(value.parameters, run) as Record<string, unknown>);
      const texts = given.map(([name, parameter]) => [name, parameterText(parameter)] as const);
      return run(value.method, Object.fromEntries(texts.filter(([, text]) => text !== '')));
    }
  }
}

/** A value of the code as it would stand in a form: lists by comma, objects as JSON, booleans as 0 and 1. */
function parameterText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (Array.isArray(value)) return value.map(parameterText).join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

interface Reader {
  /** What the pattern matches here, after space; the first group of it where it has one. */
  take(pattern: RegExp): string | null;
  atEnd(): boolean;
}

function createReader(code: string): Reader {
  let at = 0;
  const match = (pattern: RegExp): string | null => {
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = at;
    const found = sticky.exec(code);
    if (found === null) return null;
    at = sticky.lastIndex;
    return found[1] ?? found[0];
  };
  return {
    take(pattern) {
      match(/\s*/);
      return match(pattern);
    },
    atEnd() {
      match(/\s*/);
      return at === code.length;
    },
  };
}

function readValue(reader: Reader): CodeValue | null {
  if (reader.take(/\[/) !== null) {
    const items = readItems(reader, /\]/, () => readValue(reader));
    return items === null ? null : { kind: 'list', items };
  }
  if (reader.take(/\{/) !== null) {
    const fields = readItems(reader, /\}/, () => readField(reader));
    return fields === null ? null : { kind: 'object', fields };
  }
  const method = reader.take(/API\.([A-Za-z]+\.[A-Za-z]+|[A-Za-z]+)/);
  if (method !== null) return readCall(reader, method);
  const text = readText(reader);
  if (text !== null) return { kind: 'value', value: text };
  const word = reader.take(/(?:true|false|null)\b/);
  if (word !== null) return { kind: 'value', value: JSON.parse(word) as boolean | null };
  const number = reader.take(/-?\d+(?:\.\d+)?/);
  if (number === null) return null;
  // A whole number beyond 2^53 (a random_id may be one) stays exact as a text: parameters are texts anyway.
  const isExact = number.includes('.') || Number.isSafeInteger(Number(number));
  return { kind: 'value', value: isExact ? Number(number) : number };
}

function readCall(reader: Reader, method: string): CodeValue | null {
  if (reader.take(/\(/) === null) return null;
  if (reader.take(/\)/) !== null) return { kind: 'call', method, parameters: { kind: 'object', fields: [] } };
  const parameters = readValue(reader);
  return parameters?.kind === 'object' && reader.take(/\)/) !== null ? { kind: 'call', method, parameters } : null;
}

function readField(reader: Reader): [string, CodeValue] | null {
  const name = readText(reader) ?? reader.take(/[A-Za-z_]\w*|\d+/);
  if (name === null || reader.take(/:/) === null) return null;
  const value = readValue(reader);
  return value === null ? null : [name, value];
}

function readItems<T>(reader: Reader, end: RegExp, item: () => T | null): T[] | null {
  const items: T[] = [];
  while (reader.take(end) === null) {
    if (items.length > 0 && reader.take(/,/) === null) return null;
    if (items.length > 0 && reader.take(end) !== null) return items;
    const read = item();
    if (read === null) return null;
    items.push(read);
  }
  return items;
}

function readText(reader: Reader): string | null {
  const double = reader.take(/"(?:[^"\\]|\\[\s\S])*"/);
  const single = double === null ? reader.take(/'((?:[^'\\]|\\[\s\S])*)'/) : null;
  const quoted = single === null ? double : `"${single.replaceAll("\\'", "'").replace(/(?<!\\)"/g, '\\"')}"`;
  if (quoted === null) return null;
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return null; // an escape that JSON does not know, or a line break inside
  }
}
