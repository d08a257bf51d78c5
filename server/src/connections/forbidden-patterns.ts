import { RE2JS } from 're2js';
import { AppError } from '../platform/errors.ts';

const PATTERNS_MAX = 100;
const PATTERN_CHARACTERS_MAX = 500;
const COMPILED_MAX = 5_000;

// RE2: linear time whatever the pattern, since customers write them (ASVS 1.3.12).
const compiled = new Map<string, RE2JS>();

/** Throws `parameter.invalid` naming the first pattern that is no RE2 expression. */
export function checkForbiddenPatterns(patterns: readonly string[]): void {
  const refuse = (problem: string): never => {
    throw new AppError('parameter.invalid', problem, { field: 'forbiddenPatterns' });
  };
  if (patterns.length > PATTERNS_MAX) refuse(`a sender has at most ${PATTERNS_MAX} forbidden patterns, not ${patterns.length}`);
  for (const pattern of patterns) {
    if (pattern === '') refuse('a forbidden pattern must not be empty: it would match every text');
    if (pattern.length > PATTERN_CHARACTERS_MAX) refuse(`a forbidden pattern has at most ${PATTERN_CHARACTERS_MAX} characters`);
    try {
      compile(pattern);
    } catch (error) {
      refuse(`the forbidden pattern "${pattern}" is no RE2 expression: ${(error as Error).message}`);
    }
  }
}

/** The first pattern found anywhere in the text, letter case aside; null when the text is clean. */
export function forbiddenPatternIn(text: string, patterns: readonly string[]): string | null {
  return patterns.find((pattern) => compile(pattern).matcher(text).find()) ?? null;
}

function compile(pattern: string): RE2JS {
  const before = compiled.get(pattern);
  if (before !== undefined) return before;
  const made = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
  compiled.set(pattern, made);
  if (compiled.size > COMPILED_MAX) compiled.delete(compiled.keys().next().value as string);
  return made;
}
