import { ScriptProblem } from './script-problem.ts';

/** `mark` is punctuation; `end` follows the last one. `text`: as it stands in the code, of a quoted text what it means. */
export interface Token {
  kind: 'name' | 'number' | 'text' | 'mark' | 'end';
  text: string;
  /** From 1. */
  line: number;
}

const SPACE = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const KINDS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['number', /\d+(?:\.\d+)?/y],
  ['name', /[A-Za-z_$][\w$]*/y],
  ['text', /"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/y],
  ['mark', /@\.|[=!<>]=|&&|\|\||[{}[\]();,.:=<>+\-*/%!]/y],
];

/** Cuts VKScript into tokens; space and comments go. */
export function tokenize(code: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(code)?.[0] ?? null;
    at += found?.length ?? 0;
    line += found?.split('\n').length ?? 1;
    line -= 1;
    return found;
  };
  for (;;) {
    take(SPACE);
    const start = line;
    if (at >= code.length) return [...tokens, { kind: 'end', text: 'end', line }];
    let found: Token | null = null;
    for (const [kind, pattern] of KINDS) {
      const text: string | null = found === null ? take(pattern) : null;
      if (text !== null) found = { kind, text: kind === 'text' ? unquote(text) : text, line: start };
    }
    if (found === null) throw new ScriptProblem(12, `unexpected ${code[at]} in line ${line}`);
    tokens.push(found);
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

/** Of a character that needs no backslash, as `\'`, the character itself. */
function unquote(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (_, hex: string | undefined, one: string) =>
      hex === undefined ? (ESCAPES[one] ?? one) : String.fromCharCode(Number.parseInt(hex, 16)),
    );
}
