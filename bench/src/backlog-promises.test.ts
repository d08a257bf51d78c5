import { expect, test } from 'vitest';
import { type BacklogCost, brokenBacklogPromises } from './backlog-promises.ts';

const small: BacklogCost = {
  ...{ waiting: 10_000, pinned: false, findP50Ms: 0.4, diskBytesEach: 700, workerMemoryMb: 120, cleanedAfterSeconds: null },
};
const large: BacklogCost = { ...small, waiting: 1_000_000, diskBytesEach: 590, workerMemoryMb: 140 };
const pinned: BacklogCost = { ...large, pinned: true, workerMemoryMb: null, cleanedAfterSeconds: 130 };

test('a backlog that costs what it may breaks nothing', () => {
  expect(brokenBacklogPromises([small, large, pinned])).toEqual([]);
  expect(brokenBacklogPromises([])).toEqual([]);
});

test('claims that take longer with more waiting, or with a pinned snapshot, are told', () => {
  expect(brokenBacklogPromises([small, { ...large, findP50Ms: 0.7 }])).toEqual([
    'finding the due messages with 1,000,000 waiting took 1.75 times as long as with 10,000, not at most 1.5',
  ]);
  expect(brokenBacklogPromises([small, large, { ...pinned, findP50Ms: 0.7 }])[0]).toContain('and a pinned snapshot took 1.75');
});

test('memory, disk and rows that stay dead are told', () => {
  const told = brokenBacklogPromises([
    { ...small, workerMemoryMb: 100 },
    { ...large, diskBytesEach: 612.4, workerMemoryMb: 151 },
    { ...pinned, cleanedAfterSeconds: Number.POSITIVE_INFINITY },
  ]);
  expect(told.map((sentence) => sentence.split(' with 1,000,000')[0])).toEqual([
    'a waiting message took 612 bytes of disk',
    'a worker took 151 MB',
    'a worker took 51 MB more',
    '1 % of the rows and more were still dead when it was no longer waited for,',
  ]);
});
