import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextAllowed, timeZoneOfPhone, WHOLE_DAY, withoutQuiet, type ZonedWindow } from './windows.ts';

const DAILY = { weekdays: [1, 2, 3, 4, 5, 6, 7], from: '09:00', to: '21:00' };
const opens = (window: ZonedWindow, from: string): string => new Date(nextAllowed([window], Date.parse(from))).toISOString();

test('inside a window it is now, before it the opening, after it the next allowed day', () => {
  const workdays = { ...DAILY, weekdays: [1, 2, 3, 4, 5], timeZone: 'Europe/Moscow' };
  expect(opens(workdays, '2026-01-15T06:00:30.500Z')).toBe('2026-01-15T06:00:30.500Z');
  expect(opens(workdays, '2026-01-15T05:59:59.999Z')).toBe('2026-01-15T06:00:00.000Z');
  expect(opens(workdays, '2026-01-16T18:00:00Z')).toBe('2026-01-19T06:00:00.000Z'); // Friday evening
});

test('it opens by the clocks on the wall on days when they are changed', () => {
  const berlin = { ...DAILY, timeZone: 'Europe/Berlin' };
  expect(opens(berlin, '2026-03-28T23:30:00Z')).toBe('2026-03-29T07:00:00.000Z'); // 2:00 becomes 3:00
  expect(opens(berlin, '2026-10-24T22:30:00Z')).toBe('2026-10-25T08:00:00.000Z'); // 3:00 becomes 2:00
  const gap = { ...DAILY, from: '02:30', to: '04:00', timeZone: 'Europe/Berlin' };
  expect(opens(gap, '2026-03-29T00:00:00Z')).toBe('2026-03-29T01:30:00.000Z'); // 2:30 is never shown, 3:30 is in the window
  expect(opens({ ...DAILY, timeZone: 'Asia/Kathmandu' }, '2026-01-15T00:00:00Z')).toBe('2026-01-15T03:15:00.000Z');
});

test('wherever and whenever it opens, clocks there show an allowed hour', () => {
  const zones = ['Europe/Moscow', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia'];
  const hour = fc.integer({ min: 0, max: 23 }).map((value) => `${String(value).padStart(2, '0')}:00`);
  const window = fc
    .record({
      weekdays: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      from: hour,
      timeZone: fc.constantFrom(...zones),
    })
    .map((one): ZonedWindow => ({ ...one, to: '24:00' }));
  const moment = fc.integer({ min: Date.UTC(2025, 0), max: Date.UTC(2027, 0) });
  fc.assert(
    fc.property(window, moment, (one, from) => {
      const at = nextAllowed([one], from);
      const shown = new Date(at).toLocaleString('en-GB', { timeZone: one.timeZone, hour: '2-digit', minute: '2-digit' });
      const day = new Date(at).toLocaleString('en-GB', { timeZone: one.timeZone, weekday: 'short' });
      expect(at).toBeGreaterThanOrEqual(from);
      expect(at - from).toBeLessThan(8 * 86_400_000);
      expect(shown >= one.from, `${shown} in ${JSON.stringify(one)}`).toBe(true);
      expect(one.weekdays).toContain(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(day) + 1);
    }),
  );
});

test('quiet hours cut a window at one end, at both, in two, or away', () => {
  const hours = (window: { from: string; to: string }, from: string, to: string) =>
    withoutQuiet({ ...DAILY, ...window }, { from, to }).map((left) => `${left.from}-${left.to}`);
  expect(hours(WHOLE_DAY, '21:00', '09:00')).toEqual(['09:00-21:00']);
  expect(hours(WHOLE_DAY, '00:00', '09:00')).toEqual(['09:00-24:00']);
  expect(hours(WHOLE_DAY, '21:00', '00:00')).toEqual(['00:00-21:00']);
  expect(hours({ from: '08:00', to: '23:00' }, '22:00', '10:00')).toEqual(['10:00-22:00']);
  expect(hours({ from: '08:00', to: '20:00' }, '12:00', '13:00')).toEqual(['08:00-12:00', '13:00-20:00']);
  expect(hours({ from: '22:00', to: '24:00' }, '21:00', '09:00')).toEqual([]);
});

test('a phone tells its zone by the numbering plan, or not', () => {
  const zones = ['79161234567', '77011234567', '375291234567', '491511234567', '12025550123'].map(timeZoneOfPhone);
  expect(zones).toEqual(['Europe/Moscow', 'Asia/Almaty', 'Europe/Minsk', 'Europe/Berlin', null]);
});
