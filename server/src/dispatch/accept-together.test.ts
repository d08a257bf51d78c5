import { expect, test } from 'vitest';
import { startDispatchTown } from '../../test/dispatch-town.ts';
import type { AcceptResult, NewNotification, Remember } from './dispatch.ts';

/** Requests that come while the first one of them is being stored. */
async function startCrowd() {
  const town = await startDispatchTown();
  const { dispatch, view } = town.startFreezable();
  const remember = (key: string): Remember => ({
    key,
    bodySha256: Buffer.alloc(32),
    answerBody: (answers) => JSON.stringify(answers),
  });
  const accept = (item: Partial<NewNotification>, key?: string): Promise<AcceptResult> =>
    dispatch.accept(town.account.id, [town.notification(item)], key === undefined ? undefined : remember(key));
  const settle = async (requests: readonly [Partial<NewNotification>, string?][]) => {
    await accept({}); // what is looked up once is known
    const results = await Promise.allSettled([accept({}), ...requests.map(([item, key]) => accept(item, key))]);
    return results.slice(1).map((result) => {
      if (result.status === 'rejected') return 'failed';
      if (result.value.kind !== 'accepted') return result.value.kind;
      const [answer] = result.value.answers;
      return answer?.ok === true ? 'OK' : answer?.reasons[0]?.key;
    });
  };
  const storedPhones = async () => (await dispatch.list(town.account.id, { limit: 100 })).map(({ phone }) => phone).sort();
  return { ...town, dispatch, view, settle, storedPhones, [Symbol.asyncDispose]: () => town[Symbol.asyncDispose]() };
}

const phone = (index: number): string => `7998000000${index}`;

test('a request that cannot be stored fails alone, and those that came with it are stored once each', async () => {
  await using crowd = await startCrowd();
  const unstorable = { phone: phone(4), templateData: { name: 'a\0b' } };
  const requests = [0, 1, 2, 3].map((index): [Partial<NewNotification>] => [{ phone: phone(index) }]);
  expect(await crowd.settle([...requests, [unstorable], [{ phone: phone(5) }]])).toEqual([
    'OK',
    'OK',
    'OK',
    'OK',
    'failed',
    'OK',
  ]);
  expect((await crowd.storedPhones()).slice(0, -2)).toEqual([0, 1, 2, 3, 5].map(phone));
});

test('a failing neighbour takes neither keys, client ids nor budgets along', async () => {
  await using crowd = await startCrowd();
  await crowd.connections.setSender(crowd.account.id, 'Community', { budgetPerDay: 1 });
  const own = { service: 'Community', clientMessageId: 'order 1' };
  expect(
    await crowd.settle([
      [{ ...own, phone: phone(0), templateData: { name: 'a\0b' } }, 'k1'],
      [{ ...own, phone: phone(1) }, 'k2'],
      [{ ...own, phone: phone(1) }, 'k2'],
      [{ service: 'Community', phone: phone(2) }, 'k3'],
      [{ ...own, phone: phone(3), contentSha256: Buffer.alloc(32, 1) }, 'k4'],
    ]),
  ).toEqual(['failed', 'OK', 'repeated', 'billing.error', 'client.message.id.conflict']);
  expect((await crowd.storedPhones()).slice(0, -2)).toEqual([phone(1)]);
});

test('what may have been committed when the connection broke is not stored again', async () => {
  await using crowd = await startCrowd();
  crowd.view.loseNextCommitAfter('dispatch.accept.store_keys');
  const requests = [0, 1, 2].map((index): [Partial<NewNotification>, string] => [{ phone: phone(index) }, `k${index}`]);
  expect(await crowd.settle(requests)).toEqual(['failed', 'failed', 'failed']);
  expect((await crowd.storedPhones()).slice(0, -2)).toEqual([0, 1, 2].map(phone));
  expect(await crowd.settle(requests)).toEqual(['repeated', 'repeated', 'repeated']);
});
