import { expect, test } from 'vitest';
import { QUICK_NAMES, readChoice, UsageError } from './choice.ts';

const KNOWN = ['server-kill', 'disk-full'];

test('without names everything is broken, and --quick breaks what the tests break', () => {
  expect(readChoice([], KNOWN)).toEqual({ names: KNOWN, seconds: 30, isQuick: false });
  expect(readChoice(['--quick'], KNOWN)).toEqual({ names: QUICK_NAMES, seconds: 4, isQuick: true });
  expect(readChoice(['disk-full', '--seconds', '600'], KNOWN)).toEqual({ names: ['disk-full'], seconds: 600, isQuick: false });
});

test('a wrong word is told by its name', () => {
  expect(() => readChoice(['disk-empty'], KNOWN)).toThrow(
    new UsageError('There is no scenario "disk-empty": there are server-kill, disk-full.'),
  );
  expect(() => readChoice(['--seconds', '0'], KNOWN)).toThrow('--seconds must be a whole number from 1 to 36000, not "0".');
});
