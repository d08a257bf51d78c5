import { expect, test } from 'vitest';
import { type Sample, steadinessOf, unsteady } from './steadiness.ts';

const MINUTE_MS = 60_000;
const MIB = 1_048_576;

/** An hour, a sample a minute. */
const hour = (sampleAt: (minute: number) => Omit<Sample, 'at'>): Sample[] =>
  Array.from({ length: 60 }, (_, minute) => ({ at: minute * MINUTE_MS, ...sampleAt(minute) }));
const delivery = (mib: number, deadRows = 0): Sample['tables'] => ({ delivery: { bytes: mib * MIB, deadRows } });

test('an hour of ups and downs around one line is steady', () => {
  const samples = hour((minute) => ({ memoryMb: [200 + (minute % 5), 190], tables: delivery(20 + (minute % 3), 900) }));
  const steadiness = steadinessOf(samples, 0);
  expect(steadiness.memoryMbPer10Min).toBeLessThan(0.5);
  expect(steadiness.deadRowsMax).toBe(900);
  expect(unsteady(steadiness)).toEqual([]);
});

test('memory that one server of two does not give back is told, and what it took while it warmed up is not', () => {
  const leaking = steadinessOf(
    hour((minute) => ({ memoryMb: [200, 150 + minute * 0.2], tables: delivery(20) })),
    0,
  );
  expect(leaking.memoryMbPer10Min).toBeCloseTo(2);
  expect(unsteady(leaking)).toEqual(['the memory of a server grew by 2.0 MB in 10 min, not by less than 1']);

  const warming = hour((minute) => ({ memoryMb: [Math.min(minute, 10) * 20], tables: delivery(20) }));
  expect(unsteady(steadinessOf(warming, 0))).toHaveLength(1);
  expect(unsteady(steadinessOf(warming, 10 * MINUTE_MS))).toEqual([]);
});

test('a table that grows without end is told by its name; one that has settled, or is tiny, is not', () => {
  const growing = hour((minute) => ({
    memoryMb: [200],
    tables: { ...delivery(20), callback: { bytes: minute * MIB, deadRows: 0 } },
  }));
  expect(unsteady(steadinessOf(growing, 0))).toEqual([
    'the table callback grew 1.51 times from the middle third to the last, not at most 1.25',
  ]);
  const settled = hour((minute) => ({ memoryMb: [200], tables: delivery(Math.min(minute, 20)) }));
  expect(unsteady(steadinessOf(settled, 0))).toEqual([]);
  const tiny = hour((minute) => ({ memoryMb: [200], tables: delivery(minute / 100) }));
  expect(unsteady(steadinessOf(tiny, 0))).toEqual([]);
});

test('a handful of samples is no proof', () => {
  const samples = hour(() => ({ memoryMb: [200], tables: delivery(20) }));
  expect(() => steadinessOf(samples, 55 * MINUTE_MS)).toThrow('5 samples after the warm-up tell nothing');
});
