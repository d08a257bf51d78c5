import { test } from 'vitest';
import { expectPromisesKept } from './seed-check.ts';

test('whatever goes wrong, no limit is passed, nothing is lost, doubled or late, and all comes to its end: seeds 1501 to 3000', {
  timeout: 900_000,
}, async () => {
  await expectPromisesKept({ from: 1501, count: 1_500 });
});
