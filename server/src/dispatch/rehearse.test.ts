import { expect, test } from 'vitest';
import { eventually, startDispatchTown } from '../../test/dispatch-town.ts';
import { LIMITS } from '../limits/limits.ts';
import type { NewNotification, Rehearsal } from './dispatch.ts';

type Played = Extract<Rehearsal, { ok: true }>;

async function startRehearsal(options: Parameters<typeof startDispatchTown>[0] = {}) {
  const town = await startDispatchTown(options);
  const dispatch = town.startDispatch();
  const rehearse = (items: readonly Partial<NewNotification>[]) =>
    dispatch.rehearse(
      town.account.id,
      items.map((item) => town.notification(item)),
    );
  const played = async (items: readonly Partial<NewNotification>[]): Promise<readonly Played[]> =>
    (await rehearse(items)).map((rehearsal) => {
      if (!rehearsal.ok) throw new Error(`refused: ${JSON.stringify(rehearsal.reasons)}`);
      return rehearsal;
    });
  return { ...town, dispatch, rehearse, played, [Symbol.asyncDispose]: () => town[Symbol.asyncDispose]() };
}

test('it renders and refuses as acceptance does, and stores nothing', async () => {
  await using town = await startRehearsal();
  const before = await town.dispatch.list(town.account.id, { limit: 10 });
  const [good, bad] = await town.rehearse([{ templateData: { name: 'Вера' } }, { templateData: {} }]);
  expect(good).toMatchObject({ ok: true, text: 'Здравствуйте, Вера!', channel: 'VK', outcome: 'SENT', caps: [] });
  expect(bad).toMatchObject({ ok: false, reasons: [{ key: 'tmpl_data.invalid', field: 'tmpl_data.name' }] });
  expect(await town.dispatch.list(town.account.id, { limit: 10 })).toEqual(before);
});

test('messages of the batch stand in line behind what waits and behind each other, and rehearsing twice says the same', async () => {
  await using town = await startRehearsal({ notifySettings: { messagesPerSecond: 1 } });
  await town.dispatch.accept(
    town.account.id,
    Array.from({ length: 10 }, () => town.notification({ ttlSeconds: 60 })),
  );
  const batch = Array.from({ length: 60 }, (_, index) => ({ ttlSeconds: 60, phone: `7998000${String(index).padStart(4, '0')}` }));
  for (let round = 0; round < 2; round += 1) {
    const rehearsals = await town.rehearse(batch);
    expect(rehearsals.filter(({ ok }) => ok)).toHaveLength(50);
    expect(rehearsals.at(-1)).toMatchObject({ reasons: [{ key: 'queue.too.long' }] });
    expect(rehearsals[0]).toMatchObject({ waiting: 10, perSecond: 1 });
  }
});

test('who has had the notifications of the day goes by the next route, and is not reached where there is none', async () => {
  await using town = await startRehearsal({ notifySettings: { perDay: 2 } });
  town.dispatch.run();
  const id = await town.send(town.dispatch, { routes: ['VK'] });
  await eventually(async () => (await town.message(town.dispatch, id)).status === 'SENT');
  const rehearsals = await town.played([{ routes: ['VK', 'OK'] }, { routes: ['VK', 'OK'] }, { routes: ['VK'] }]);
  expect(rehearsals.map(({ outcome, channel, caps }) => [outcome, channel, caps.map(({ follows }) => follows)])).toEqual([
    ['SENT', 'VK', []],
    ['SENT', 'OK', ['next_route']],
    ['RATELIMIT', 'VK', ['refused']],
  ]);
});

test('where the connection waits for a free place of the day, the message is due when the oldest place is free', async () => {
  await using town = await startRehearsal({ notifySettings: { perDay: 1, perDayMode: 'wait' } });
  const [first, second] = await town.played([{ routes: ['VK'] }, { routes: ['VK'] }]);
  expect(first).toMatchObject({ outcome: 'SENT', caps: [] });
  // The place of the first is free a day after it, which is later than the ttl of the second.
  expect(second).toMatchObject({ outcome: 'RATELIMIT', caps: [{ follows: 'refused' }] });

  const sentAt = new Date(Date.now() - 23.5 * 3_600_000);
  await town.database.run(
    {
      name: 'test.rehearse.day',
      text: `insert into day_window (lane_id, person, sent_at) select id, 'phone:79999999999', array[$2::timestamptz] from lane where group_id = $1`,
    },
    [first?.groupId, sentAt],
  );
  const [waits] = await town.played([{ routes: ['VK'] }]);
  expect(waits).toMatchObject({ outcome: 'SENT', caps: [{ follows: 'waits' }] });
  expect(Math.abs((waits?.dueAt.getTime() ?? 0) - sentAt.getTime() - LIMITS.notificationsPerPerson.windowMs)).toBeLessThan(5);
});

test('a community reaches only who is known to it', async () => {
  await using town = await startRehearsal();
  await town.contacts.importMany(town.account.id, [{ phone: '79990000001', ok: '5001', consent: 'form' }]);
  const rehearsals = await town.played([
    { service: 'Community', phone: '79990000001' },
    { service: 'Community', phone: '79990000002' },
  ]);
  expect(rehearsals.map(({ outcome, channel, sentBy }) => [outcome, channel, sentBy !== null])).toEqual([
    ['SENT', 'OK', true],
    ['UNDELIVERABLE', 'OK', false],
  ]);
});

test('what is left of the budget refuses the rest, and is still left after', async () => {
  await using town = await startRehearsal();
  await town.connections.setSender(town.account.id, 'Group_name', { budgetPerDay: 2 });
  const keys = async () => (await town.rehearse([{}, {}, {}])).map((one) => (one.ok ? 'OK' : one.reasons[0]?.key));
  expect(await keys()).toEqual(['OK', 'OK', 'billing.error']);
  await town.send(town.dispatch);
  expect(await keys()).toEqual(['OK', 'billing.error', 'billing.error']);
});
