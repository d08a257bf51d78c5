/** One API call found in the code of `execute`. */
export interface CodedCall {
  method: string;
  parameters: Record<string, string>;
}

/** Calls in order; `keys` names their slots where the code returns an object. */
export interface CodedProgram {
  calls: CodedCall[];
  keys: string[] | null;
}

/**
 * Reads the code of `execute` in the two forms that clients generate: `return [API.a({…}), API.b({…})];` and
 * `return {"1": API.a({…}), "2": API.b({…})};`, and a single `return API.a({…});` which is given as one slot without list.
 * Anything else of VKScript is not understood: null.
 *
 * Source: contracts/vk.md 3.1 (vk-io, nvba).
 */
export function parseExecuteCode(code: string): (CodedProgram & { single: boolean }) | null {
  const reader = createReader(code);
  if (!reader.word('return')) return null;
  const program = readProgram(reader);
  if (program === null) return null;
  reader.symbol(';');
  return reader.atEnd() ? program : null;
}

function readProgram(reader: Reader): (CodedProgram & { single: boolean }) | null {
  if (reader.symbol('[')) {
    const calls = readList(reader, ']', () => readCall(reader));
    return calls === null ? null : { calls, keys: null, single: false };
  }
  if (reader.symbol('{')) {
    const slots = readList(reader, '}', () => {
      const key = reader.json() ?? reader.name();
      if (key === null || !reader.symbol(':')) return null;
      const call = readCall(reader);
      return call === null ? null : { key: String(key), call };
    });
    return slots === null ? null : { calls: slots.map(({ call }) => call), keys: slots.map(({ key }) => key), single: false };
  }
  const call = readCall(reader);
  return call === null ? null : { calls: [call], keys: null, single: true };
}

function readList<T>(reader: Reader, end: string, item: () => T | null): T[] | null {
  const items: T[] = [];
  while (!reader.symbol(end)) {
    if (items.length > 0 && !reader.symbol(',')) return null;
    if (items.length > 0 && reader.symbol(end)) return items;
    const read = item();
    if (read === null) return null;
    items.push(read);
  }
  return items;
}

function readCall(reader: Reader): CodedCall | null {
  const method = reader.call();
  if (method === null || !reader.symbol('(')) return null;
  if (reader.symbol(')')) return { method, parameters: {} };
  const given = reader.json();
  if (typeof given !== 'object' || given === null || Array.isArray(given) || !reader.symbol(')')) return null;
  const parameters = Object.entries(given).map(([name, value]) => [name, parameterText(value)] as const);
  return { method, parameters: Object.fromEntries(parameters.filter(([, value]) => value !== '')) };
}

/** A value of the code as it would stand in a form: lists by comma, objects as JSON, booleans as 0 and 1. */
function parameterText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (Array.isArray(value)) return value.map(parameterText).join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

interface Reader {
  word(text: string): boolean;
  symbol(text: string): boolean;
  /** `API.messages.send` gives `messages.send`. */
  call(): string | null;
  name(): string | null;
  /** One JSON value; null where there is none. */
  json(): unknown;
  atEnd(): boolean;
}

function createReader(code: string): Reader {
  let at = 0;
  const skipSpace = (): void => {
    while (/\s/.test(code[at] ?? '')) at += 1;
  };
  const take = (pattern: RegExp): string | null => {
    skipSpace();
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = at;
    const found = sticky.exec(code);
    if (found === null) return null;
    at = sticky.lastIndex;
    return found[1] ?? found[0];
  };
  return {
    word: (text) => take(new RegExp(`${text}\\b`)) !== null,
    symbol(text) {
      skipSpace();
      if (!code.startsWith(text, at)) return false;
      at += text.length;
      return true;
    },
    call: () => take(/API\.([A-Za-z]+\.[A-Za-z]+|[A-Za-z]+)/),
    name: () => take(/[A-Za-z_]\w*/),
    json() {
      skipSpace();
      const end = endOfJson(code, at);
      if (end === null) return null;
      try {
        const text = code.slice(at, end);
        // A whole number beyond 2^53 (a random_id may be one) stays exact as a text: parameters are texts anyway.
        const value: unknown = JSON.parse(text, (_key, parsed, context?: { source?: string }) =>
          typeof parsed === 'number' && !Number.isSafeInteger(parsed) ? (context?.source ?? parsed) : parsed,
        );
        at = end;
        return value;
      } catch {
        return null;
      }
    },
    atEnd() {
      skipSpace();
      return at === code.length;
    },
  };
}

/** The offset behind the JSON object, list or string that starts at `from`; null where none starts there or none ends. */
function endOfJson(code: string, from: number): number | null {
  const first = code[from];
  if (first !== '{' && first !== '[' && first !== '"') return null;
  let depth = 0;
  let inString = false;
  for (let at = from; at < code.length; at += 1) {
    const character = code[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (depth === 0 && !inString) return at + 1;
  }
  return null;
}
