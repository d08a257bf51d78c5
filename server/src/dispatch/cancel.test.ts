import { expect, test } from 'vitest';
import { eventually, startDispatchTown } from '../../test/dispatch-town.ts';
import type { Remember } from './dispatch.ts';

const ANNA = '79990000001';
const VERA = '79990000002';
const remember = (key: string): Remember => ({
  key,
  bodySha256: Buffer.alloc(32),
  answerBody: (answers) =>
    JSON.stringify({
      result: answers.map((answer) => (answer.ok ? { code: 'OK', messageId: answer.messageId } : { code: 'REJECTED' })),
    }),
});

async function startTown() {
  const town = await startDispatchTown();
  const dispatch = town.startDispatch();
  const statuses = async (ids: readonly number[]) =>
    Promise.all(ids.map(async (id) => (await town.message(dispatch, id)).status));
  return { ...town, dispatch, statuses, [Symbol.asyncDispose]: () => town[Symbol.asyncDispose]() };
}

test('of a list, what waits is cancelled and the rest told apart: sent, cancelled before, of somebody else', async () => {
  await using town = await startTown();
  const other = await town.accounts.create('another shop');
  const [first, second] = [await town.send(town.dispatch), await town.send(town.dispatch)];
  await town.dispatch.cancel(town.account.id, second);
  expect(await town.dispatch.cancelAll(other.id, [first])).toEqual({ cancelled: [], alreadySent: [], notFound: [first] });
  town.dispatch.run();
  await eventually(async () => (await town.statuses([first]))[0] === 'SENT');
  const third = await town.send(town.dispatch, { sendAt: new Date(Date.now() + 600_000) });
  expect(await town.dispatch.cancelAll(town.account.id, [third, first, second, 5, third])).toEqual({
    cancelled: [third, second],
    alreadySent: [first],
    notFound: [5],
  });
  expect(await town.statuses([first, second, third])).toEqual(['SENT', 'CANCELLED', 'CANCELLED']);
  expect((await town.reports()).map(({ status }) => status)).toEqual(['SENT']);
});

test('a batch is cancelled by its Idempotency-Key, whole, and not by the same key of another account', async () => {
  await using town = await startTown();
  const other = await town.accounts.create('another shop still');
  const items = Array.from({ length: 250 }, () => town.notification());
  const result = await town.dispatch.accept(
    town.account.id,
    [...items, town.notification({ templateId: 5 })],
    remember('campaign'),
  );
  const ids = result.kind === 'accepted' ? result.answers.flatMap((answer) => (answer.ok ? [answer.messageId] : [])) : [];
  expect(await town.dispatch.cancelOfKey(other.id, 'campaign')).toBeNull();
  expect(await town.dispatch.cancelOfKey(town.account.id, 'campaigns')).toBeNull();
  expect(await town.dispatch.cancelOfKey(town.account.id, 'campaign')).toEqual({ cancelled: ids, alreadySent: [], notFound: [] });
  expect(new Set(await town.statuses(ids))).toEqual(new Set(['CANCELLED']));
});

test('everything that waits for a phone is cancelled, and nothing of other people or accounts', async () => {
  await using town = await startTown();
  const ids = [];
  for (const phone of [ANNA, VERA, ANNA]) ids.push(await town.send(town.dispatch, { phone }));
  const other = await town.accounts.create('one more shop');
  expect(await town.dispatch.cancelOfPhone(other.id, ANNA)).toEqual({ cancelled: [], alreadySent: [], notFound: [] });
  expect(await town.dispatch.cancelOfPhone(town.account.id, ANNA)).toEqual({
    cancelled: [ids[0], ids[2]],
    alreadySent: [],
    notFound: [],
  });
  expect(await town.statuses(ids)).toEqual(['CANCELLED', 'QUEUED', 'CANCELLED']);
});
