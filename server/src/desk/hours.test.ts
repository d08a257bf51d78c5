import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterWorkingMs, isWorking, type WorkingHours, workingMsBetween } from './hours.ts';

const HOUR_MS = 3_600_000;
const day = [{ from: '09:00', to: '18:00' }];
const OFFICE: WorkingHours = {
  timeZone: 'Europe/Moscow',
  weekly: [day, day, day, day, day, [], []],
  holidays: ['2026-01-01', '2026-01-02'],
};
const NIGHT: WorkingHours = {
  timeZone: 'Europe/Berlin', // its clocks change on 29 March and 25 October 2026
  weekly: Array.from({ length: 7 }, () => [
    { from: '00:00', to: '06:00' },
    { from: '22:00', to: '24:00' },
  ]),
  holidays: ['2026-03-30'],
};
const at = (iso: string) => new Date(iso);

test.each([
  ['a Friday evening waits for Monday', '2026-01-16T17:00:00+03:00', 2, '2026-01-19T10:00:00+03:00'],
  ['days off are passed over', '2025-12-31T17:30:00+03:00', 1, '2026-01-05T09:30:00+03:00'],
  ['what comes at night is counted from the morning', '2026-01-14T03:00:00+03:00', 1, '2026-01-14T10:00:00+03:00'],
  ['a span ends with its last minute', '2026-01-14T09:00:00+03:00', 9, '2026-01-14T18:00:00+03:00'],
])('%s', (_, from, hours, expected) => {
  expect(afterWorkingMs(at(from), hours * HOUR_MS, OFFICE)).toEqual(at(expected));
});

test('work over midnight goes on, and a night in which clocks are put forward is an hour shorter', () => {
  expect(workingMsBetween(at('2026-03-27T22:00:00+01:00'), at('2026-03-28T06:00:00+01:00'), NIGHT)).toBe(8 * HOUR_MS);
  expect(workingMsBetween(at('2026-03-28T22:00:00+01:00'), at('2026-03-29T06:00:00+02:00'), NIGHT)).toBe(7 * HOUR_MS);
  expect(workingMsBetween(at('2026-10-24T22:00:00+02:00'), at('2026-10-25T06:00:00+01:00'), NIGHT)).toBe(9 * HOUR_MS);
});

test('who never works has no deadline', () => {
  const never = { ...OFFICE, weekly: Array.from({ length: 7 }, () => []) };
  expect(afterWorkingMs(at('2026-01-14T09:00:00Z'), 1, never)).toBeNull();
  expect(isWorking(at('2026-01-14T09:00:00Z'), never)).toBe(false);
});

const moment = fc.integer({ min: Date.UTC(2025, 11, 20), max: Date.UTC(2026, 10, 10) }).map((ms) => new Date(ms));
const stretch = fc.integer({ min: 0, max: 10 * 24 * HOUR_MS });
const hours = fc.constantFrom(OFFICE, NIGHT, null);

test('the moment after so much working time has that much working time before it, and is in it or at its end', () => {
  fc.assert(
    fc.property(moment, fc.integer({ min: 1, max: 60 * HOUR_MS }), hours, (from, ms, schedule) => {
      const end = afterWorkingMs(from, ms, schedule);
      if (end === null) throw new Error('both schedules work');
      expect(workingMsBetween(from, end, schedule)).toBe(ms);
      expect(isWorking(new Date(end.getTime() - 1), schedule)).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test('working time of two stretches is that of both together', () => {
  fc.assert(
    fc.property(moment, stretch, stretch, hours, (a, first, second, schedule) => {
      const b = new Date(a.getTime() + first);
      const c = new Date(b.getTime() + second);
      const between = (from: Date, to: Date) => workingMsBetween(from, to, schedule);
      expect(between(a, b) + between(b, c)).toBe(between(a, c));
      expect(between(a, c)).toBeLessThanOrEqual(c.getTime() - a.getTime());
    }),
    { numRuns: 60 },
  );
});
