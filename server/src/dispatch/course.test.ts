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
    history: [{ status: 'SENT', channel: 'VK' }],
    taken: [{ channel: 'VK', networkId: 'n1' }],
    next: { channel: 'VK', state: 'sent', attempts: 1, stepEndsAt: expect.any(Date) },
  });
});
