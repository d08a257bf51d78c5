import { expect, test } from 'vitest';
import { eventually, startDispatchTown } from '../../test/dispatch-town.ts';
import { type MessageClass, PRIORITY_OF_CLASS } from './classes.ts';

type Town = Awaited<ReturnType<typeof startDispatchTown>>;

/** Notifications that wait in the town's group for its upstream, as acceptance leaves them; phones are their ids. */
const WAITING = {
  name: 'test.waiting',
  text: `
    with made as (
      insert into message (id, account_id, kind, sender_id, service, template_id, phone, text, template_data, steps, channel, created_at, expires_at)
      select n.id, $1, 'notification', 1, 'Group_name', null, '7900' || n.id, 't', '{}',
        jsonb_build_array(jsonb_build_object('route', 'VK', 'provider', 'notify', 'connectionId', $2::bigint, 'laneId', l.id, 'groupId', l.group_id, 'onUnknown', 'resend')),
        'VK', now(), now() + interval '1 hour'
      from lane as l, (select nextval('message_id') as id from generate_series(1, $5::int)) as n
      where l.network = 'vk' and l.group_id = $3
      returning id
    )
    insert into delivery (message_id, account_id, lane_id, connection_id, priority, due_at, expires_at)
    select made.id, $1, l.id, $2, $4, $6, now() + interval '1 hour' from made, lane as l where l.network = 'vk' and l.group_id = $3
    returning message_id as id`,
};

/** Puts messages into the queue of one account and class; the function says how many of them were among the first sent. */
async function queue(town: Town, accountId: number, name: MessageClass, count: number) {
  const vk = await town.connections.get(town.connectionIds.vk);
  const values = [accountId, town.connectionIds.notify, vk?.groupId, PRIORITY_OF_CLASS[name], count, new Date()];
  const ids = new Set((await town.database.rows<{ id: number }>(WAITING, values)).map(({ id }) => String(id)));
  return (first: number) => town.networks.notify.taken.slice(0, first).filter(({ dedupKey }) => ids.has(dedupKey)).length;
}

/** A town whose group sends so many a second, and has a lane that nobody owns. */
async function startTown(messagesPerSecond: number): Promise<Town> {
  const town = await startDispatchTown({ notifySettings: { messagesPerSecond, perDay: null } });
  const vk = await town.connections.get(town.connectionIds.vk);
  await town.database.run({ name: 'test.lane', text: `insert into lane (network, group_id) values ('vk', $1)` }, [vk?.groupId]);
  return town;
}

test('of accounts that share a group each sends as much as the others, however long their queues and whatever their class', async () => {
  await using town = await startTown(50);
  const [second, third] = [await town.accounts.create('second'), await town.accounts.create('third')];
  const sent = [
    await queue(town, town.account.id, 'service', 1_000),
    await queue(town, second.id, 'broadcast', 60),
    await queue(town, third.id, 'transactional', 300),
  ];
  town.startDispatch().run();
  await eventually(() => town.networks.notify.taken.length >= 150);
  for (const among of sent) expect(among(150)).toBeGreaterThanOrEqual(0.9 * 50);
});

test('one account’s classes share what it gets as 4 to 2 to 1, and what is left of the slots is lost to nobody', async () => {
  await using town = await startTown(50);
  const broadcast = await queue(town, town.account.id, 'broadcast', 400);
  const service = await queue(town, town.account.id, 'service', 400);
  const transactional = await queue(town, town.account.id, 'transactional', 80);
  town.startDispatch().run();
  await eventually(() => town.networks.notify.taken.length >= 250);
  // Of whole calls: within one the classes stand one after the other.
  const { calls } = town.networks.notify;
  const sentBy = calls.map((_, index) => calls.slice(0, index + 1).reduce((sum, { messages }) => sum + messages.length, 0));
  const among = sentBy.findLast((sent) => sent <= 100) ?? 0;
  expect(among).toBeGreaterThanOrEqual(50);
  for (const [sent, share] of [
    [transactional(among), 4 / 7],
    [service(among), 2 / 7],
    [broadcast(among), 1 / 7],
  ] as const)
    expect(Math.abs(sent - share * among)).toBeLessThanOrEqual(2);
  expect(transactional(250)).toBe(80);
});

test('a message of a quiet account, or of a better class, does not wait behind a long queue', async () => {
  await using town = await startTown(20);
  const quiet = await town.accounts.create('quiet');
  await queue(town, town.account.id, 'broadcast', 2_000);
  town.startDispatch().run();
  await eventually(() => town.networks.notify.taken.length >= 20);
  for (const [accountId, name] of [
    [quiet.id, 'service'],
    [town.account.id, 'transactional'],
  ] as const) {
    const before = town.networks.notify.taken.length;
    const sent = await queue(town, accountId, name, 1);
    await eventually(() => sent(Number.POSITIVE_INFINITY) === 1);
    // What nobody tells of is found by the next look at all queues, a second later; then it is its turn at once.
    expect(sent(before + 3 * 20)).toBe(1);
  }
});

test('what was stored before others and committed after they were sent is found without a word of it', async () => {
  await using town = await startTown(50);
  let letGo: () => void = () => {};
  const waits = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let isStored: () => void = () => {};
  const stored = new Promise<void>((resolve) => {
    isStored = resolve;
  });
  const late = town.database.transaction(async (tx) => {
    await queue({ ...town, database: { ...town.database, rows: tx.rows } }, town.account.id, 'service', 3);
    isStored();
    await waits;
  });
  await stored;
  await queue(town, town.account.id, 'service', 60);
  const dispatch = town.startDispatch();
  dispatch.run();
  await eventually(() => town.networks.notify.taken.length === 60);
  letGo();
  await late;
  await eventually(() => town.networks.notify.taken.length === 63);
});
