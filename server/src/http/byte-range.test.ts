import { expect, test } from 'vitest';
import { readRange } from './byte-range.ts';

// RFC 9110, 14.1.2 and 14.2.
test.each([
  [undefined, null],
  ['bytes=0-', { first: 0, last: 999 }],
  ['bytes=0-499', { first: 0, last: 499 }],
  ['bytes=900-5000', { first: 900, last: 999 }],
  ['bytes=-1', { first: 999, last: 999 }],
  ['bytes=-5000', { first: 0, last: 999 }],
  ['bytes=0-1,5-6', null],
  ['bytes=-', null],
  ['lines=0-5', null],
])('%s of 1000 bytes', (header, range) => {
  expect(readRange(header, 1_000)).toEqual(range);
});

test.each(['bytes=1000-', 'bytes=5-4', 'bytes=-0'])('%s has nothing of 1000 bytes', (header) => {
  expect(() => readRange(header, 1_000)).toThrow(expect.objectContaining({ code: 'range.invalid' }));
});
