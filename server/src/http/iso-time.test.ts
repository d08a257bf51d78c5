import { expect, test } from 'vitest';
import { isoTime } from './iso-time.ts';

test.each([
  ['2026-01-31T09:00:00+03:00', Date.UTC(2026, 0, 31, 6)],
  ['2026-01-31T09:00Z', Date.UTC(2026, 0, 31, 9)],
  ['2024-02-29T23:59:59.5-12:30', Date.UTC(2024, 2, 1, 12, 29, 59, 500)],
])('%s is a time', (text, at) => {
  expect(isoTime(text)).toBe(at);
});

test.each([
  '2026-01-31T09:00:00',
  '2026-01-31',
  '2026-02-30T09:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '0000-01-01T00:00:00Z',
  '2026-01-01T00:00:00+25:00',
  'tomorrow',
  '',
])('%j is none', (text) => {
  expect(isoTime(text)).toBeNull();
});
