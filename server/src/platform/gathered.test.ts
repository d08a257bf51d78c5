import { expect, test } from 'vitest';
import type { Queryable } from './database.ts';
import { gathered, gatheredOne } from './gathered.ts';

const transaction = (): Queryable => ({ rows: async () => [], run: async () => 0 });

test('who works side by side in one transaction asks together, and each gets its own answers', async () => {
  const asked: (readonly number[])[] = [];
  const double = gathered(async (_: Queryable, numbers: readonly number[]) => {
    asked.push(numbers);
    return numbers.map((number) => number * 2);
  });
  const [one, other] = [transaction(), transaction()];

  const answers = await Promise.all([double(one, [1, 2]), double(one, []), double(other, [3]), double(one, [4])]);

  expect(answers).toEqual([[2, 4], [], [6], [8]]);
  expect(asked).toEqual([[1, 2, 4], [3]]);
});

test('those who were answered together ask the next question together', async () => {
  const sizes: number[] = [];
  const next = gatheredOne(async (_: Queryable, numbers: readonly number[]) => {
    sizes.push(numbers.length);
    return numbers.map((number) => number + 1);
  });
  const tx = transaction();
  const threeSteps = async (from: number) => next(tx, await next(tx, await next(tx, from)));

  expect(await Promise.all([threeSteps(0), threeSteps(10), threeSteps(20)])).toEqual([3, 13, 23]);
  expect(sizes).toEqual([3, 3, 3]);
});

test('a failure is told to everybody who asked, and to nobody who asks later', async () => {
  const work = gatheredOne(async (_: Queryable, words: readonly string[]) => {
    if (words.includes('bad')) throw new Error('no such word');
    return words.map((word) => word.length);
  });
  const tx = transaction();

  const settled = await Promise.allSettled([work(tx, 'good'), work(tx, 'bad')]);

  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await work(tx, 'good')).toBe(4);
});
