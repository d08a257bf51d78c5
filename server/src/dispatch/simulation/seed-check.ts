import { expect } from 'vitest';
import { simulate } from './simulation.ts';

/**
 * Runs so many seeds and fails with every promise that was broken. The seeds of `npm test` are cut in two files, since files
 * run side by side. More of them: `npm run sim -- --seeds 1000000`.
 */
export async function expectPromisesKept({ from, count }: { from: number; count: number }): Promise<void> {
  const broken: string[] = [];
  let [sends, deaths] = [0, 0];
  for (let seed = from; seed < from + count; seed += 1) {
    const outcome = await simulate({ seed });
    broken.push(...outcome.violations.map((violation) => `${violation} (npm run sim -- --seed ${seed} --trace)`));
    sends += outcome.sends;
    deaths += outcome.deaths;
  }
  expect(broken).toEqual([]);
  // A simulation in which nothing happens proves nothing.
  expect(sends).toBeGreaterThan(10 * count);
  expect(deaths).toBeGreaterThan(count / 5);
}
