import { parseJson, stringifyJson } from '../json.ts';

/** A body that is not as its contract says; the message names the field and never shows its value, which may be personal. */
export class BrokenBodyError extends Error {
  override readonly name = 'BrokenBodyError';
  /** Path of the field: `object.message.peer_id`; `body` for the whole. */
  readonly field: string;

  constructor(field: string, problem: string) {
    super(`${field} ${problem}: compare the body with what its network documents`);
    this.field = field;
  }
}

/** One JSON object of a body, read field by field; every complaint carries the path from the body's root. */
export interface Fields {
  readonly path: string;
  has(name: string): boolean;
  raw(name: string): unknown;
  object(name: string): Fields;
  array(name: string): readonly unknown[];
  text(name: string): string;
  /** An id as decimal text, given as an integer or as text. */
  id(name: string): string;
  /** A mark that somebody chose: any text, or an integer as decimal text. */
  textOrId(name: string): string;
  /** An integer that a double holds exactly. */
  integer(name: string): number;
  /** A moment given in milliseconds, or in seconds with `unitMs` 1000. */
  moment(name: string, unitMs?: number): Date;
  /** JSON text: a text is taken as it is, any other value is written as JSON. */
  jsonText(name: string): string;
}

/** Opens an object for reading. Throws `BrokenBodyError` where `value` is none. */
export function readFields(value: unknown, path = ''): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BrokenBodyError(path === '' ? 'body' : path, `must be an object, got ${kindOf(value)}`);
  }
  const source = value as Readonly<Record<string, unknown>>;
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const raw = (name: string): unknown => (Object.hasOwn(source, name) ? source[name] : undefined);
  const wrong = (name: string, wanted: string): BrokenBodyError =>
    new BrokenBodyError(
      at(name),
      raw(name) === undefined ? `is missing, ${wanted} was expected` : `must be ${wanted}, got ${kindOf(raw(name))}`,
    );

  const integer = (name: string): number => {
    const found = raw(name);
    if (typeof found !== 'number' || !Number.isSafeInteger(found)) throw wrong(name, 'an integer');
    return found;
  };
  const id = (name: string): string => {
    const found = raw(name);
    if (typeof found === 'bigint' || (typeof found === 'number' && Number.isSafeInteger(found))) return String(found);
    if (typeof found === 'string' && /^-?\d+$/.test(found)) return found;
    throw wrong(name, 'an id of digits');
  };
  return {
    path,
    has: (name) => raw(name) !== undefined && raw(name) !== null,
    raw,
    integer,
    object: (name) => readFields(raw(name), at(name)),
    array(name) {
      const found = raw(name);
      if (!Array.isArray(found)) throw wrong(name, 'an array');
      return found;
    },
    text(name) {
      const found = raw(name);
      if (typeof found !== 'string') throw wrong(name, 'a text');
      return found;
    },
    id,
    textOrId(name) {
      const found = raw(name);
      return typeof found === 'string' ? found : id(name);
    },
    moment(name, unitMs = 1) {
      const moment = new Date(integer(name) * unitMs);
      if (Number.isNaN(moment.getTime())) throw wrong(name, 'a moment');
      return moment;
    },
    jsonText(name) {
      const found = raw(name);
      if (found === undefined) throw wrong(name, 'a JSON value');
      if (typeof found === 'string') return found;
      try {
        return stringifyJson(found);
      } catch {
        throw wrong(name, 'a JSON value of sane depth');
      }
    },
  };
}

/** Some networks wrap JSON into a text: reads it where `value` is a text, else gives it back. Throws `BrokenBodyError`. */
export function unwrapJson(value: unknown, path = 'body'): unknown {
  if (typeof value !== 'string') return value;
  try {
    return parseJson(value);
  } catch {
    throw new BrokenBodyError(path, 'is a text that holds no JSON');
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
