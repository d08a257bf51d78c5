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
  while (text[at] !== ']') {
    const end = valueEnd(text, at);
    spans.push({ start: at, end });
    at = skipFiller(text, end);
  }
  return spans;
}

/** The members of the object that starts at `start` of a text that `JSON.parse` has read; of a repeated name the last counts, as in `JSON.parse`. */
export function membersOf(text: string, start: number): Map<string, Span> {
  const spans = new Map<string, Span>();
  let at = skipFiller(text, start + 1);
  while (text[at] !== '}') {
    const nameEnd = stringEnd(text, at);
    const raw = text.slice(at + 1, nameEnd - 1);
    const name = raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
    at = skipFiller(text, nameEnd);
    const end = valueEnd(text, at);
    spans.set(name, { start: at, end });
    at = skipFiller(text, end);
  }
  return spans;
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
  while (at < text.length && !isFiller(text.charCodeAt(at)) && text[at] !== ']' && text[at] !== '}') at += 1;
  return at;
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
