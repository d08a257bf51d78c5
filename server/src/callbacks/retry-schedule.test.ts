import { expect, test } from 'vitest';
import { retryDelayMs } from './retry-schedule.ts';

test('each delay is spread by 20 % to both sides', () => {
  expect(retryDelayMs(1, () => 0)).toBe(4_000);
  expect(retryDelayMs(1, () => 0.5)).toBe(5_000);
  expect(retryDelayMs(1, () => 0.999_999)).toBe(6_000);
  expect(retryDelayMs(9, () => 0)).toBe(0.8 * 86_400_000);
});

test('there are ten tries', () => {
  expect(retryDelayMs(9, Math.random)).not.toBeNull();
  expect(retryDelayMs(10, Math.random)).toBeNull();
  expect(retryDelayMs(11, Math.random)).toBeNull();
});
