import { expect, test } from 'vitest';
import { furtherMutants } from './further-mutants.ts';
import { ruleOf, shrink } from './shrink.ts';
import { type Mutation, simulate } from './simulation.ts';

test('one seed is one run: what happens follows from nothing else', async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const [first, second] = [await simulate({ seed }), await simulate({ seed })];
    expect(second).toEqual(first);
  }
});

test('another seed is another run', async () => {
  const outcomes = await Promise.all([1, 2, 3].map(async (seed) => (await simulate({ seed })).hash));
  expect(new Set(outcomes).size).toBe(3);
});

test('a run tells line by line what happened, and ends with the first promise broken', async () => {
  const lines: string[] = [];
  const broken = await simulate({
    seed: 1,
    trace: (line) => lines.push(line),
    mutation: { enqueue: async (_tx, database, add) => add(database) },
  });
  expect(broken.violations).toHaveLength(1);
  expect(lines.at(-1)).toContain('VIOLATION S2');
  expect(lines.some((line) => /process \d+ +sends \d+\.0/.test(line))).toBe(true);
});

test('a run that breaks a promise is cut down to what breaks it', async () => {
  const mutation = furtherMutants()['answers in another order than the items'] as Mutation;
  let seed = 1;
  while (!(await simulate({ seed, mutation })).violations.some((violation) => ruleOf(violation) === 'D3')) seed += 1;
  const { requests, replies, wishes, processes } = await shrink(seed, 'D3', mutation);
  expect([requests.length, replies.length, wishes.length, processes]).toEqual([1, 0, 0, 1]);
});
