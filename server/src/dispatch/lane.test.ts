import { describe, expect, test } from 'vitest';
import { eventually, startDispatchTown } from '../../test/dispatch-town.ts';

const ended = { name: 'test.ended', text: 'select id from lane where owner is not null and lease_until < now()' };
const states = { name: 'test.states', text: 'select state, epoch from delivery where account_id = $1' };

test('a channel that throws in spite of its contract costs no slot and leaves no message in flight', async () => {
  await using town = await startDispatchTown({ notifySettings: { messagesPerSecond: 2, perDay: null } });
  let calls = 0;
  town.networks.notify.breakAnswer = (outcomes) => {
    calls += 1;
    if (calls === 1) throw new Error('a bug of the channel');
    return outcomes;
  };
  const dispatch = town.startDispatch();
  dispatch.run();
  await dispatch.accept(
    town.account.id,
    [1, 2, 3].map(() => town.notification()),
  );
  await eventually(async () => (await town.reports()).length === 3, 15_000);
  expect((await town.reports()).map(({ status }) => status)).toEqual(['SENT', 'SENT', 'SENT']);
});

test('messages for which a channel gives no outcome are unanswered, not lost', async () => {
  await using town = await startDispatchTown();
  town.networks.notify.breakAnswer = (outcomes) => (town.networks.notify.calls.length === 1 ? outcomes.slice(1) : outcomes);
  const dispatch = town.startDispatch();
  await dispatch.accept(town.account.id, [town.notification(), town.notification({ phone: '79990000001' })]);
  dispatch.run();
  await eventually(async () => (await town.reports()).length === 2);
  expect((await town.reports()).map(({ status }) => status)).toEqual(['SENT', 'SENT']);
});

test('a channel that never answers gives its slots back at the time-out', async () => {
  await using town = await startDispatchTown({ notifySettings: { messagesPerSecond: 1, perDay: null } });
  town.networks.notify.answer = (_, count) => (count === 1 ? new Promise(() => {}) : { kind: 'sent', networkId: `n${count}` });
  const dispatch = town.startDispatch({ laneLeaseMs: 20_000 });
  dispatch.run();
  await town.send(dispatch);
  await eventually(async () => (await town.reports()).length === 1, 15_000);
});

test('a token problem that cannot be noted down leaves no message in flight', async () => {
  await using town = await startDispatchTown();
  town.networks.notify.answer = (_, count) =>
    count === 1 ? { kind: 'stopped', networkCode: '401', detail: 'bad key\0' } : { kind: 'sent', networkId: `n${count}` };
  const dispatch = town.startDispatch();
  dispatch.run();
  await town.send(dispatch);
  await eventually(async () => (await town.reports()).length === 1);
});

test('what was claimed and could not be launched, because the lease had run out meanwhile, is launched when it is renewed', async () => {
  await using town = await startDispatchTown();
  const { dispatch, view } = town.startFreezable({ laneLeaseMs: 1_000 });
  dispatch.run();
  await town.send(dispatch);
  await eventually(async () => (await town.reports()).length === 1);
  const claimed = view.freezeAt('dispatch.claim.mark');
  await town.send(dispatch, { phone: '79990000001' });
  await claimed;
  await eventually(async () => (await town.database.rows(ended)).length > 0);
  view.thaw();
  await eventually(async () => (await town.reports()).length === 2);
});

test('a claim whose commit was not confirmed leaves no message in flight', async () => {
  await using town = await startDispatchTown();
  const { dispatch, view } = town.startFreezable({ laneLeaseMs: 20_000 });
  view.loseNextCommitAfter('dispatch.claim.mark');
  dispatch.run();
  await town.send(dispatch);
  await eventually(async () => (await town.reports()).length === 1);
  expect(town.networks.notify.taken).toHaveLength(1);
});

test('a claim that a zombie commits after its lane was taken over is found and sent by the new owner', async () => {
  await using town = await startDispatchTown();
  const { dispatch: zombie, view } = town.startFreezable({ laneLeaseMs: 1_000 });
  zombie.run();
  await town.send(zombie);
  await eventually(async () => (await town.reports()).length === 1);
  const claimed = view.freezeAt('dispatch.claim.mark');
  await town.send(zombie, { phone: '79990000001' });
  await claimed;
  const owner = town.startDispatch({ laneLeaseMs: 1_000 });
  owner.run();
  // The zombie's transaction still holds the row: something else shows that the lane has its new owner.
  await town.send(owner, { phone: '79990000002' });
  await eventually(async () => (await town.reports()).length === 2);
  view.thaw();
  await eventually(async () => (await town.reports()).length === 3, 15_000);
  expect(town.networks.notify.taken).toHaveLength(3);
});

test('a process killed in the middle of its calls: the next owner keeps the group’s limit, and sends each again first, once, under its key', async () => {
  await using town = await startDispatchTown({ notifySettings: { perDay: null } });
  const hung = { answer: () => new Promise<never>(() => {}) };
  const { dispatch: killed, view } = town.startFreezable({ laneLeaseMs: 1_500, ...hung });
  const batch = Array.from({ length: 120 }, (_, index) =>
    town.notification({ phone: `7998${String(index).padStart(7, '0')}`, routes: ['VK'] }),
  );
  await killed.accept(town.account.id, batch);
  killed.run();
  await eventually(() => town.networks.notify.taken.length === 50);
  view.freeze();
  const next = town.startDispatch({ laneLeaseMs: 1_500 });
  next.run();
  await eventually(async () => (await town.reports()).length === 120, 20_000);
  const times = town.networks.notify.calls.flatMap(({ at, messages }) => messages.map(() => at)).sort((a, b) => a - b);
  expect(Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length))).toBe(50);
  const tries = Map.groupBy(town.networks.notify.taken, ({ dedupKey }) => dedupKey);
  expect([...tries.values()].map(({ length }) => length).filter((count) => count === 2)).toHaveLength(50);
  expect(tries.size).toBe(120);
  // Before the 70 that have waited all along: the network does not remember a key for ever.
  const [first, again] = [0, 50].map(
    (from) => new Set(town.networks.notify.taken.slice(from, from + 50).map((one) => one.dedupKey)),
  );
  expect(again).toEqual(first);
  expect(await town.database.rows(states, [town.account.id])).toEqual(Array(120).fill({ state: 'sent', epoch: 2 }));
});

test('without a key the calls of a killed process end as the template says', async () => {
  for (const [unknownOutcome, status, sends] of [
    ['stop', 'UNKNOWN', 1],
    ['resend', 'SENT', 2],
  ] as const) {
    await using town = await startDispatchTown({ unknownOutcome });
    await town.contacts.importMany(town.account.id, [{ phone: '79999999999', ok: '123456789012', consent: 'test' }]);
    const { dispatch: killed, view } = town.startFreezable({ laneLeaseMs: 1_000, answer: () => new Promise<never>(() => {}) });
    killed.run();
    await town.send(killed, { service: 'Community', routes: ['OK'] });
    await eventually(() => town.networks.ok.taken.length === 1);
    view.freeze();
    town.startDispatch({ laneLeaseMs: 1_000 }).run();
    await eventually(async () => (await town.reports()).length === 1, 15_000);
    expect((await town.reports()).map((report) => report.status)).toEqual([status]);
    expect(town.networks.ok.taken).toHaveLength(sends);
  }
});

test('a zombie that wakes after its lease launches nothing and writes nothing', async () => {
  await using town = await startDispatchTown({ notifySettings: { messagesPerSecond: 1, perDay: null } });
  let answerZombie: () => void = () => {};
  const { dispatch: zombie, view } = town.startFreezable({
    laneLeaseMs: 1_000,
    answer: () =>
      new Promise((resolve) => {
        answerZombie = () => resolve({ kind: 'refused', reason: 'no_such_user', networkCode: '1' });
      }),
  });
  await zombie.accept(town.account.id, [town.notification(), town.notification({ phone: '79990000001' })]);
  zombie.run();
  await eventually(() => town.networks.notify.taken.length === 1);
  view.freeze();
  const owner = town.startDispatch({ laneLeaseMs: 1_000 });
  owner.run();
  await eventually(async () => (await town.reports()).length === 2, 15_000);
  answerZombie();
  view.thaw();
  await zombie.stop();
  expect((await town.reports()).map(({ status }) => status)).toEqual(['SENT', 'SENT']);
  expect(town.networks.notify.taken).toHaveLength(3);
});

test('a connection with a long queue does not keep another connection of the same group waiting', async () => {
  await using town = await startDispatchTown({ notifySettings: { messagesPerSecond: 5, perDay: null } });
  await town.contacts.importMany(town.account.id, [{ phone: '79999999999', vk: '37119444', consent: 'test' }]);
  const dispatch = town.startDispatch();
  const many = Array.from({ length: 100 }, (_, index) => town.notification({ phone: `7998${String(index).padStart(7, '0')}` }));
  await dispatch.accept(town.account.id, many);
  dispatch.run();
  await eventually(() => town.networks.notify.taken.length >= 5);
  await town.send(dispatch, { service: 'Community', routes: ['VK'] });
  await eventually(() => town.networks.vk.taken.length === 1);
  expect(town.networks.notify.taken.length).toBeLessThan(50);
});

describe('a community whose network takes several messages in one call', () => {
  const many = Array.from({ length: 60 }, (_, index) => `7998${String(index).padStart(7, '0')}`);
  const importPeople = (town: Awaited<ReturnType<typeof startDispatchTown>>) =>
    town.contacts.importMany(
      town.account.id,
      many.map((phone, index) => ({ phone, vk: String(1_000 + index), consent: 'test' })),
    );
  const toCommunity = (town: Awaited<ReturnType<typeof startDispatchTown>>) =>
    many.map((phone) => town.notification({ phone, service: 'Community', routes: ['VK'] }));
  type Call = { at: number; messages: readonly unknown[] };
  const worstSecond = (calls: readonly Call[], count: (call: Call) => number) =>
    Math.max(
      ...calls.map(({ at: from }) =>
        calls.filter(({ at }) => at >= from && at < from + 1_000).reduce((sum, call) => sum + count(call), 0),
      ),
    );

  test('many that wait leave several to a call: 50 messages and 18 calls in a second, no more of either', async () => {
    await using town = await startDispatchTown();
    await importPeople(town);
    const dispatch = town.startDispatch();
    await dispatch.accept(town.account.id, toCommunity(town));
    dispatch.run();
    await eventually(() => town.networks.vk.taken.length === many.length);
    const { calls, taken } = town.networks.vk;
    expect(worstSecond(calls, ({ messages }) => messages.length)).toBe(50);
    expect(worstSecond(calls, () => 1)).toBeLessThanOrEqual(18);
    expect(calls[0]?.messages).toHaveLength(3);
    expect(new Set(taken.map(({ dedupKey }) => dedupKey)).size).toBe(many.length);
  });

  test('every message of a call gets its own outcome', async () => {
    await using town = await startDispatchTown();
    await importPeople(town);
    let failed = false;
    town.networks.vk.answer = ({ recipientId }, count) => {
      if (recipientId === '1000') return { kind: 'refused', reason: 'refused_by_user', networkCode: '901' };
      if (recipientId === '1001' && !failed) {
        failed = true;
        return { kind: 'failed', networkCode: '10' };
      }
      return { kind: 'sent', networkId: `n${count}` };
    };
    const dispatch = town.startDispatch();
    await dispatch.accept(town.account.id, toCommunity(town));
    dispatch.run();
    await eventually(async () => (await town.reports()).length === many.length);
    const [first] = town.networks.vk.calls;
    expect(first?.messages.slice(0, 3).map(({ recipientId }) => recipientId)).toEqual(['1000', '1001', '1002']);
    const statuses = Map.groupBy(await town.reports(), ({ status }) => status);
    expect([...statuses].map(([status, reports]) => [status, reports.length]).sort()).toEqual([
      ['SENT', many.length - 1],
      ['UNDELIVERABLE', 1],
    ]);
    expect(town.networks.vk.taken.filter(({ recipientId }) => recipientId === '1001')).toHaveLength(2);
  });

  test('a process killed in the middle of such calls: everything in them is sent once more under its key', async () => {
    await using town = await startDispatchTown();
    await importPeople(town);
    const { dispatch: killed, view } = town.startFreezable({ laneLeaseMs: 1_000, answer: () => new Promise<never>(() => {}) });
    await killed.accept(town.account.id, toCommunity(town));
    killed.run();
    await eventually(() => town.networks.vk.taken.length === 50);
    view.freeze();
    town.startDispatch({ laneLeaseMs: 1_000 }).run();
    await eventually(async () => (await town.reports()).length === many.length, 20_000);
    const tries = Map.groupBy(town.networks.vk.taken, ({ dedupKey }) => dedupKey);
    expect(tries.size).toBe(many.length);
    expect([...tries.values()].filter(({ length }) => length === 2)).toHaveLength(50);
    expect((await town.reports()).every(({ status }) => status === 'SENT')).toBe(true);
  });

  test('replies leave before notifications, and those of one dialog in their order, in whatever calls they are', async () => {
    await using town = await startDispatchTown();
    await importPeople(town);
    const order: string[] = [];
    town.networks.vk.answer = async ({ text, recipientId }, count) => {
      // The first calls are slow: what did not wait for them would overtake them.
      await new Promise((resolve) => setTimeout(resolve, count <= 6 ? 100 : 0));
      if (recipientId === '5') order.push(text);
      return { kind: 'sent', networkId: `n${count}` };
    };
    const dispatch = town.startDispatch();
    await dispatch.accept(town.account.id, toCommunity(town));
    const vk = await town.connections.get(town.connectionIds.vk);
    const texts = Array.from({ length: 40 }, (_, index) => `reply ${index}`);
    await town.database.transaction(async (tx) => {
      const where = { accountId: town.account.id, connectionId: town.connectionIds.vk, groupId: vk?.groupId as string } as const;
      for (const text of texts) await dispatch.acceptReplies(tx, [{ ...where, network: 'vk', peerId: '5', dialogId: 1, text }]);
    });
    dispatch.run();
    await eventually(() => order.length === texts.length);
    expect(order).toEqual(texts);
    const [first] = town.networks.vk.calls;
    expect(first?.messages.length).toBeGreaterThan(1);
    expect(first?.messages.every(({ recipientId }) => recipientId === '5')).toBe(true);
  });
});
