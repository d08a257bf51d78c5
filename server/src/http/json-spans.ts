/** A value inside a JSON text, found so that it can be passed on byte for byte. */
export interface Span {
  start: number;
  /** Not included. */
  end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether some bracket is nested more than `depthMax` levels deep; of a text that is no JSON, roughly. */
export function isDeeperThan(text: string, depthMax: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(text, at) - 1;
    else if (code === 0x5b || code === 0x7b) {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (code === 0x5d || code === 0x7d) depth -= 1;
  }
  return false;
}

/** The elements of the array that starts at `start` of a text that `JSON.parse` has read. */
export function elementsOf(text: string, start: number): Span[] {
  const spans: Span[] = [];
  let at = skipFiller(text, start + 1);
  while (text.charCodeAt(at) !== 0x5d) {
    const end = valueEnd(text, at);
    spans.push({ start: at, end });
    at = skipFiller(text, end);
  }
  return spans;
}

/**
 * Two members of the object that starts at `start` of a text that `JSON.parse` has read, undefined where it has none of
 * that name; of a repeated name the last counts, as in `JSON.parse`. The names hold nothing that JSON escapes.
 */
export function twoMembersOf(text: string, start: number, first: string, second: string): [Span | undefined, Span | undefined] {
  const found: [Span | undefined, Span | undefined] = [undefined, undefined];
  let at = skipFiller(text, start + 1);
  while (text.charCodeAt(at) !== 0x7d) {
    const nameEnd = stringEnd(text, at);
    const valueAt = skipFiller(text, nameEnd);
    const end = valueEnd(text, valueAt);
    if (isName(text, at, nameEnd, first)) found[0] = { start: valueAt, end };
    else if (isName(text, at, nameEnd, second)) found[1] = { start: valueAt, end };
    at = skipFiller(text, end);
  }
  return found;
}

/** Whether the string from its quote at `start` to behind the one before `end` means `name`. */
function isName(text: string, start: number, end: number, name: string): boolean {
  const length = end - start - 2;
  if (length === name.length) return text.startsWith(name, start + 1);
  // Only an escape makes a name longer than what it means, \uXXXX by five characters.
  if (length < name.length + 5) return false;
  const raw = text.slice(start, end);
  return raw.includes('\\') && JSON.parse(raw) === name;
}

/** Where the outermost value of a readable text starts. */
export function valueStart(text: string): number {
  return skipFiller(text, 0);
}

function valueEnd(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return stringEnd(text, start);
  if (first !== 0x5b && first !== 0x7b) return scalarEnd(text, start);
  let depth = 0;
  for (let at = start; ; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(text, at) - 1;
    else if (code === 0x5b || code === 0x7b) depth += 1;
    else if (code === 0x5d || code === 0x7d) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
}

function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at + 1;
  }
  return text.length;
}

/** Of a number, true, false or null. */
function scalarEnd(text: string, start: number): number {
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at); // NaN after the end
    if (isFiller(code) || code === 0x5d || code === 0x7d || at >= text.length) return at;
    at += 1;
  }
}

function skipFiller(text: string, start: number): number {
  let at = start;
  while (isFiller(text.charCodeAt(at))) at += 1;
  return at;
}

/** Space, comma, colon: what stands between values of a valid text. */
function isFiller(code: number): boolean {
  return code === 0x20 || code === 0x2c || code === 0x3a || code === 0x0a || code === 0x0d || code === 0x09;
}
