import { ScriptProblem } from './script-problem.ts';
import type { Token } from './tokens.ts';

// Of statements and expressions within each other; nobody writes by hand what is deeper, and a keyboard in a parameter has five.
const NESTED_MAX = 200;

/** Goes through the tokens of a script. Marks and words (`var`) are named by their text, other tokens by their kind. */
export interface Reader {
  kind(): Token['kind'];
  isAt(word: string): boolean;
  /** Goes on where this word stands here. */
  take(word: string): boolean;
  /** Refuses the script where another stands here. */
  expect(word: string): void;
  /** The text of the token here, which must be of this kind. */
  takeKind(kind: Token['kind']): string;
  /** Reads what stands inside of something else; refuses the script where that is nested too deep. */
  nested<T>(read: () => T): T;
  /** From here on the script knows this variable. */
  declare(name: string): void;
  isDeclared(name: string): boolean;
  /** Refuses the script at the token here, which is not what was `expected`. */
  refuse(expected: string): never;
  /** Refuses the script for another reason. */
  fail(reason: string): never;
}

/**
 * The words of refusals are VK's where a recorded answer has them: "';' expected, '' found in line 1", "undefined identifier 'a' in
 * line 1", "non-variable in assignment".
 */
export function createReader(tokens: readonly Token[]): Reader {
  const declared = new Set(['Args']);
  let at = 0;
  let depth = 0;
  // The last token is the end, and is never passed.
  const here = (): Token => tokens[at] ?? { kind: 'end', text: 'end', line: 0 };
  const isAt = (word: string): boolean => here().text === word && (here().kind === 'mark' || here().kind === 'name');
  const fail = (reason: string): never => {
    throw new ScriptProblem(12, `${reason} in line ${here().line}`);
  };
  const refuse = (expected: string): never => {
    const { kind, text } = here();
    return fail(`${expected} expected, '${kind === 'end' ? '' : text}' found`);
  };
  return {
    kind: () => here().kind,
    isAt,
    take(word) {
      if (!isAt(word)) return false;
      at += 1;
      return true;
    },
    expect(word) {
      if (!isAt(word)) refuse(`'${word}'`);
      at += 1;
    },
    takeKind(kind) {
      const { kind: found, text } = here();
      if (found !== kind) refuse(kind);
      at += 1;
      return text;
    },
    nested(read) {
      depth += 1;
      if (depth > NESTED_MAX) throw new ScriptProblem(12, 'nested too deep');
      const result = read();
      depth -= 1;
      return result;
    },
    declare: (name) => declared.add(name),
    isDeclared: (name) => declared.has(name),
    refuse,
    fail,
  };
}
