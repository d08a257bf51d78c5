import { expect, test } from 'vitest';
import type { LoadLane } from './lanes.ts';
import type { Order } from './load.ts';
import { longestSilence, type Sightings, slowestPace, tally, timesOfLanes, worstSecond } from './verdict.ts';

const KEYED: LoadLane = { service: 'Load_0', route: 'VK', isKeyed: true };
const KEYLESS: LoadLane = { service: 'Community', route: 'OK', isKeyed: false };

const order = (lane: LoadLane, phone: string, messageId: number | null): Order => ({ lane, phone, messageId, sentAt: 0 });
const seen = (arrivals: Record<string, number[]>, told: Record<number, string[]> = {}): Sightings => ({
  arrivals: new Map(Object.entries(arrivals)),
  told: new Map(Object.entries(told).map(([id, statuses]) => [Number(id), new Set(statuses)])),
});

test('what was answered OK and came to nobody is lost, whatever the customer was told', () => {
  expect(tally([order(KEYED, 'a', 1)], seen({ a: [] }, { 1: ['SENT'] }))).toMatchObject({ accepted: 1, lost: 1, unheard: 0 });
});

test('what came without the customer hearing of it is unheard', () => {
  expect(tally([order(KEYED, 'a', 1)], seen({ a: [5] }, { 1: ['QUEUED'] }))).toMatchObject({ lost: 0, unheard: 1 });
});

test('a request without an OK may have come, but not twice', () => {
  expect(tally([order(KEYED, 'a', null)], seen({ a: [5] }))).toMatchObject({ accepted: 0, lost: 0, doubled: 0 });
  expect(tally([order(KEYED, 'a', null)], seen({ a: [5, 6] }))).toMatchObject({ accepted: 0, doubled: 1 });
});

test('what came twice is allowed on a network without keys alone', () => {
  const told = { 1: ['SENT'], 2: ['SENT'] };
  const twice = seen({ a: [5, 6], b: [5, 6, 7] }, told);
  expect(tally([order(KEYED, 'a', 1), order(KEYLESS, 'b', 2)], twice)).toMatchObject({ doubled: 1, allowedDoubles: 2 });
});

test('UNKNOWN is an answer where the network has no key, and none where it has one', () => {
  const unknown = seen({}, { 1: ['UNKNOWN'], 2: ['UNKNOWN'] });
  expect(tally([order(KEYLESS, 'a', 1)], unknown)).toMatchObject({ lost: 0, unheard: 0 });
  expect(tally([order(KEYED, 'b', 2)], unknown)).toMatchObject({ lost: 1, unheard: 1 });
});

test('a person who is written to again may get as much as was ordered for them, no less and no more', () => {
  const orders = [order(KEYED, 'a', 1), order(KEYED, 'a', 2)];
  const told = { 1: ['SENT'], 2: ['SENT'] };
  expect(tally(orders, seen({ a: [5, 9] }, told))).toMatchObject({ accepted: 2, lost: 0, doubled: 0 });
  expect(tally(orders, seen({ a: [5] }, told))).toMatchObject({ lost: 1, doubled: 0 });
  expect(tally(orders, seen({ a: [5, 9, 9] }, told))).toMatchObject({ lost: 0, doubled: 1 });
});

test('the longest silence is that of the slowest lane, within the spans, their ends included', () => {
  const orders = [order(KEYED, 'a', 1), order(KEYED, 'b', 2), order(KEYLESS, 'c', 3)];
  const lanes = timesOfLanes(orders, seen({ a: [100], b: [350], c: [200] }));
  expect(longestSilence(lanes, [{ from: 90, to: 400 }])).toBe(250); // of the first lane, from 100 to 350
  expect(longestSilence(lanes, [{ from: 90, to: 360 }])).toBe(250);
  expect(longestSilence(lanes, [{ from: 190, to: 210 }])).toBe(20); // nothing of the first lane came at all
  expect(longestSilence(lanes, [])).toBe(0);
});

test('the pace is that of the slowest lane over all spans together', () => {
  const lanes = timesOfLanes([order(KEYED, 'a', 1), order(KEYLESS, 'c', 3)], seen({ a: [100, 900, 2_500], c: [1_500, 1_600] }));
  expect(slowestPace(lanes, [{ from: 0, to: 1_000 }])).toBe(0); // nothing of the second lane came
  const spans = [
    { from: 0, to: 1_000 },
    { from: 1_500, to: 2_500 }, // the third of the first lane came at its end, and is out of it
  ];
  expect(slowestPace(lanes, spans)).toBe(1);
});

test('the worst second of a lane is found wherever it begins, and its end is out of it', () => {
  const lanes = timesOfLanes([order(KEYED, 'a', 1), order(KEYLESS, 'c', 3)], seen({ a: [600, 1_599, 1_600], c: [0] }));
  expect(worstSecond(lanes)).toBe(2);
});
