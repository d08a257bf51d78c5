import { expect, test } from 'vitest';
import { eventually, startDispatchTown } from '../../test/dispatch-town.ts';
import type { NewStep } from './contract.ts';
import type { Dispatch } from './dispatch.ts';

const PHONE = '79999999999';
const BY_DELIVERY: readonly NewStep[] = [{ route: 'VK', timeoutSeconds: 3_000, success: 'DELIVERED' }, { route: 'OK' }];
const BY_READ: readonly NewStep[] = [{ route: 'VK', timeoutSeconds: 3_000, success: 'READ' }, { route: 'OK' }];
const END_STEP = { name: 'test.step.end', text: 'update delivery set step_ends_at = now() where message_id = $1' };

type Town = Awaited<ReturnType<typeof startDispatchTown>>;
const communityTown = async (): Promise<Town> => {
  const town = await startDispatchTown();
  const identities = { vk: '37119444', ok: '123456789012' };
  await town.contacts.importMany(town.account.id, [{ phone: PHONE, ...identities, consent: 'test' }]);
  return town;
};
const sentBy = (town: Town): string[] => town.networks.notify.taken.map(({ network }) => network);
const markRead = (town: Town, dispatch: Dispatch, messageId: number): Promise<void> =>
  town.database.transaction((tx) => dispatch.markRead(tx, [{ accountId: town.account.id, messageId, at: new Date() }]));
/** Lets the time of its first step run out, once that has been sent. */
const endStep = async (town: Town, dispatch: Dispatch, messageId: number): Promise<void> => {
  await eventually(async () => (await town.message(dispatch, messageId)).status === 'SENT');
  await town.database.run(END_STEP, [messageId]);
};
const notesOf = async (town: Town, dispatch: Dispatch, id: number) => (await dispatch.course(town.account.id, id))?.notes ?? [];

test('a message that is not delivered in its step’s time goes out on the next route, and a later DELIVERED of the first is kept without a word', async () => {
  await using town = await startDispatchTown();
  const dispatch = town.startDispatch();
  dispatch.run();
  const id = await town.send(dispatch, { steps: BY_DELIVERY });
  await endStep(town, dispatch, id);
  await eventually(() => sentBy(town).length === 2);
  expect(sentBy(town)).toEqual(['vk', 'ok']);
  await eventually(async () => (await town.reports()).length === 2);
  const late = { connectionId: town.connectionIds.notify, networkId: 'n1', status: 'DELIVERED' as const, at: new Date() };
  expect(await dispatch.takeReceipts([late])).toEqual([]);
  const { history, channel } = await town.message(dispatch, id);
  expect([channel, history.at(-1)]).toMatchObject(['OK', { status: 'DELIVERED', channel: 'VK', evidence: true }]);
  expect((await town.reports()).map((report) => `${report.channel} ${report.status}`)).toEqual(['VK SENT', 'OK SENT']);
  expect(await notesOf(town, dispatch, id)).toMatchObject([{ what: 'step_ended', reason: 'time_out', follows: 'next_route' }]);
});

test('a message that is delivered in its step’s time stays on its route', async () => {
  await using town = await startDispatchTown();
  const dispatch = town.startDispatch();
  dispatch.run();
  const id = await town.send(dispatch, { steps: BY_DELIVERY });
  await eventually(async () => (await town.message(dispatch, id)).status === 'SENT');
  const receipt = { connectionId: town.connectionIds.notify, networkId: 'n1', status: 'DELIVERED' as const, at: new Date() };
  await dispatch.takeReceipts([receipt]);
  // Nothing is left to be done: no time can bring a second route about.
  expect((await dispatch.course(town.account.id, id))?.next).toBeNull();
  expect(sentBy(town)).toEqual(['vk']);
});

test('what nobody reads in its step’s time goes out on the next route, though the first took it', async () => {
  await using town = await communityTown();
  const dispatch = town.startDispatch();
  dispatch.run();
  const id = await town.send(dispatch, { service: 'Community', steps: BY_READ });
  await endStep(town, dispatch, id);
  await eventually(() => town.networks.ok.taken.length === 1);
  expect(town.networks.vk.taken).toHaveLength(1);
});

test('what is read in its step’s time goes out on no other route', async () => {
  await using town = await communityTown();
  const dispatch = town.startDispatch();
  dispatch.run();
  const id = await town.send(dispatch, {
    service: 'Community',
    steps: BY_READ,
  });
  await eventually(async () => (await town.message(dispatch, id)).status === 'SENT');
  expect((await dispatch.course(town.account.id, id))?.next).toMatchObject({ state: 'sent', stepEndsAt: expect.any(Date) });
  await markRead(town, dispatch, id);
  expect((await dispatch.course(town.account.id, id))?.next).toBeNull();
  expect(await town.message(dispatch, id)).toMatchObject({ status: 'READ', channel: 'VK' });
});

test('a read that comes after the step’s time stops the next route where it has not begun', async () => {
  await using town = await communityTown();
  await town.connections.pause(town.connectionIds.ok, 'the test keeps it waiting');
  const dispatch = town.startDispatch();
  dispatch.run();
  const id = await town.send(dispatch, { service: 'Community', steps: BY_READ });
  await endStep(town, dispatch, id);
  await eventually(async () => (await dispatch.course(town.account.id, id))?.next?.channel === 'OK');
  await markRead(town, dispatch, id);
  expect(await town.message(dispatch, id)).toMatchObject({ status: 'READ', channel: 'VK' });
  expect((await notesOf(town, dispatch, id)).at(-1)).toMatchObject({
    what: 'step_ended',
    reason: 'earlier_route',
    follows: 'end',
  });
  expect((await dispatch.course(town.account.id, id))?.next).toBeNull();
  expect(town.networks.ok.taken).toEqual([]);
});

test('a refusal starts the next step at once', async () => {
  await using town = await communityTown();
  town.networks.vk.answer = () => ({ kind: 'refused', reason: 'refused_by_user', networkCode: '901' });
  const dispatch = town.startDispatch();
  dispatch.run();
  const steps: readonly NewStep[] = [{ route: 'VK', timeoutSeconds: 3_000, success: 'READ' }, { route: 'OK' }];
  const refused = await town.send(dispatch, { service: 'Community', steps });
  await eventually(async () => (await town.message(dispatch, refused)).status === 'SENT');
  expect(await town.message(dispatch, refused)).toMatchObject({ channel: 'OK', history: [{ status: 'UNDELIVERABLE' }, {}] });
});

test('a step that cannot begin in its time gives way too', async () => {
  await using town = await communityTown();
  await town.connections.pause(town.connectionIds.vk, 'the test keeps it waiting');
  const dispatch = town.startDispatch();
  dispatch.run();
  const id = await town.send(dispatch, {
    service: 'Community',
    steps: [{ route: 'VK', timeoutSeconds: 1, success: 'READ' }, { route: 'OK' }],
  });
  await eventually(async () => (await town.message(dispatch, id)).status === 'SENT');
  expect(await town.message(dispatch, id)).toMatchObject({ channel: 'OK', history: [{ status: 'SENT', channel: 'OK' }] });
  expect(town.networks.vk.taken).toEqual([]);
});
