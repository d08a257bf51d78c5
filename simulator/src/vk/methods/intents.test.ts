import { afterEach, beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../world/world.ts';
import { ANNA, type SimulatedVk, startVk } from '../test/start-vk.ts';

const anna = 37119444;
const HOUR_MS = 3_600_000;
let clock: ManualClock;
let vk: SimulatedVk;
beforeEach(async () => {
  clock = createManualClock();
  vk = await startVk(clock);
  vk.world.limits.set({ callsPerSecond: null });
});
afterEach(() => vk[Symbol.asyncDispose]());

const send = async (more = {}) =>
  (await vk.call('messages.send', { peer_id: anna, random_id: 0, message: 'а', ...more })).error?.error_code;

test('with a window for replies a community may write without an intent for so long after the last word of the person', async () => {
  expect(await send()).toBeUndefined();
  vk.world.limits.set({ replyWindowHours: 24 });
  expect(await send()).toBe(950);
  vk.world.say(vk.group, vk.person(ANNA), 'привет');
  clock.advance(24 * HOUR_MS);
  expect(await send()).toBeUndefined();
  clock.advance(1);
  expect(await send()).toBe(950);
  expect(await send({ intent: 'customer_support' })).toBeUndefined();
});

test('a mailing goes to whom has agreed to it, and stops when they take it back', async () => {
  expect(await send({ intent: 'promo_newsletter' })).toBe(943);
  vk.world.intents.set(vk.group, vk.person(ANNA), 'promo_newsletter', true);
  expect(await send({ intent: 'promo_newsletter' })).toBeUndefined();
  expect((await vk.call('messages.getIntentUsers', { intent: 'promo_newsletter' })).response).toEqual({
    count: 1,
    items: [anna],
  });
  vk.world.intents.set(vk.group, vk.person(ANNA), 'promo_newsletter', false);
  expect(await send({ intent: 'promo_newsletter' })).toBe(943);
});

test('messages with an intent have a limit of their own where one is set, by person and day', async () => {
  vk.world.limits.set({ intentMessagesPerDay: 2 });
  const outcomes = [];
  for (let n = 0; n < 3; n += 1) outcomes.push(await send({ intent: 'account_update' }));
  expect(outcomes).toEqual([undefined, undefined, 944]);
  clock.advance(24 * HOUR_MS);
  expect(await send({ intent: 'account_update' })).toBeUndefined();
});

test('the longest text follows the setting, and buttons need the abilities of bots', async () => {
  vk.world.limits.set({ vkTextCharacters: 3 });
  expect(await send({ message: 'четыре' })).toBe(914);
  await vk.call('groups.setSettings', { group_id: vk.group.id, bots_capabilities: 0 });
  expect(await send({ keyboard: '{"buttons":[]}' })).toBe(912);
});
