import { expect, test } from 'vitest';
import { eventually, startDispatchTown } from '../../test/dispatch-town.ts';

const UNWRITABLE = '{"word":"unwritable"}';
// As long as this stands, whatever reports a message with that word fails, alone or in a batch.
const REFUSE = {
  name: 'test.refuse',
  text: `alter table test_report add constraint refuse check (body not like '%unwritable%') not valid`,
};
const REFUSE_NO_MORE = { name: 'test.refuse_no_more', text: 'alter table test_report drop constraint refuse' };
const EXPIRE_ALL = { name: 'test.expire_all', text: `update delivery set expires_at = now() - interval '1 second'` };

test('an id of the network that cannot be stored holds up no other outcome', async () => {
  await using town = await startDispatchTown();
  const ids = ['n\0', 'n'.repeat(10_000), 'n3'];
  town.networks.notify.answer = (_, count) => ({ kind: 'sent', networkId: ids[count - 1] as string });
  const dispatch = town.startDispatch();
  await dispatch.accept(
    town.account.id,
    ids.map(() => town.notification()),
  );
  dispatch.run();
  await eventually(async () => (await town.reports()).length === 3);
  expect((await town.reports()).map(({ status }) => status)).toEqual(['SENT', 'SENT', 'SENT']);
});

test('an outcome that cannot be written is kept and tried again, and the others of its batch are written meanwhile', async () => {
  await using town = await startDispatchTown();
  const dispatch = town.startDispatch();
  const unwritable = town.notification({ callbackDataJson: UNWRITABLE });
  await dispatch.accept(town.account.id, [town.notification(), unwritable, town.notification()]);
  await town.database.run(REFUSE);
  try {
    dispatch.run();
    await eventually(async () => (await town.reports()).length === 2);
  } finally {
    await town.database.run(REFUSE_NO_MORE);
  }
  await eventually(async () => (await town.reports()).length === 3);
  expect(town.networks.notify.taken).toHaveLength(3);
});

test('an expiry that cannot be reported holds up no other', async () => {
  await using town = await startDispatchTown();
  const dispatch = town.startDispatch();
  await town.send(dispatch, { callbackDataJson: UNWRITABLE });
  await town.send(dispatch);
  await town.send(dispatch);
  await town.database.run(EXPIRE_ALL);
  await town.database.run(REFUSE);
  try {
    dispatch.run();
    await eventually(async () => (await town.reports()).length === 2);
  } finally {
    await town.database.run(REFUSE_NO_MORE);
  }
  await eventually(async () => (await town.reports()).length === 3);
});
