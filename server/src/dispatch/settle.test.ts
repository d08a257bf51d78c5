import { expect, test } from 'vitest';
import { eventually, startDispatchTown } from '../../test/dispatch-town.ts';

test('an id of the network that cannot be stored holds up no other outcome', async () => {
  await using town = await startDispatchTown();
  town.networks.notify.answer = (_, count) => ({
    kind: 'sent',
    networkId: count === 1 ? 'n\0' : count === 2 ? 'n'.repeat(10_000) : `n${count}`,
  });
  const dispatch = town.startDispatch();
  await dispatch.accept(
    town.account.id,
    [1, 2, 3].map(() => town.notification()),
  );
  dispatch.run();
  await eventually(async () => (await town.reports()).length === 3);
  expect((await town.reports()).map(({ status }) => status)).toEqual(['SENT', 'SENT', 'SENT']);
});

test('an outcome that cannot be written is kept and tried again, and the others of its batch are written meanwhile', async () => {
  await using town = await startDispatchTown();
  const dispatch = town.startDispatch();
  await dispatch.accept(
    town.account.id,
    [1, 2, 3].map((index) => town.notification({ callbackDataJson: `{"index":${index}}` })),
  );
  await town.database.run({
    name: 'test.refuse',
    text: `alter table test_report add constraint refuse check (body not like '%"index":2%')`,
  });
  try {
    dispatch.run();
    await eventually(async () => (await town.reports()).length === 2);
  } finally {
    await town.database.run({ name: 'test.accept', text: 'alter table test_report drop constraint refuse' });
  }
  await eventually(async () => (await town.reports()).length === 3);
  expect(town.networks.notify.taken).toHaveLength(3);
});

test('an expiry that cannot be reported holds up no other', async () => {
  await using town = await startDispatchTown();
  const dispatch = town.startDispatch();
  for (const index of [1, 2, 3]) await town.send(dispatch, { callbackDataJson: `{"expiry":${index}}` });
  await town.database.run({ name: 'test.expire_all', text: `update delivery set expires_at = now() - interval '1 second'` });
  await town.database.run({
    name: 'test.refuse',
    text: `alter table test_report add constraint refuse check (body not like '%"expiry":1%')`,
  });
  try {
    dispatch.run();
    await eventually(async () => (await town.reports()).length === 2);
  } finally {
    await town.database.run({ name: 'test.accept', text: 'alter table test_report drop constraint refuse' });
  }
  await eventually(async () => (await town.reports()).length === 3);
});
