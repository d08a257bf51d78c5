import { expect, test } from 'vitest';
import { eventually, startDispatchTown } from '../../test/dispatch-town.ts';

test('the course of a message is its plan, what the networks took, its statuses and what is next, for its own account alone', async () => {
  await using town = await startDispatchTown();
  const dispatch = town.startDispatch();
  const stranger = await town.accounts.create('a curious one');
  const id = await town.send(dispatch, { steps: [{ route: 'VK', timeoutSeconds: 60, success: 'READ' }, { route: 'OK' }] });
  const course = () => dispatch.course(town.account.id, id);
  expect(await dispatch.course(stranger.id, id)).toBeNull();
  expect(await course()).toMatchObject({
    steps: [
      { channel: 'VK', provider: 'notify', timeoutSeconds: 60, success: 'READ' },
      { channel: 'OK', provider: 'notify' },
    ],
    windows: null,
    history: [],
    taken: [],
    next: { channel: 'VK', state: 'queued', attempts: 0, isPaused: false },
  });
  const [sender] = (await town.connections.senders(town.account.id)).filter(({ name }) => name === 'Group_name');
  await dispatch.pauseSender(town.account.id, sender?.id as number);
  expect((await course())?.next?.isPaused).toBe(true);
  await dispatch.resumeSender(town.account.id, sender?.id as number);

  dispatch.run();
  const sent = await eventually(async () => {
    const seen = await course();
    return seen?.history.length === 1 && seen;
  });
  expect(sent).toMatchObject({
    history: [{ status: 'SENT', channel: 'VK', attempt: 1, launchedAt: expect.any(Number) }],
    notes: [],
    taken: [{ channel: 'VK', networkId: 'n1' }],
    next: { channel: 'VK', state: 'sent', attempts: 1, stepEndsAt: expect.any(Date) },
  });
});

test('the course of a message that was put off, refused and sent by its next route tells each attempt and what followed', async () => {
  await using town = await startDispatchTown();
  const answers = [
    { kind: 'failed', networkCode: '10', answer: 'Internal server error, access_token=secret' },
    { kind: 'refused', reason: 'refused_by_user', networkCode: '901' },
    { kind: 'sent', networkId: 'n1' },
  ] as const;
  town.networks.notify.answer = (_, count) => answers[count - 1] ?? { kind: 'sent', networkId: `n${count}` };
  const dispatch = town.startDispatch();
  dispatch.run();
  const id = await town.send(dispatch);
  await eventually(async () => (await town.message(dispatch, id)).status === 'SENT');
  const course = await dispatch.course(town.account.id, id);
  expect(course?.notes).toMatchObject([
    { what: 'attempt', step: 0, attempt: 1, outcome: 'failed', code: '10', follows: 'again', until: expect.any(Number) },
    { what: 'attempt', step: 0, attempt: 2, outcome: 'refused', code: '901', follows: 'next_route' },
  ]);
  expect(course?.notes[0]).toMatchObject({ answer: 'Internal server error, access_token=***' });
  expect(course?.history).toMatchObject([
    { status: 'UNDELIVERABLE', channel: 'VK' },
    { status: 'SENT', channel: 'OK', attempt: 1 },
  ]);
});
