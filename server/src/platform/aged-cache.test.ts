import { expect, test } from 'vitest';
import { createAgedCache } from './aged-cache.ts';
import { systemClock } from './clock.ts';

function cacheWithClock(entriesMax?: number) {
  const time = { ms: 0 };
  const cache = createAgedCache<string>({
    clock: { ...systemClock, monotonic: () => time.ms },
    maxAgeMs: 1_000,
    ...(entriesMax === undefined ? {} : { entriesMax }),
  });
  const loaded: string[] = [];
  const load = (value: string | null) => async () => {
    loaded.push(String(value));
    return value;
  };
  return { cache, time, load, loaded };
}

test('a value is loaded once until it is too old', async () => {
  const { cache, time, load, loaded } = cacheWithClock();
  expect(await cache.get('a', load('1'))).toBe('1');
  time.ms = 999;
  expect(await cache.get('a', load('2'))).toBe('1');
  time.ms = 1_000;
  expect(await cache.get('a', load('3'))).toBe('3');
  expect(loaded).toEqual(['1', '3']);
});

test('the age counts from the start of a slow load', async () => {
  const { cache, time, load } = cacheWithClock();
  await cache.get('a', async () => {
    time.ms = 600;
    return 'old';
  });
  time.ms = 1_000;
  expect(await cache.get('a', load('new'))).toBe('new');
});

test('callers at the same time share one load', async () => {
  const { cache, load, loaded } = cacheWithClock();
  await Promise.all([cache.get('a', load('1')), cache.get('a', load('2')), cache.get('b', load('3'))]);
  expect(loaded).toEqual(['1', '3']);
});

test('neither nothing nor a failure is remembered', async () => {
  const { cache, load } = cacheWithClock();
  expect(await cache.get('a', load(null))).toBeNull();
  await expect(cache.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await cache.get('a', load('1'))).toBe('1');
});

test('a change of our own is seen at once', async () => {
  const { cache, load } = cacheWithClock();
  await cache.get('a', load('1'));
  cache.clear();
  expect(await cache.get('a', load('2'))).toBe('2');
});

test('the oldest entry goes when there are too many', async () => {
  const { cache, load, loaded } = cacheWithClock(2);
  for (const key of ['a', 'b', 'c', 'c', 'b', 'a']) await cache.get(key, load(key));
  expect(loaded).toEqual(['a', 'b', 'c', 'a']);
});
