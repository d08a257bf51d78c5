import { afterEach, beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../world/world.ts';
import { LONG_POLL } from './long-poll.ts';
import { ANNA, eventually, GROUP_ID, type SimulatedVk, startVk } from './test/start-vk.ts';

interface Opened {
  key: string;
  server: string;
  ts: string;
}

let clock: ManualClock;
let vk: SimulatedVk;
let opened: Opened;

beforeEach(async () => {
  clock = createManualClock();
  vk = await startVk(clock);
  vk.world.limits.set({ callsPerSecond: null });
  opened = await open();
});
afterEach(() => vk[Symbol.asyncDispose]());

const open = async (): Promise<Opened> =>
  (await vk.call('groups.getLongPollServer', { group_id: GROUP_ID })).response as unknown as Opened;
const poll = async (parameters: Record<string, string> = {}, init: RequestInit = {}): Promise<unknown> => {
  const query = new URLSearchParams({ act: 'a_check', key: opened.key, ts: opened.ts, wait: '25', ...parameters });
  return (await fetch(`${opened.server}?${query}`, init)).json();
};
const say = (text: string) => vk.world.say(vk.group, vk.person(ANNA), text);
const update = (text: string) =>
  expect.objectContaining({ object: expect.objectContaining({ message: expect.objectContaining({ text }) }) });

test('a poll brings what happened since ts, without the secret', async () => {
  say('раз');
  say('два');
  expect(await poll()).toEqual({ ts: String(Number(opened.ts) + 2), updates: [update('раз'), update('два')] });
  expect(await poll({ ts: String(Number(opened.ts) + 1) })).toEqual({
    ts: String(Number(opened.ts) + 2),
    updates: [update('два')],
  });
});

test('a poll is held until the next event', async () => {
  const held = poll();
  await eventually(() => vk.world.calls.since(0).at(-1)?.method).toBe('longpoll');
  say('раз');
  expect(await held).toEqual({ ts: String(Number(opened.ts) + 1), updates: [update('раз')] });
});

test('a poll without an event ends after its wait', async () => {
  const held = poll({ wait: '25' });
  await eventually(() => vk.world.calls.since(0).at(-1)?.method).toBe('longpoll');
  let ended = false;
  void held.then(() => {
    ended = true;
  });
  clock.advance(24_999);
  expect(ended).toBe(false);
  clock.advance(1);
  expect(await held).toEqual({ ts: opened.ts, updates: [] });
});

test('unknown parameters, a POST and a missing ts are taken', async () => {
  say('раз');
  const query = new URLSearchParams({ act: 'a_check', key: opened.key, wait: '0', mode: '202', version: '19', rps_delay: '0' });
  const answer = await fetch(`${opened.server}?${query}`, { method: 'POST' });
  expect(await answer.json()).toEqual({ ts: String(Number(opened.ts) + 1), updates: [] });
});

test('failed 1 with a number comes for a ts whose events are gone', async () => {
  say('раз');
  vk.world.reset();
  expect(await poll()).toEqual({ failed: 1, ts: Number(opened.ts) + 1 });
});

test('failed 2 comes for an unknown and for an expired key; a new key goes on from the old ts', async () => {
  expect(await poll({ key: 'other' })).toEqual({ failed: 2 });
  say('раз');
  clock.advance(LONG_POLL.keyLifetimeMs);
  expect(await poll()).toEqual({ failed: 2 });
  const { key } = await open();
  expect(await poll({ key })).toEqual({ ts: String(Number(opened.ts) + 1), updates: [update('раз')] });
});

test('failed 3 comes for a ts that was never given', async () => {
  expect(await poll({ ts: String(Number(opened.ts) + 5) })).toEqual({ failed: 3 });
  expect(await poll({ ts: 'x' })).toEqual({ failed: 3 });
});

test('each failure comes when it is asked for, and goes by renewing what it names', async () => {
  say('раз');
  vk.world.disturb(vk.group, 'long_poll_failed_1');
  const cut = (await poll()) as { failed: number; ts: number };
  expect(cut).toEqual({ failed: 1, ts: Number(opened.ts) + 2 });
  say('два');
  expect(await poll({ ts: String(cut.ts) })).toMatchObject({ updates: [update('два')] });

  vk.world.disturb(vk.group, 'long_poll_failed_2');
  expect(await poll({ ts: String(cut.ts) })).toEqual({ failed: 2 });
  const { key } = await open();
  expect(await poll({ key, ts: String(cut.ts) })).toMatchObject({ updates: [update('два')] });

  vk.world.disturb(vk.group, 'long_poll_failed_3');
  expect(await poll({ key, ts: String(cut.ts) })).toEqual({ failed: 3 });
  const renewed = await open();
  say('три');
  expect(await poll({ key: renewed.key, ts: renewed.ts })).toMatchObject({ updates: [update('три')] });
});

test('a poll that is held learns of a failure at once', async () => {
  const held = poll();
  await eventually(() => vk.world.calls.since(0).at(-1)?.method).toBe('longpoll');
  vk.world.disturb(vk.group, 'long_poll_failed_2');
  expect(await held).toEqual({ failed: 2 });
});

test('long poll can be switched off, and its events one by one', async () => {
  const set = (parameters: Record<string, string | number>) =>
    vk.call('groups.setLongPollSettings', { group_id: GROUP_ID, ...parameters });
  await set({ message_allow: 0, message_new: 0, api_version: '5.131' });
  vk.world.block(vk.group, vk.person(ANNA));
  say('раз');
  expect(await poll()).toMatchObject({ updates: [{ type: 'message_deny', v: '5.131' }] });
  await set({ enabled: 0 });
  expect((await vk.call('groups.getLongPollServer', { group_id: GROUP_ID })).error).toMatchObject({ error_code: 100 });
  expect(await poll()).toEqual({ failed: 2 });
  expect((await vk.call('groups.getLongPollSettings', { group_id: GROUP_ID })).response).toMatchObject({
    is_enabled: false,
    api_version: '5.131',
    events: { message_new: 0, message_deny: 1 },
  });
});

test('several pollers get the same event', async () => {
  const held = [poll(), poll()];
  await eventually(() => vk.world.calls.since(0).filter(({ method }) => method === 'longpoll').length).toBe(2);
  say('раз');
  const [first, second] = await Promise.all(held);
  expect(first).toEqual(second);
});

test('a poller that leaves is forgotten', async () => {
  const leaving = new AbortController();
  const left = poll({}, { signal: leaving.signal }).catch((error: unknown) => error);
  await eventually(() => vk.world.calls.since(0).at(-1)?.method).toBe('longpoll');
  leaving.abort();
  expect(await left).toBeInstanceOf(Error);
  say('раз');
  expect(await poll()).toMatchObject({ updates: [update('раз')] });
});
