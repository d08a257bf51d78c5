import { afterAll, beforeAll, expect, test } from 'vitest';
import { playDay } from './day/day.ts';
import { startTown, type Town } from './town.ts';

const VISITORS = 200;
const SUBSCRIBERS = 500;

let town: Town;
beforeAll(async () => {
  town = await startTown({ env: { SOROKA_LANE_LEASE_MS: '2000' } });
});
afterAll(() => town?.[Symbol.asyncDispose]());

test('a day of 200 people, an operator and a broadcast to 500, with a server killed twice, is told as it was', async () => {
  const { differences, kills, handedOver, lines } = await playDay(
    town,
    { visitors: VISITORS, subscribers: SUBSCRIBERS },
    () => {},
  );
  expect(differences).toEqual([]);
  expect(kills).toBe(2);
  expect(handedOver).toBe(VISITORS / 4);
  expect(lines).toBeGreaterThan(VISITORS * 8);
}, 400_000);
