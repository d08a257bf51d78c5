import { fold } from '../matching/matching.ts';
import type { Value } from '../model/model.ts';
import type { Test } from '../scenarios/scenarios.ts';
import type { Turn } from './turn.ts';
import { lookUp } from './variables.ts';

type Found = Value | readonly string[] | undefined;
const same = (text: Value): string => fold(String(text)).trim().toLowerCase();
const numberOf = (found: Found): number =>
  typeof found === 'string' ? Number(found.replace(',', '.')) : typeof found === 'number' ? found : Number.NaN;

/** Texts are compared without regard to capitals and ё; what is not known is nothing, and no number. */
const COMPARE: Readonly<Record<Extract<Test, { kind: 'compare' }>['op'], (found: Found, value: Value) => boolean>> = {
  is: (found, value) => found !== undefined && typeof found !== 'object' && same(found) === same(value),
  isNot: (found, value) => !COMPARE.is(found, value),
  contains: (found, value) =>
    typeof found === 'object'
      ? found.some((item) => same(item) === same(value))
      : found !== undefined && same(found).includes(same(value)),
  more: (found, value) => numberOf(found) > Number(value),
  less: (found, value) => numberOf(found) < Number(value),
  exists: (found, value) => (found !== undefined && found !== '') === value,
};

export function holds(test: Test, turn: Pick<Turn, 'state' | 'facts'>): boolean {
  switch (test.kind) {
    case 'all':
      return test.tests.every((inner) => holds(inner, turn));
    case 'any':
      return test.tests.some((inner) => holds(inner, turn));
    case 'not':
      return !holds(test.test, turn);
    case 'compare':
      return COMPARE[test.op](lookUp(test.field, turn), test.value);
  }
}
