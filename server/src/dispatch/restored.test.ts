import { expect, test } from 'vitest';
import { startDispatchTown } from '../../test/dispatch-town.ts';
import { until } from '../../test/until.ts';
import { prepareRestored } from './restored.ts';

const ANNA_VK = '37119444';
const ANNA_OK = '123456789012';

/** A town whose queue holds one message by the upstream, which drops repeats, and one to OK, which does not; as a dump has them. */
async function townWithWaiting() {
  const town = await startDispatchTown();
  await town.contacts.importMany(town.account.id, [{ phone: '79999999999', vk: ANNA_VK, ok: ANNA_OK, consent: 'test' }]);
  const idle = town.startDispatch(); // takes messages; it does not run, and so sends none
  const keyed = await town.send(idle, { routes: ['VK'] });
  const keyless = await town.send(idle, { service: 'Community', routes: ['OK'] });
  const channel = async (id: number) => ({
    ...(await town.connections.channel(id)),
    capabilities: { ...(await town.connections.channel(id)).capabilities, dropsRepeats: id !== town.connectionIds.ok },
  });
  return { town, idle, keyed, keyless, connections: { channel } };
}

test('what waited in a dump goes again under its old key where the network drops repeats, and else ends as UNKNOWN unsent', async () => {
  const { town, keyed, keyless, connections } = await townWithWaiting();
  await using _ = town;
  expect(await prepareRestored(town.database, connections)).toEqual({ leftOpen: 1, sentAgain: 1 });
  const dispatch = town.startDispatch();
  dispatch.run();
  await until(async () => (await town.message(dispatch, keyless)).status === 'UNKNOWN');
  await until(async () => (await town.message(dispatch, keyed)).status === 'SENT');
  expect(town.networks.notify.taken.map(({ dedupKey }) => dedupKey)).toEqual([String(keyed)]);
  expect(town.networks.ok.taken).toEqual([]);
  expect(await town.reports()).toContainEqual(expect.objectContaining({ messageId: String(keyless), status: 'UNKNOWN' }));
});

test('ids go on far ahead of those that were given out after the dump', async () => {
  const { town, idle, keyless, connections } = await townWithWaiting();
  await using _ = town;
  await prepareRestored(town.database, connections);
  expect(await town.send(idle)).toBeGreaterThan(keyless + 999_999_999);
});
