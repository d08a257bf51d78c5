import { expect, test } from 'vitest';
import { eventually, startDispatchTown } from '../../test/dispatch-town.ts';
import type { NewNotification } from './dispatch.ts';

const ANNA = '79999999999';

test('an accepted message is rendered, sent, and called back as SENT', async () => {
  await using town = await startDispatchTown();
  const dispatch = town.startDispatch();
  dispatch.run();
  const id = await town.send(dispatch, { callbackDataJson: '{"order":9007199254740993}' });
  await eventually(async () => (await town.reports()).length === 1);
  expect((await town.reports())[0]).toMatchObject({ channel: 'VK', messageId: String(id), status: 'SENT', errorCode: 0 });
  expect(await town.message(dispatch, id)).toMatchObject({
    status: 'SENT',
    channel: 'VK',
    text: 'Здравствуйте, Анна!',
    callbackDataJson: '{"order":9007199254740993}',
  });
  const [sent] = town.networks.notify.taken;
  expect(sent).toMatchObject({
    dedupKey: String(id),
    network: 'vk',
    recipientId: ANNA,
    notification: { service: 'Group_name', templateId: 4, tmpl: 'base_template', templateData: '{"name":"Анна"}' },
  });
});

test('a definite refusal on VK starts OK; only what happened last is called back', async () => {
  await using town = await startDispatchTown();
  town.networks.notify.answer = (message, count) =>
    message.network === 'vk'
      ? { kind: 'refused', reason: 'refused_by_user', networkCode: '901' }
      : { kind: 'sent', networkId: `n${count}` };
  const dispatch = town.startDispatch();
  dispatch.run();
  const id = await town.send(dispatch);
  await eventually(async () => (await town.reports()).length === 1);
  expect((await town.reports())[0]).toMatchObject({ channel: 'OK', status: 'SENT' });
  const view = await town.message(dispatch, id);
  expect(view.channel).toBe('OK');
  expect(view.history.map(({ status, channel, errorCode }) => [status, channel, errorCode])).toEqual([
    ['UNDELIVERABLE', 'VK', 2],
    ['SENT', 'OK', 0],
  ]);
});

test('a person without a known contact cannot be reached by the community: UNDELIVERABLE once, on the first route, as it was never sent', async () => {
  await using town = await startDispatchTown();
  const dispatch = town.startDispatch();
  dispatch.run();
  const id = await town.send(dispatch, { service: 'Community' });
  await eventually(async () => (await town.reports()).length === 1);
  expect(await town.reports()).toMatchObject([{ channel: 'VK', status: 'UNDELIVERABLE', errorCode: 8 }]);
  expect((await town.message(dispatch, id)).history).toHaveLength(2);
  expect(town.networks.vk.calls).toEqual([]);
});

test('the sixth notification of a day goes by the next route, and is RATELIMIT where there is none', async () => {
  await using town = await startDispatchTown();
  const dispatch = town.startDispatch();
  dispatch.run();
  for (let count = 0; count < 5; count += 1) await town.send(dispatch, { routes: ['VK'] });
  await eventually(async () => (await town.reports()).filter(({ status }) => status === 'SENT').length === 5);
  const sixth = await town.send(dispatch, { routes: ['VK'] });
  const other = await town.send(dispatch, { routes: ['VK', 'OK'] });
  await eventually(async () => (await town.reports()).length === 7);
  expect((await town.reports()).find(({ messageId }) => messageId === String(sixth))).toMatchObject({
    channel: 'VK',
    status: 'RATELIMIT',
    errorCode: 3,
  });
  expect((await town.reports()).find(({ messageId }) => messageId === String(other))).toMatchObject({
    channel: 'OK',
    status: 'SENT',
  });
});

test('a refused notification gives its place in the day back', async () => {
  await using town = await startDispatchTown();
  town.networks.notify.answer = (_, count) =>
    count <= 5 ? { kind: 'refused', reason: 'no_such_user', networkCode: '1' } : { kind: 'sent', networkId: `n${count}` };
  const dispatch = town.startDispatch();
  dispatch.run();
  for (let count = 0; count < 5; count += 1) await town.send(dispatch, { routes: ['VK'] });
  await eventually(async () => (await town.reports()).length === 5);
  await town.send(dispatch, { routes: ['VK'] });
  await eventually(async () => (await town.reports()).some(({ status }) => status === 'SENT'));
  expect((await town.reports()).map(({ status }) => status)).toEqual([...Array(5).fill('UNDELIVERABLE'), 'SENT']);
});

test('a call without an answer is repeated under the same key where the network drops repeats', async () => {
  await using town = await startDispatchTown();
  town.networks.notify.answer = (_, count) =>
    count === 1 ? { kind: 'unanswered', detail: 'timeout' } : { kind: 'sent', networkId: 'n1' };
  const dispatch = town.startDispatch();
  dispatch.run();
  await town.send(dispatch);
  await eventually(async () => (await town.reports()).length === 1);
  const keys = town.networks.notify.taken.map(({ dedupKey }) => dedupKey);
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
});

test('without a key an unanswered call ends in UNKNOWN where the template says stop', async () => {
  await using town = await startDispatchTown({ unknownOutcome: 'stop' });
  await town.contacts.importMany(town.account.id, [{ phone: ANNA, ok: '123456789012', consent: 'test' }]);
  town.networks.ok.answer = () => ({ kind: 'unanswered', detail: 'timeout' });
  const dispatch = town.startDispatch();
  dispatch.run();
  await town.send(dispatch, { service: 'Community', routes: ['OK'] });
  await eventually(async () => (await town.reports()).length === 1);
  expect(await town.reports()).toMatchObject([{ status: 'UNKNOWN', errorCode: 9 }]);
  expect(town.networks.ok.taken).toHaveLength(1);
});

test('receipts move a message forward only, and those of unknown messages come back', async () => {
  await using town = await startDispatchTown();
  const dispatch = town.startDispatch();
  dispatch.run();
  const id = await town.send(dispatch);
  await eventually(async () => (await town.reports()).length === 1);
  const receipt = (status: 'DELIVERED' | 'READ' | 'SENT', networkId = 'n1') => ({
    connectionId: town.connectionIds.notify,
    networkId,
    status,
    at: new Date(),
  });
  const unknown = await dispatch.takeReceipts([
    receipt('READ'),
    receipt('DELIVERED'),
    receipt('SENT'),
    receipt('READ'),
    receipt('READ', 'stranger'),
  ]);
  expect(unknown.map(({ networkId }) => networkId)).toEqual(['stranger']);
  expect((await town.reports()).map(({ status }) => status)).toEqual(['SENT', 'READ']);
  const view = await town.message(dispatch, id);
  expect(view.status).toBe('READ');
  expect(view.history.filter(({ evidence }) => evidence).map(({ status }) => status)).toEqual(['DELIVERED']);
});

test('a waiting message can be cancelled, a sent one cannot, and a stranger’s is not found', async () => {
  await using town = await startDispatchTown();
  const dispatch = town.startDispatch();
  const id = await town.send(dispatch);
  const stranger = await town.accounts.create('stranger');
  expect(await dispatch.cancel(stranger.id, id)).toBe('not_found');
  expect(await dispatch.cancel(town.account.id, id)).toBe('cancelled');
  const second = await town.send(dispatch);
  dispatch.run();
  await eventually(async () => (await town.reports()).length === 1);
  expect(await dispatch.cancel(town.account.id, second)).toBe('already_sent');
  expect(town.networks.notify.taken).toHaveLength(1);
  expect((await town.reports()).map(({ messageId }) => messageId)).toEqual([String(second)]);
});

test('300 messages of one group are never launched at more than 50 in any second, nor slower than the limit allows', async () => {
  await using town = await startDispatchTown({ notifySettings: { perDay: null } });
  const dispatch = town.startDispatch();
  dispatch.run();
  const batch = Array.from(
    { length: 300 },
    (_, index): NewNotification => town.notification({ phone: `7998${String(index).padStart(7, '0')}` }),
  );
  const result = await dispatch.accept(town.account.id, batch);
  expect(result.kind === 'accepted' && result.answers.every((answer) => answer.ok)).toBe(true);
  await eventually(() => town.networks.notify.taken.length === 300);
  const times = town.networks.notify.calls.flatMap(({ at, messages }) => messages.map(() => at)).sort((a, b) => a - b);
  const worst = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length));
  expect(worst).toBe(50);
  expect((300 - 50) / (((times.at(-1) as number) - (times[50] as number)) / 1_000)).toBeGreaterThan(48);
});

test('two processes on one database send each message once, and the group keeps its limit when one dies', async () => {
  await using town = await startDispatchTown({ notifySettings: { perDay: null } });
  const first = town.startDispatch({ laneLeaseMs: 1_500 });
  const second = town.startDispatch({ laneLeaseMs: 1_500 });
  first.run();
  second.run();
  const batch = Array.from({ length: 150 }, (_, index) =>
    town.notification({ phone: `7998${String(index).padStart(7, '0')}`, routes: [index % 2 === 0 ? 'VK' : 'OK'] }),
  );
  await first.accept(town.account.id, batch);
  await eventually(() => town.networks.notify.taken.length >= 60);
  await first.stop();
  await eventually(async () => (await town.reports()).length === 150);
  expect(new Set(town.networks.notify.taken.map(({ dedupKey }) => dedupKey)).size).toBe(150);
  expect(town.networks.notify.taken).toHaveLength(150);
});

test('what expires in the queue is EXPIRED, and never sent', async () => {
  await using town = await startDispatchTown();
  const dispatch = town.startDispatch();
  const id = await town.send(dispatch);
  await town.database.run(
    { name: 'test.expire', text: `update delivery set expires_at = now() - interval '1 second' where message_id = $1` },
    [id],
  );
  dispatch.run();
  await eventually(async () => (await town.reports()).length === 1);
  expect(await town.reports()).toMatchObject([{ status: 'EXPIRED', channel: 'VK', errorCode: 4 }]);
  expect(town.networks.notify.taken).toEqual([]);
});

test('a token problem stops the connection and keeps its messages until it is resumed', async () => {
  await using town = await startDispatchTown();
  town.networks.notify.answer = (_, count) =>
    count === 1 ? { kind: 'stopped', networkCode: '401', detail: 'bad key' } : { kind: 'sent', networkId: `n${count}` };
  const dispatch = town.startDispatch();
  dispatch.run();
  await town.send(dispatch);
  await eventually(async () => (await town.connections.get(town.connectionIds.notify))?.pausedReason);
  expect(await town.reports()).toEqual([]);
  await town.connections.resume(town.connectionIds.notify);
  await eventually(async () => (await town.reports()).length === 1);
  expect((await town.reports())[0]?.status).toBe('SENT');
});

test('the intent of a template goes to VK alone', async () => {
  await using town = await startDispatchTown({ intent: 'confirmed_notification' });
  await town.contacts.importMany(town.account.id, [{ phone: ANNA, vk: '37119444', ok: '123456789012', consent: 'test' }]);
  const dispatch = town.startDispatch();
  dispatch.run();
  for (const route of ['VK', 'OK'] as const) await town.send(dispatch, { service: 'Community', routes: [route] });
  await eventually(async () => (await town.reports()).length === 2);
  expect(town.networks.vk.taken[0]).toMatchObject({ intent: 'confirmed_notification' });
  expect(town.networks.ok.taken[0]).not.toHaveProperty('intent');
});

test('who wrote too long ago for VK is reached by OK, and is UNDELIVERABLE for its policy where there is no other route', async () => {
  await using town = await startDispatchTown();
  await town.contacts.importMany(town.account.id, [{ phone: ANNA, vk: '37119444', ok: '123456789012', consent: 'test' }]);
  town.networks.vk.answer = () => ({ kind: 'refused', reason: 'policy', networkCode: '950' });
  const dispatch = town.startDispatch();
  dispatch.run();
  const both = await town.send(dispatch, { service: 'Community', routes: ['VK', 'OK'] });
  const onlyVk = await town.send(dispatch, { service: 'Community', routes: ['VK'] });
  await eventually(async () => (await town.reports()).length === 2);
  const byId = new Map((await town.reports()).map((report) => [report.messageId, report]));
  expect(byId.get(String(both))).toMatchObject({ channel: 'OK', status: 'SENT' });
  expect(byId.get(String(onlyVk))).toMatchObject({ channel: 'VK', status: 'UNDELIVERABLE', errorCode: 5 });
});

test('a reply longer than its network takes is UNDELIVERABLE without a call, and holds up no other', async () => {
  await using town = await startDispatchTown();
  const vk = await town.connections.get(town.connectionIds.vk);
  const dispatch = town.startDispatch();
  dispatch.run();
  const address = { accountId: town.account.id, connectionId: town.connectionIds.vk, network: 'vk', dialogId: 1 } as const;
  const ids = await town.database.transaction(async (tx) => {
    const replyTo = { ...address, groupId: vk?.groupId as string, peerId: '37119444' };
    const tooLong = { ...replyTo, text: 'ё'.repeat(4_097) };
    return dispatch.acceptReplies(tx, [tooLong, { ...replyTo, text: '🍕'.repeat(4_096) }]);
  });
  const views = await eventually(async () => {
    const both = await Promise.all(ids.map((id) => town.message(dispatch, id)));
    return both.every(({ status }) => status !== 'QUEUED') && both;
  });
  expect(views.map(({ status, errorCode }) => [status, errorCode])).toEqual([
    ['UNDELIVERABLE', 6],
    ['SENT', 0],
  ]);
  expect(town.networks.vk.taken).toHaveLength(1);
});
