import { expect, test } from 'vitest';
import { createManualClock } from '../../test/manual-clock.ts';
import { createGroupCommit, type GroupCommitParts, type Outcome } from './group-commit.ts';

/** Batches of names that end when the test says so. */
function startGroupCommit(more: Partial<GroupCommitParts<string, string>> = {}) {
  const clock = createManualClock();
  const batches: { requests: readonly string[]; end(outcomes?: readonly Outcome<string>[]): void }[] = [];
  const commits = createGroupCommit<string, string>({
    clock,
    batchMax: 10,
    atOnceMax: 2,
    waitingMax: 30,
    patienceMs: 20,
    commit: (requests) =>
      new Promise((resolve) => {
        const stored = requests.map((name): Outcome<string> => ({ status: 'fulfilled', value: `${name} stored` }));
        batches.push({ requests, end: (outcomes = stored) => resolve(outcomes) });
      }),
    ...more,
  });
  return {
    clock,
    batches,
    add: (name: string, size = 1) => commits.add(name, size),
    names: () => batches.map(({ requests }) => requests),
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a request that finds nothing under way goes at once, and those that come meanwhile go together in their order', async () => {
  const { add, batches, names } = startGroupCommit();
  const answers = ['a', 'b', 'c', 'd'].map((name) => add(name));
  expect(names()).toEqual([['a']]);
  batches[0]?.end();
  await settled();
  expect(names()).toEqual([['a'], ['b', 'c', 'd']]);
  batches[1]?.end();
  expect(await Promise.all(answers)).toEqual(['a stored', 'b stored', 'c stored', 'd stored']);
});

test('a full batch waits for no other, up to the connections it may have', async () => {
  const { add, batches, names } = startGroupCommit();
  void add('a', 10);
  void add('b', 10);
  void add('c', 10);
  expect(names()).toEqual([['a'], ['b']]);
  batches[1]?.end();
  await settled();
  expect(names()).toEqual([['a'], ['b'], ['c']]);
});

test('a batch takes what fits in it, and one request that is larger goes alone', async () => {
  const { add, batches, names } = startGroupCommit({ atOnceMax: 1 });
  void add('a');
  for (const [name, size] of [
    ['b', 4],
    ['c', 4],
    ['d', 4],
    ['e', 15],
  ] as const)
    void add(name, size);
  for (let index = 0; index < 3; index += 1) {
    batches[index]?.end();
    await settled();
  }
  expect(names()).toEqual([['a'], ['b', 'c'], ['d'], ['e']]);
});

test('what one request of a batch fails for, no other hears of', async () => {
  const { add, batches } = startGroupCommit();
  const first = add('a');
  const [bad, good] = [add('b'), add('c')];
  batches[0]?.end();
  await first;
  await settled();
  batches[1]?.end([
    { status: 'rejected', reason: new Error('b cannot be stored') },
    { status: 'fulfilled', value: 'c stored' },
  ]);
  await expect(bad).rejects.toThrow('b cannot be stored');
  expect(await good).toBe('c stored');
});

test('a batch that hangs is waited for no longer than the patience lasts', async () => {
  const { add, batches, names, clock } = startGroupCommit();
  void add('hangs');
  const next = add('a');
  await clock.advance(19);
  expect(names()).toEqual([['hangs']]);
  await clock.advance(1);
  expect(names()).toEqual([['hangs'], ['a']]);
  batches[1]?.end();
  expect(await next).toBe('a stored');
});

test('more than may wait is refused at once, and what waited is stored', async () => {
  const { add, batches } = startGroupCommit({ atOnceMax: 1 });
  const [underWay, waiting] = [add('a', 30), add('b', 30)];
  await expect(add('c')).rejects.toMatchObject({ code: 'overloaded', status: 503 });
  batches[0]?.end();
  await underWay;
  await settled();
  batches[1]?.end();
  expect(await waiting).toBe('b stored');
  expect(batches).toHaveLength(2);
});
