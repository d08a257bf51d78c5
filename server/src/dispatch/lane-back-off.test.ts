import type { SendOutcome } from '@soroka/channels';
import { expect, test } from 'vitest';
import { eventually, startDispatchTown } from '../../test/dispatch-town.ts';

const ANNA = '79990000001';
const VERA = '79990000002';
const sent = (count: number): SendOutcome => ({ kind: 'sent', networkId: `n${count}` });

test('flood control of one person: what is for that person waits without a call, and the lane goes on with the others', async () => {
  await using town = await startDispatchTown();
  town.networks.notify.answer = (_, count) =>
    count === 1 ? { kind: 'throttled', scope: 'recipient', retryAfterMs: 0, networkCode: '9' } : sent(count);
  const dispatch = town.startDispatch();
  dispatch.run();
  const struck = await town.send(dispatch, { phone: ANNA });
  const notesOf = async (id: number) => (await dispatch.course(town.account.id, id))?.notes ?? [];
  await eventually(async () => (await notesOf(struck)).length > 0);
  const other = await town.send(dispatch, { phone: VERA });
  const second = await town.send(dispatch, { phone: ANNA });
  await eventually(async () => (await town.sentCount()) === 3);
  expect(town.networks.notify.taken.slice(0, 2).map(({ recipientId }) => recipientId)).toEqual([ANNA, VERA]);
  expect(await notesOf(struck)).toMatchObject([
    { what: 'attempt', attempt: 1, outcome: 'throttled', code: '9', follows: 'again' },
  ]);
  expect((await notesOf(second)).every((note) => note.what === 'held' && note.reason === 'flood')).toBe(true);
  expect(await notesOf(other)).toEqual([]);
});

test('a message that came too soon is sent again as the same attempt, and its group goes on more slowly', async () => {
  await using town = await startDispatchTown({ notifySettings: { messagesPerSecond: 4, perDay: null } });
  town.networks.notify.answer = (_, count) =>
    count === 1 ? { kind: 'throttled', scope: 'lane', limit: 'rate', retryAfterMs: 1_000, networkCode: '6' } : sent(count);
  const dispatch = town.startDispatch();
  dispatch.run();
  const id = await town.send(dispatch);
  await eventually(() => town.networks.notify.taken.length === 1);
  const batch = Array.from({ length: 4 }, (_, index) => town.notification({ phone: `7999000001${index}` }));
  await dispatch.accept(town.account.id, batch);
  await eventually(async () => (await town.sentCount()) === 5);
  const course = await dispatch.course(town.account.id, id);
  expect(course?.history).toMatchObject([{ status: 'SENT', attempt: 1 }]);
  expect(course?.notes).toMatchObject([{ outcome: 'throttled', code: '6', attempt: 1 }]);
  // Half of four: the first two of the batch leave together, the third later.
  const [, second, third] = town.networks.notify.calls;
  expect(second?.messages.length).toBeLessThanOrEqual(2);
  expect((third?.at ?? 0) - (second?.at ?? 0)).toBeGreaterThan(100);
});

test('a refused token pauses the connection with what the network said, its code named once', async () => {
  await using town = await startDispatchTown();
  town.networks.notify.answer = () => ({ kind: 'stopped', networkCode: '5', detail: 'VK error 5: User authorization failed' });
  const dispatch = town.startDispatch();
  dispatch.run();
  const id = await town.send(dispatch);
  const paused = await eventually(async () => (await town.connections.get(town.connectionIds.notify))?.pausedReason);
  expect(paused).toBe('VK error 5: User authorization failed');
  expect((await town.message(dispatch, id)).status).toBe('QUEUED');
});
