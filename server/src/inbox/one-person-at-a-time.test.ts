import { expect, test } from 'vitest';
import type { Transaction } from '../platform/database.ts';
import type { RawEvent } from './incoming.ts';
import { createOnePersonAtATime } from './one-person-at-a-time.ts';

const event = (id: number): RawEvent => ({ id }) as RawEvent;
const transaction = (): Transaction => ({}) as Transaction;
const settled = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('of several events of one person the next one waits until the one before has left', async () => {
  const persons = createOnePersonAtATime();
  const tx = transaction();
  const [first, second, third] = [event(1), event(2), event(3)];
  const entered: number[] = [];
  const enter = (raw: RawEvent) => persons.enter(tx, raw, 'contact 5').then(() => void entered.push(raw.id));

  void Promise.all([first, second, third].map(enter));
  await settled();
  expect(entered).toEqual([1]);
  persons.leave(first);
  await settled();
  expect(entered).toEqual([1, 2]);
  persons.leave(second);
  await settled();
  expect(entered).toEqual([1, 2, 3]);
});

test('other persons, and other transactions, wait for nobody', async () => {
  const persons = createOnePersonAtATime();
  const tx = transaction();

  await persons.enter(tx, event(1), 'contact 5');
  await persons.enter(tx, event(2), 'contact 6');
  await persons.enter(transaction(), event(3), 'contact 5');
});

test('a body with two events of one person does not wait for itself', async () => {
  const persons = createOnePersonAtATime();
  const [tx, raw] = [transaction(), event(1)];

  await persons.enter(tx, raw, 'contact 5');
  await persons.enter(tx, raw, 'contact 5');
});
