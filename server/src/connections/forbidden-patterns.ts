import { RE2JS } from 're2js';
import { AppError } from '../platform/errors.ts';

const PATTERNS_MAX = 100;
const PATTERN_CHARACTERS_MAX = 500;

/** Throws `parameter.invalid` naming the first pattern that is no RE2 expression: linear time, whatever customers write (ASVS 1.3.12). */
export function checkForbiddenPatterns(patterns: readonly string[]): void {
  const refuse = (problem: string): never => {
    throw new AppError('parameter.invalid', problem, { field: 'forbiddenPatterns' });
  };
  if (patterns.length > PATTERNS_MAX) refuse(`a sender has at most ${PATTERNS_MAX} forbidden patterns, not ${patterns.length}`);
  for (const pattern of patterns) {
    if (pattern === '') refuse('a forbidden pattern must not be empty: it would match every text');
    if (pattern.length > PATTERN_CHARACTERS_MAX) refuse(`a forbidden pattern has at most ${PATTERN_CHARACTERS_MAX} characters`);
    try {
      RE2JS.compile(pattern);
    } catch (error) {
      refuse(`the forbidden pattern "${pattern}" is no RE2 expression: ${(error as Error).message}`);
    }
  }
}
