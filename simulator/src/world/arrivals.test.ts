import { expect, test } from 'vitest';
import { createArrivals } from './arrivals.ts';

const arrival = (n: number) => ({ service: `Load_${n % 100}`, phone: String(79_980_000_000 + n), at: 1_000.5 + n });

test('what the upstream took is told in its order, in pages', () => {
  const arrivals = createArrivals();
  for (let n = 0; n < 70_000; n += 1) arrivals.record(arrival(n));
  expect(arrivals.count()).toBe(70_000);
  expect(arrivals.list(0, 2)).toEqual([arrival(0), arrival(1)]);
  expect(arrivals.list(65_535, 2)).toEqual([arrival(65_535), arrival(65_536)]);
  expect(arrivals.list(69_999, 10)).toEqual([arrival(69_999)]);
  expect(arrivals.list(70_000, 10)).toEqual([]);
});

test('three million are remembered; then the oldest are forgotten, and the places of the others stay', () => {
  const arrivals = createArrivals();
  const COUNT = 3_200_000;
  for (let n = 0; n < COUNT; n += 1) arrivals.record({ service: 'Load_1', phone: '79980000000', at: n });
  const [oldest] = arrivals.list(0, 1);
  expect(COUNT - (oldest?.at ?? 0)).toBeGreaterThanOrEqual(3_000_000);
  expect(arrivals.list(COUNT - 1, 1)).toMatchObject([{ at: COUNT - 1 }]);
  arrivals.reset();
  expect(arrivals.list(0, 1)).toEqual([]);
});
