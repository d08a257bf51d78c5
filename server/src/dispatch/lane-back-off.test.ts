import type { SendOutcome } from '@soroka/channels';
import { expect, test } from 'vitest';
import { eventually, startDispatchTown } from '../../test/dispatch-town.ts';

const ANNA = '79990000001';
const VERA = '79990000002';
const sent = (count: number): SendOutcome => ({ kind: 'sent', networkId: `n${count}` });

test('flood control of one person: what is for that person waits without a call, and the lane goes on with the others', async () => {
  await using town = await startDispatchTown();
  const flood: SendOutcome = { kind: 'throttled', scope: 'recipient', retryAfterMs: 0, networkCode: '9' };
  town.networks.notify.answer = ({ recipientId }, count) => (recipientId === ANNA ? flood : sent(count));
  const dispatch = town.startDispatch();
  dispatch.run();
  const notesOf = async (id: number) => (await dispatch.course(town.account.id, id))?.notes ?? [];
  const struck = await town.send(dispatch, { phone: ANNA });
  await eventually(async () => (await notesOf(struck)).length === 2); // the next wait is four seconds
  const second = await town.send(dispatch, { phone: ANNA });
  const other = await town.send(dispatch, { phone: VERA });
  await eventually(async () => (await town.message(dispatch, other)).status === 'SENT');
  const [held] = await eventually(async () => {
    const notes = await notesOf(second);
    return notes.length > 0 && notes;
  });
  expect(held).toMatchObject({ what: 'held', reason: 'flood', follows: 'again', until: expect.any(Number) });
  expect((await notesOf(struck)).slice(0, 2)).toMatchObject([
    { what: 'attempt', attempt: 1, outcome: 'throttled', code: '9', follows: 'again' },
    { what: 'attempt', attempt: 1, outcome: 'throttled', code: '9', follows: 'again' },
  ]);
  expect(await notesOf(other)).toEqual([]);
});

test('a message that came too soon is sent again, as the same attempt', async () => {
  await using town = await startDispatchTown();
  town.networks.notify.answer = (_, count) =>
    count === 1 ? { kind: 'throttled', scope: 'lane', limit: 'rate', retryAfterMs: 1_000, networkCode: '6' } : sent(count);
  const dispatch = town.startDispatch();
  dispatch.run();
  const id = await town.send(dispatch);
  await eventually(async () => (await town.sentCount()) === 1);
  const course = await dispatch.course(town.account.id, id);
  expect(course?.history).toMatchObject([{ status: 'SENT', attempt: 1 }]);
  expect(course?.notes).toMatchObject([{ outcome: 'throttled', code: '6', attempt: 1, follows: 'again' }]);
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
