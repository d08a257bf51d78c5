import { expect, test } from 'vitest';
import { brokenBy, everyCrash, samplePairs } from './crash-points.ts';

const PAIRS = 200; // `npm run sim -- --crash-points 20000` tries more

test('wherever a process dies, six messages by two routes come to their end with every promise kept', {
  timeout: 300_000,
}, async () => {
  const crashes = await everyCrash();
  expect(crashes.length).toBeGreaterThan(500);
  expect(await brokenBy(crashes.map((crash) => [crash]))).toEqual([]);
  expect(await brokenBy(samplePairs(crashes, PAIRS))).toEqual([]);
});
