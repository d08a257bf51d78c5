import { expect, test } from 'vitest';
import { eventually, startDispatchTown } from '../../test/dispatch-town.ts';

const ANNA = '79999999999';
const OWNERS = { name: 'test.owners', text: 'select id, owner from lane where owner is not null and lease_until > now()' };

/** Lanes of invented groups, each with one message in the given state; the connection is the town's upstream. */
const MANY_LANES = {
  name: 'test.many_lanes',
  text: `
    with made as (
      insert into lane (network, group_id) select 'vk', gen_random_uuid()::text from generate_series(1, $4::int) returning id
    ), messages as (
      insert into message (id, account_id, kind, sender_id, service, template_id, phone, text, template_data, steps, channel, created_at, expires_at)
      select nextval('message_id'), $1, 'notification', 1, 'Group_name', 4, '7998' || lpad(id::text, 7, '0'), 't', '{}',
        jsonb_build_array(jsonb_build_object('route', 'VK', 'provider', 'notify', 'connectionId', $2::bigint, 'laneId', id, 'groupId', 'g', 'onUnknown', 'resend')),
        'VK', now(), now() + interval '1 hour'
      from made returning id, (steps -> 0 ->> 'laneId')::int as lane_id
    )
    insert into delivery (message_id, account_id, lane_id, connection_id, priority, state, attempt, due_at, expires_at)
    select id, $1, lane_id, $2::bigint, 1, $3::text, case when $3::text = 'sending' then 1 else 0 end, now(), now() + interval '1 hour' from messages`,
};

test('lanes whose killed owner left nothing but calls in flight are taken over all at once', async () => {
  await using town = await startDispatchTown();
  await town.database.run(MANY_LANES, [town.account.id, town.connectionIds.notify, 'sending', 20]);
  town.startDispatch().run();
  await eventually(() => town.networks.notify.taken.length === 20, 4_000);
});

test('a thousand groups with one message each are served, and their lanes are all given back at the end', async () => {
  await using town = await startDispatchTown();
  await town.database.run(MANY_LANES, [town.account.id, town.connectionIds.notify, 'queued', 1_000]);
  const dispatch = town.startDispatch({ laneLeaseMs: 5_000 });
  dispatch.run();
  await eventually(async () => (await town.sentCount()) === 1_000, 15_000);
  expect(town.networks.notify.taken).toHaveLength(1_000);
  await dispatch.stop();
  expect(await town.database.rows(OWNERS)).toEqual([]);
});

test('a second process gets its share of the lanes, and no message is sent twice while they change hands', async () => {
  await using town = await startDispatchTown();
  await town.database.run(MANY_LANES, [town.account.id, town.connectionIds.notify, 'queued', 30]);
  town.startDispatch({ laneLeaseMs: 2_000 }).run();
  await eventually(() => town.networks.notify.taken.length === 30);
  town.startDispatch({ laneLeaseMs: 2_000 }).run();
  await town.database.run(MANY_LANES, [town.account.id, town.connectionIds.notify, 'queued', 30]);
  await eventually(async () => {
    const owners = Map.groupBy(await town.database.rows<{ owner: string }>(OWNERS), ({ owner }) => owner);
    return owners.size === 2 && Math.min(...[...owners.values()].map(({ length }) => length)) >= 10;
  });
  await eventually(async () => (await town.sentCount()) === 60);
  expect(town.networks.notify.taken).toHaveLength(60);
});

test('a process that stops keeps its lanes until its last call is answered, however long that takes', async () => {
  await using town = await startDispatchTown({ unknownOutcome: 'stop' });
  await town.contacts.importMany(town.account.id, [{ phone: ANNA, ok: '123456789012', consent: 'test' }]);
  let answer: () => void = () => {};
  town.networks.ok.answer = () =>
    new Promise((resolve) => {
      answer = () => resolve({ kind: 'sent', networkId: 'slow' });
    });
  const first = town.startDispatch({ laneLeaseMs: 1_000 });
  first.run();
  await town.send(first, { service: 'Community', routes: ['OK'] });
  await eventually(() => town.networks.ok.taken.length === 1);
  const startedAt = performance.now();
  const stopped = first.stop();
  const second = town.startDispatch({ laneLeaseMs: 1_000 });
  second.run();
  // Longer than the lease: without renewals the second process would have taken the lane and called the outcome unknown.
  await eventually(() => performance.now() - startedAt > 1_700);
  answer();
  await stopped;
  expect((await town.reports()).map(({ status }) => status)).toEqual(['SENT']);
  expect(town.networks.ok.taken).toHaveLength(1);
});

test('a lane that is lost and given back does not take its successor along', async () => {
  await using town = await startDispatchTown({ notifySettings: { perDay: null } });
  const dispatch = town.startDispatch({ laneLeaseMs: 1_000 });
  dispatch.run();
  await town.send(dispatch);
  await eventually(async () => (await town.reports()).length === 1);
  const stolen = {
    name: 'test.steal',
    text: `update lane set owner = gen_random_uuid(), epoch = epoch + 1, lease_until = now()`,
  };
  await town.database.run(stolen);
  await town.send(dispatch);
  await eventually(async () => (await town.reports()).length === 2);
  await town.database.run(stolen);
  await town.send(dispatch);
  await eventually(async () => (await town.reports()).length === 3);
  expect(town.networks.notify.taken).toHaveLength(3);
});

test('a lane that its owner took anew without hearing of it is given up and taken again, not renewed under an epoch that finds nothing', async () => {
  await using town = await startDispatchTown({ notifySettings: { perDay: null } });
  const dispatch = town.startDispatch({ laneLeaseMs: 1_000 });
  dispatch.run();
  await town.send(dispatch);
  await eventually(async () => (await town.reports()).length === 1);
  await town.database.run({ name: 'test.take_unheard', text: 'update lane set epoch = epoch + 1' });
  await town.send(dispatch);
  await eventually(async () => (await town.reports()).length === 2);
  expect(town.networks.notify.taken).toHaveLength(2);
});
