import { expect, test } from 'vitest';
import { giveBackStartupMemory } from './startup-memory.ts';

const MIB = 1_048_576;

test('what nothing holds any more is given back to the machine, and the way there is closed again', () => {
  let held: number[][] | null = Array.from({ length: 64 }, (_, row) => new Array<number>(131_072).fill(row + 0.5));
  const full = process.memoryUsage();
  expect(held.length).toBe(64);
  held = null;
  giveBackStartupMemory();
  const left = process.memoryUsage();
  expect(full.heapUsed - left.heapUsed).toBeGreaterThan(48 * MIB);
  expect(full.heapTotal - left.heapTotal).toBeGreaterThan(48 * MIB);
  expect(globalThis.gc).toBeUndefined();
});
