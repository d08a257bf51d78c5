import { expect, test } from 'vitest';
import { QUICK_NAMES, readChoice, readSoakSeconds, UsageError } from './choice.ts';

const KNOWN = ['server-kill', 'disk-full'];

test('without names everything is broken, and --quick breaks what the tests break', () => {
  expect(readChoice([], KNOWN)).toEqual({ names: KNOWN, seconds: 30, isQuick: false });
  expect(readChoice(['--quick'], KNOWN)).toEqual({ names: QUICK_NAMES, seconds: 4, isQuick: true });
  expect(readChoice(['disk-full', '--seconds', '600'], KNOWN)).toEqual({ names: ['disk-full'], seconds: 600, isQuick: false });
});

test('a load of its own goes to a hundred groups where nothing else is said, and must not be more than can be counted', () => {
  const own = (words: string): unknown => (readChoice(words.split(' '), KNOWN) as { load?: unknown }).load;
  expect(own('server-kill --messages-per-second 700')).toEqual({ groups: 100, messagesPerSecond: 700 });
  expect(own('server-kill --groups 20')).toEqual({ groups: 20, messagesPerSecond: 120 });
  expect(own('server-kill --seconds 600')).toBeUndefined();
  expect(() => own('server-kill --messages-per-second 5200 --seconds 600')).toThrow(
    '600 s of 5200 messages are more than the 3000000 that can be counted.',
  );
});

test('a wrong word is told by its name', () => {
  expect(() => readChoice(['disk-empty'], KNOWN)).toThrow(
    new UsageError('There is no scenario "disk-empty": there are server-kill, disk-full.'),
  );
  expect(() => readChoice(['--seconds', '0'], KNOWN)).toThrow('--seconds must be a whole number from 1 to 36000, not "0".');
});

test('an hour without trouble may be shorter, but not too short to tell anything', () => {
  const bounds = { usual: 3_600, min: 60, max: 10_000 };
  expect(readSoakSeconds([], bounds)).toBe(3_600);
  expect(readSoakSeconds(['--seconds', '90'], bounds)).toBe(90);
  expect(readSoakSeconds(['--help'], bounds)).toBe('help');
  expect(() => readSoakSeconds(['--seconds', '59'], bounds)).toThrow(
    new UsageError('--seconds must be a whole number from 60 to 10000, not "59".'),
  );
});
