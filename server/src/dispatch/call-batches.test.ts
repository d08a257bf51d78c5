import { expect, test } from 'vitest';
import { callBatches } from './call-batches.ts';

test.each([
  // messages, free calls, messages a call may carry: what leaves in each call
  [1, 18, 25, [1]],
  [18, 18, 25, Array(18).fill(1)],
  [19, 18, 25, [...Array(9).fill(2), 1]],
  [50, 18, 25, [...Array(16).fill(3), 2]],
  [50, 2, 25, [25, 25]],
  [3, 1, 25, [3]],
  [450, 18, 25, Array(18).fill(25)],
  [5, 5, 1, Array(5).fill(1)],
  [300, 1, 1_000, [300]],
  [0, 3, 25, []],
])('%i messages, %i free calls of up to %i: %j', (count, callsMax, batchMax, sizes) => {
  const messages = Array.from({ length: count }, (_, index) => index);
  const batches = callBatches(messages, { callsMax, batchMax });
  expect(batches.map(({ length }) => length)).toEqual(sizes);
  expect(batches.flat()).toEqual(messages);
});
