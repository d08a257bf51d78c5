import { expect, test } from 'vitest';
import { ANNA, message, never, useSimulatedVk } from '../../test/use-simulated-vk.ts';
import type { VkApi } from './vk-api.ts';
import { leaveRoomForMessages, SET_UP_CALLS_PER_SECOND } from './vk-set-up-calls.ts';

const vk = useSimulatedVk();

test('of five set-up calls asked for at once no three fall into one second, and they keep their order', async () => {
  const calls: { method: string; at: number }[] = [];
  const api: VkApi = {
    async call(method) {
      calls.push({ method, at: performance.now() });
      return { kind: 'response', response: 1 };
    },
    get: () => Promise.reject(new Error('not asked for here')),
    post: () => Promise.reject(new Error('not asked for here')),
    close: async () => {},
  };
  const sparing = leaveRoomForMessages(api);
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map((method) => sparing.call(method, {}, new AbortController().signal)));
  expect(calls.map(({ method }) => method).join('')).toBe('abcde');
  const times = calls.map(({ at }) => at);
  expect(Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length))).toBe(2);
});

test('a call that fails does not hold up the next', async () => {
  const api: VkApi = {
    call: (method) =>
      method === 'bad' ? Promise.reject(new Error('refused')) : Promise.resolve({ kind: 'response', response: method }),
    get: () => Promise.reject(new Error('not asked for here')),
    post: () => Promise.reject(new Error('not asked for here')),
    close: async () => {},
  };
  const sparing = leaveRoomForMessages(api);
  const { signal } = new AbortController();
  const bad = sparing.call('bad', {}, signal);
  const good = sparing.call('good', {}, signal);
  await expect(bad).rejects.toThrow('refused');
  await expect(good).resolves.toEqual({ kind: 'response', response: 'good' });
});

test('names, chats and typing leave a second of messages their calls: the limit of the token is kept', async () => {
  const channel = vk.open({ setUpCallsPerSecond: SET_UP_CALLS_PER_SECOND });
  const beside = [
    () => channel.profiles([ANNA.id], never),
    () => channel.showTyping(ANNA.id, never),
    () => channel.profiles([ANNA.id], never),
    () => channel.markRead({ peerId: ANNA.id, networkId: '1' }, never),
  ];
  const sends = Array.from({ length: 18 }, () => channel.send([message()], never));
  await Promise.all([...sends, ...beside.map((call) => call())]);
  expect(await vk.control('GET', '/violations')).toEqual([]);
});
