import { expect, test } from 'vitest';
import { eventually, startDispatchTown } from '../../test/dispatch-town.ts';
import type { NewNotification } from './dispatch.ts';

async function startTown() {
  const town = await startDispatchTown();
  await town.contacts.importMany(town.account.id, [{ phone: '79999999999', vk: '5001', consent: 'form' }]);
  const dispatch = town.startDispatch();
  const senders = new Map((await town.connections.senders(town.account.id)).map(({ id, name }) => [name, id]));
  const idOf = (name: string): number => senders.get(name) as number;
  const send = (more: Partial<NewNotification> = {}) => town.send(dispatch, more);
  const sent = async (): Promise<number[]> =>
    (await dispatch.list(town.account.id, { limit: 100, status: 'SENT' }))
      .map(({ messageId }) => messageId)
      .sort((a, b) => a - b);
  return { ...town, dispatch, idOf, send, sent, [Symbol.asyncDispose]: () => town[Symbol.asyncDispose]() };
}

test('of a paused sender nothing is sent, neither what waited nor what comes, while others go on; then everything goes out in its order', async () => {
  await using town = await startTown();
  const waiting = await town.send();
  await town.dispatch.pauseSender(town.account.id, town.idOf('Group_name'));
  const later = await town.send();
  const other = await town.send({ service: 'Community' });
  expect([...(await town.dispatch.pausedSenders(town.account.id)).keys()]).toEqual([town.idOf('Group_name')]);
  town.dispatch.run();
  await eventually(async () => (await town.sent()).includes(other));
  const last = await town.send({ service: 'Community' });
  await eventually(async () => (await town.sent()).includes(last));
  expect(await town.sent()).toEqual([other, last]);

  await town.dispatch.resumeSender(town.account.id, town.idOf('Group_name'));
  await eventually(async () => (await town.sent()).length === 4);
  expect(town.networks.notify.taken.map(({ dedupKey }) => dedupKey)).toEqual([String(waiting), String(later)]);
  expect((await town.dispatch.pausedSenders(town.account.id)).size).toBe(0);
});

test('a paused message keeps the time it is due, can be cancelled, and is not forecast as waiting before others', async () => {
  await using town = await startTown();
  const sendAt = new Date(Date.now() + 600_000);
  const [kept, taken] = [await town.send({ sendAt }), await town.send()];
  await town.dispatch.pauseSender(town.account.id, town.idOf('Group_name'));
  const [rehearsal] = await town.dispatch.rehearse(town.account.id, [town.notification()]);
  expect(rehearsal).toMatchObject({ ok: true, isPaused: true });
  expect(await town.dispatch.cancel(town.account.id, taken)).toBe('cancelled');
  await town.dispatch.resumeSender(town.account.id, town.idOf('Group_name'));
  const rows = await town.database.rows({
    name: 'test.pause.due',
    text: 'select message_id as id, priority, due_at as "dueAt" from delivery',
  });
  expect(rows).toEqual([{ id: kept, priority: 1, dueAt: sendAt }]);
});

test('a pause of another account’s sender does nothing', async () => {
  await using town = await startTown();
  const other = await town.accounts.create('a stranger');
  const before = await town.send();
  await town.dispatch.pauseSender(other.id, town.idOf('Group_name'));
  const after = await town.send();
  town.dispatch.run();
  await eventually(async () => (await town.sent()).length === 2);
  expect(await town.sent()).toEqual([before, after]);
});

test('what is accepted while a sender is being let go on does not stay behind', async () => {
  await using town = await startTown();
  const senderId = town.idOf('Group_name');
  town.dispatch.run();
  const ids: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    await town.dispatch.pauseSender(town.account.id, senderId);
    const sending = Promise.all(Array.from({ length: 5 }, (_, index) => town.send({ phone: `7998${round}00000${index}` })));
    await town.dispatch.resumeSender(town.account.id, senderId);
    ids.push(...(await sending));
  }
  await eventually(async () => (await town.sent()).length === ids.length);
});
