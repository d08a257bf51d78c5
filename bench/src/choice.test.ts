import { expect, test } from 'vitest';
import { readChoice, UsageError } from './choice.ts';

const KNOWN = ['accept', 'dispatch'];

test('without names everything is measured, at full length', () => {
  expect(readChoice([], KNOWN)).toMatchObject({ names: KNOWN, seconds: 10, isQuick: false, isLarge: false });
});

test('--quick is short, and what is said beside it counts', () => {
  expect(readChoice(['accept', '--quick'], KNOWN)).toMatchObject({ names: ['accept'], seconds: 2, messages: 6_000 });
  expect(readChoice(['--quick', '--seconds', '4'], KNOWN)).toMatchObject({ seconds: 4, isQuick: true });
});

test('a wrong word is told by its name', () => {
  expect(() => readChoice(['acept'], KNOWN)).toThrow(
    new UsageError('There is no benchmark "acept": there are accept, dispatch.'),
  );
  expect(() => readChoice(['--seconds', 'long'], KNOWN)).toThrow('--seconds must be a whole number from 1 to 3600, not "long".');
});
