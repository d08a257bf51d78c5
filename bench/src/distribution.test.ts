import { describe, expect, test } from 'vitest';
import { distributionOf, mostInWindow, paceAfterBurst } from './distribution.ts';

describe('the distribution of times', () => {
  test('names times that were measured, by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(distributionOf(hundred)).toEqual({ count: 100, p50: 50, p99: 99, max: 100 });
    expect(distributionOf([...hundred, 1_000])).toEqual({ count: 101, p50: 51, p99: 100, max: 1_000 });
  });

  test('of one is that one, and of none is not a number', () => {
    expect(distributionOf([7])).toEqual({ count: 1, p50: 7, p99: 7, max: 7 });
    expect(distributionOf([])).toEqual({ count: 0, p50: Number.NaN, p99: Number.NaN, max: Number.NaN });
  });

  test('sorts by number, not by text', () => {
    expect(distributionOf([9, 10, 100]).max).toBe(100);
  });
});

describe('the worst second', () => {
  test('is found wherever it begins, not by the clock’s seconds', () => {
    expect(mostInWindow([0, 600, 900, 1_100, 1_500, 1_599, 3_000], 1_000)).toBe(5);
  });

  test('does not hold two that are exactly a second apart', () => {
    expect(mostInWindow([0, 1_000], 1_000)).toBe(1);
    expect(mostInWindow([0, 999], 1_000)).toBe(2);
    expect(mostInWindow([], 1_000)).toBe(0);
  });

  test('counts all of one moment, in any order', () => {
    expect(mostInWindow([5, 1, 5, 5], 3)).toBe(3);
  });
});

describe('the pace after the burst', () => {
  test('leaves the first ones out that went at once', () => {
    const burst = Array.from({ length: 50 }, () => 0);
    const paced = Array.from({ length: 51 }, (_, index) => 1_000 + index * 20);
    expect(paceAfterBurst([...burst, ...paced], 50)).toBe(51);
  });

  test('is not a number where nothing came after the burst', () => {
    expect(paceAfterBurst([1, 2, 3], 50)).toBeNaN();
  });
});
