import { FIXTURE_NAMES, type FixtureName, readFixture } from '@soroka/fixtures';
import { expect, test } from 'vitest';
import { type Hook, startIncomingTown } from '../../test/incoming-town.ts';

/** Answers and requests of ours among the fixtures: no network sends them to a hook. */
const NO_EVENT =
  /answer|request|error|sent|subscri|callback-servers|failed|confirmation|execute|chats$|history|calls-left|upload|statuses$|long-poll/;
const PRINTED_BROKEN: readonly FixtureName[] = ['ok/chat-started-as-printed'];

const hookOf = (name: FixtureName): Hook => (name.startsWith('notify/') ? 'notify/incoming' : (name.split('/')[0] as Hook));
const EVENTS = FIXTURE_NAMES.filter((name) => !NO_EVENT.test(name));

/** The body as this town's group would get it. */
function bodyFor(name: FixtureName, town: Awaited<ReturnType<typeof startIncomingTown>>): string {
  const { text, body } = readFixture(name);
  if (!name.startsWith('vk/')) return text.replaceAll('70000000000001', town.groupIds.ok);
  const event = { ...(body as object), group_id: Number(town.groupIds.vk), secret: town.webhookSecret };
  return JSON.stringify(event);
}

test('there are events of every network among the fixtures', () => {
  expect(new Set(EVENTS.map(hookOf))).toEqual(new Set(['vk', 'ok', 'notify/incoming']));
  expect(EVENTS.length).toBeGreaterThan(12);
});

test.each(EVENTS)('%s is taken, and worked off or kept with what is wrong in it', async (name) => {
  await using town = await startIncomingTown();
  const { status, text } = await town.post(hookOf(name), bodyFor(name, town));
  expect([status, text]).toEqual([200, 'ok']);
  await town.settled();
  const [kept, ...others] = await town.bodies(town.account.id, { limit: 10 });
  expect(others).toEqual([]);
  expect([kept?.state, kept?.error === null]).toEqual(PRINTED_BROKEN.includes(name) ? ['failed', false] : ['done', true]);
});

test('the updates of a long poll and the status callbacks of an upstream are worked off too', async () => {
  await using town = await startIncomingTown();
  const { updates } = readFixture('vk/long-poll-updates').body as { updates: object[] };
  for (const update of updates) {
    const event = { ...update, group_id: Number(town.groupIds.vk), secret: town.webhookSecret };
    expect((await town.post('vk', JSON.stringify(event))).text).toBe('ok');
  }
  expect((await town.post('notify/statuses', readFixture('notify/statuses').text)).text).toBe('ok');
  await town.settled();
  expect((await town.bodies(town.account.id, { limit: 10 })).map(({ state }) => state)).toEqual(updates.map(() => 'done'));
});
