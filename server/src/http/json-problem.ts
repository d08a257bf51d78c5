/** Where a JSON text stops being readable. */
export interface JsonProblem {
  /** Of the first character that cannot be read, in UTF-16 code units from 0; the text's length where it ends too early. */
  position: number;
  /** From 1; lines end at \n. */
  line: number;
  /** From 1, in UTF-16 code units. */
  column: number;
  message: string;
}

interface Scan {
  text: string;
  depthMax: number;
}
class Unreadable extends Error {
  readonly position: number;
  constructor(position: number, message: string) {
    super(message);
    this.position = position;
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERAL = /true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * The first problem of a JSON text: what RFC 8259 does not allow, or a bracket more than `depthMax` levels deep.
 * Null where there is none. A comma without a value after it is reported at the comma (gateway.md, "Request").
 */
export function findJsonProblem(text: string, depthMax: number): JsonProblem | null {
  const scan: Scan = { text, depthMax };
  try {
    const end = skipSpace(text, readValue(scan, skipSpace(text, 0), 0));
    if (end < text.length) throw new Unreadable(end, 'after the end of the JSON value only spaces may follow');
    return null;
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { position: error.position, ...placeOf(text, error.position), message: error.message };
  }
}

/** Line and column of a position, both from 1. */
export function placeOf(text: string, position: number): { line: number; column: number } {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < position; at = text.indexOf('\n', at + 1)) {
    line += 1;
    lineStart = at + 1;
  }
  return { line, column: position - lineStart + 1 };
}

// The depth is bounded, and so is the recursion.
function readValue(scan: Scan, at: number, depth: number): number {
  const { text } = scan;
  const character = text[at];
  if (character === undefined) throw new Unreadable(at, 'the text ends where a value must stand');
  if (character === '{' || character === '[') {
    if (depth >= scan.depthMax) throw new Unreadable(at, `the value is nested more than ${scan.depthMax} levels deep`);
    return character === '{' ? readObject(scan, at, depth + 1) : readArray(scan, at, depth + 1);
  }
  if (character === '"') return readString(text, at);
  if (character === '-' || (character >= '0' && character <= '9')) return readNumber(text, at);
  LITERAL.lastIndex = at;
  if (LITERAL.test(text)) return LITERAL.lastIndex;
  throw new Unreadable(at, 'a value must start here');
}

function readArray(scan: Scan, start: number, depth: number): number {
  const { text } = scan;
  let at = skipSpace(text, start + 1);
  if (text[at] === ']') return at + 1;
  for (;;) {
    at = skipSpace(text, readValue(scan, at, depth));
    if (text[at] === ']') return at + 1;
    at = readComma(text, at, ']');
  }
}

function readObject(scan: Scan, start: number, depth: number): number {
  const { text } = scan;
  let at = skipSpace(text, start + 1);
  if (text[at] === '}') return at + 1;
  for (;;) {
    if (text[at] !== '"')
      throw new Unreadable(at, at < text.length ? 'a name in double quotes must start here' : 'the text ends inside an object');
    at = skipSpace(text, readString(text, at));
    if (text[at] !== ':') throw new Unreadable(at, 'a colon must stand after a name');
    at = skipSpace(text, readValue(scan, skipSpace(text, at + 1), depth));
    if (text[at] === '}') return at + 1;
    at = readComma(text, at, '}');
  }
}

/** Where the next element starts. */
function readComma(text: string, comma: number, closing: ']' | '}'): number {
  if (text[comma] === undefined) throw new Unreadable(comma, `the text ends before its ${closing}`);
  if (text[comma] !== ',') throw new Unreadable(comma, `a comma or ${closing} must stand here`);
  const next = skipSpace(text, comma + 1);
  if (text[next] === closing) throw new Unreadable(comma, `a comma may not stand before ${closing}`);
  return next;
}

function readString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const code = text.charCodeAt(at); // NaN after the end
    if (code === 0x22) return at + 1;
    if (code === 0x5c) {
      ESCAPE.lastIndex = at;
      if (!ESCAPE.test(text)) throw new Unreadable(at, 'this escape does not exist in JSON');
      at = ESCAPE.lastIndex;
    } else if (code >= 0x20) at += 1;
    else if (at >= text.length) throw new Unreadable(at, 'the text ends inside a string');
    else throw new Unreadable(at, 'a control character in a string must be escaped');
  }
}

function readNumber(text: string, start: number): number {
  NUMBER.lastIndex = start;
  if (!NUMBER.test(text)) throw new Unreadable(start + 1, 'a digit must follow the minus');
  return NUMBER.lastIndex;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at += 1;
  }
}
