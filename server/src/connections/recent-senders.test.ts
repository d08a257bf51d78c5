import { expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { createRecentSenders } from './recent-senders.ts';
import type { Sender } from './senders.ts';

const senderOf = (accountId: number, name: string): Sender => ({
  ...{ id: 1, accountId, name, budgetPerDay: null, forbiddenPatterns: [], routes: [] },
});

function recent(...known: string[]) {
  const time = { ms: 0 };
  const asked: string[][] = [];
  let problem: Error | null = null;
  const senders = createRecentSenders({
    clock: { ...systemClock, monotonic: () => time.ms },
    maxAgeMs: 1_000,
    async read(accountId, names) {
      asked.push([...names]);
      if (problem !== null) throw problem;
      return names.filter((name) => known.includes(name)).map((name) => senderOf(accountId, name));
    },
  });
  const fail = (error: Error | null) => {
    problem = error;
  };
  return { senders, time, asked, known, fail };
}

test('a sender is read once until it is too old', async () => {
  const { senders, time, asked } = recent('A');
  expect(await senders.get(1, 'A')).toMatchObject({ name: 'A' });
  time.ms = 999;
  await senders.get(1, 'A');
  expect(asked).toHaveLength(1);
  time.ms = 1_000;
  await senders.get(1, 'A');
  expect(asked).toHaveLength(2);
});

test('those in use are read anew together, those that are not any more are left out', async () => {
  const { senders, time, asked } = recent('A', 'B', 'C');
  for (const name of ['A', 'B', 'C']) await senders.get(1, name);
  time.ms = 1_000;
  await senders.get(1, 'B');
  expect(asked.at(-1)?.toSorted()).toEqual(['A', 'B', 'C']);
  await senders.get(1, 'C');
  expect(asked).toHaveLength(4);
  time.ms = 2_000;
  await senders.get(1, 'C');
  expect(asked.at(-1)?.toSorted()).toEqual(['B', 'C']);
});

test('accounts have nothing to do with each other', async () => {
  const { senders } = recent('A');
  const [one, other] = await Promise.all([senders.get(1, 'A'), senders.get(2, 'A')]);
  expect([one?.accountId, other?.accountId]).toEqual([1, 2]);
});

test('neither an unknown sender nor a failure is remembered', async () => {
  const { senders, asked, known, fail } = recent('A');
  expect(await senders.get(1, 'B')).toBeNull();
  known.push('B');
  expect(await senders.get(1, 'B')).toMatchObject({ name: 'B' });
  fail(new Error('away'));
  senders.clear();
  await expect(Promise.all([senders.get(1, 'A'), senders.get(1, 'A')])).rejects.toThrow('away');
  fail(null);
  expect(await senders.get(1, 'A')).toMatchObject({ name: 'A' });
  expect(asked).toHaveLength(4);
});
