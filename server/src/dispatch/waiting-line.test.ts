import { expect, test } from 'vitest';
import { join, placeIn, type WaitingLine } from './waiting-line.ts';

const MINUTE_MS = 60_000;
const AT = 5_000;
const line = (byMinute: Record<number, number>): WaitingLine => ({ at: AT, byMinute: Object.assign([], byMinute) });

test('what is due stands in one line, less what was sent since it was counted', () => {
  const waiting = line({ 0: 100 });
  expect(placeIn(waiting, 50, AT, AT)).toEqual({ sentAt: AT + 2_020, before: 100 });
  expect(placeIn(waiting, 50, AT + 1_000, AT + 1_000)).toEqual({ sentAt: AT + 2_020, before: 50 });
  expect(placeIn(waiting, 50, AT + 9_000, AT + 9_000)).toEqual({ sentAt: AT + 9_020, before: 0 });
});

test('what becomes due later does not stand before what is due now', () => {
  expect(placeIn(line({ 10: 3_000 }), 50, AT, AT)).toEqual({ sentAt: AT + 20, before: 0 });
});

test('a line that begins at one moment lets nobody through before it, however long the lane was idle', () => {
  const nine = AT + 60 * MINUTE_MS;
  expect(placeIn(line({ 0: 10, 60: 3_000 }), 50, nine, AT)).toEqual({ sentAt: nine + MINUTE_MS + 20, before: 3_010 });
});

test('who joins stands before the next one', () => {
  const waiting = line({});
  for (let count = 0; count < 5; count += 1) join(waiting, AT);
  expect(placeIn(waiting, 1, AT, AT)).toEqual({ sentAt: AT + 6_000, before: 5 });
});
