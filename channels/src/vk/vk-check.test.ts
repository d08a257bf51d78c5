import { readFixture } from '@soroka/fixtures';
import { describe, expect, test } from 'vitest';
import { type MethodAnswer, type PlayedVk, playVk, raw, vkError } from '../../test/play-vk.ts';
import type { SetUpStep } from '../actions.ts';
import { createVkApi } from './vk-api.ts';
import { checkVk } from './vk-check.ts';
import { VK_EVENTS } from './vk-group.ts';

const never = new AbortController().signal;
const URL_OF_HOOK = 'https://soroka.example/hooks/vk/token';
const rights = (...names: string[]) => ({ mask: 1, permissions: names.map((name) => ({ name, setting: 1 })) });
const ALL_ON = { api_version: '5.199', events: Object.fromEntries(VK_EVENTS.map((event) => [event, 1])) };
const listed = (status: string): unknown => {
  const { response } = readFixture('vk/callback-servers').body as { response: { items: object[] } };
  return { ...response, items: response.items.map((server) => ({ ...server, status })) };
};
const vkWith = (more: Record<string, MethodAnswer> = {}) =>
  playVk({
    'groups.getTokenPermissions': rights('messages', 'photos', 'docs', 'manage', 'wall'),
    'groups.getById': { groups: [{ id: 213243638, name: 'Пиццерия' }], profiles: [] },
    'messages.getConversations': { count: 0, items: [] },
    'groups.getCallbackServers': listed('ok'),
    'groups.getCallbackSettings': ALL_ON,
    'groups.getLongPollSettings': { ...ALL_ON, is_enabled: true },
    ...more,
  });
/** The check without the pace of the channel, which would make these tests wait. */
const check = async ({ url: baseUrl }: PlayedVk, webhookUrl: string | null = URL_OF_HOOK): Promise<readonly SetUpStep[]> => {
  const api = createVkApi({ baseUrl, token: 'vk1.secret', apiVersion: '5.199', timeoutMs: 5_000 });
  const steps = await checkVk({ api, groupId: '213243638', apiVersion: '5.199' }, webhookUrl, never);
  await api.close();
  for (const { found, advice = '' } of steps) expect(`${found} ${advice}`).not.toContain('vk1.secret');
  return steps;
};
const stepOf = (steps: readonly SetUpStep[], name: SetUpStep['name']) => steps.find((step) => step.name === name);

test('where all is well every step says so, but for the one that VK tells nobody', async () => {
  await using vk = await vkWith();
  const steps = await check(vk);
  expect(steps.map(({ name, state }) => [name, state])).toEqual([
    ['token', 'good'],
    ['permissions', 'good'],
    ['group', 'good'],
    ['messages', 'good'],
    ['messages', 'unknown'],
    ['webhook', 'good'],
    ['long-poll', 'good'],
  ]);
  expect(stepOf(steps, 'group')?.found).toBe('The token is of the community “Пиццерия” (213243638).');
  expect(steps.filter(({ state, advice }) => state === 'good' && advice !== undefined)).toEqual([]);
  expect(steps[4]?.advice).toContain('912');
});

test('a dead token is told alone, with how to make another', async () => {
  await using vk = await vkWith({ 'groups.getTokenPermissions': vkError(5, 'User authorization failed') });
  expect(await check(vk)).toEqual([
    {
      name: 'token',
      state: 'bad',
      found: expect.stringContaining('VK does not accept the token: VK error 5'),
      advice: expect.stringContaining('Управление → Работа с API → Ключи доступа'),
    },
  ]);
});

test('a VK out of reach says nothing of the token', async () => {
  await using vk = await vkWith({ 'groups.getTokenPermissions': raw('reset') });
  expect(await check(vk)).toMatchObject([{ name: 'token', state: 'unknown', advice: expect.stringContaining('reaches') }]);
});

test('rights that the token lacks are named with what they are for', async () => {
  await using vk = await vkWith({ 'groups.getTokenPermissions': rights('messages', 'manage') });
  expect(stepOf(await check(vk), 'permissions')).toMatchObject({
    state: 'bad',
    found: 'The token lacks photos (to send pictures), docs (to send files and voice messages).',
  });
});

test('the token of another community is told by name, in the form of every version', async () => {
  for (const groups of [[{ id: 5, name: 'Чужие' }], { groups: [{ id: 5, name: 'Чужие' }] }]) {
    await using vk = await vkWith({ 'groups.getById': groups });
    expect(stepOf(await check(vk), 'group')).toMatchObject({
      state: 'bad',
      found: 'The token is of the community “Чужие” (5), the connection is for 213243638.',
      advice: expect.stringContaining('213243638'),
    });
  }
});

test('messages that are switched off are told, with where to switch them on', async () => {
  await using vk = await vkWith({ 'messages.getConversations': vkError(15, 'Access denied: group messages are disabled') });
  expect(stepOf(await check(vk), 'messages')).toMatchObject({
    state: 'bad',
    advice: expect.stringContaining('Управление → Сообщения'),
  });
});

describe('a webhook', () => {
  test.each<[string, Record<string, MethodAnswer>, Partial<SetUpStep>]>([
    [
      'is not there',
      { 'groups.getCallbackServers': { count: 0, items: [] } },
      { state: 'bad', found: 'VK has no callback server with our address.' },
    ],
    [
      'is not confirmed',
      { 'groups.getCallbackServers': listed('wait') },
      { state: 'bad', found: expect.stringContaining('not confirmed') },
    ],
    [
      'is given up',
      { 'groups.getCallbackServers': listed('failed') },
      { state: 'bad', found: expect.stringContaining('stopped sending') },
    ],
    [
      'lacks an event',
      { 'groups.getCallbackSettings': { ...ALL_ON, events: { ...ALL_ON.events, message_edit: 0 } } },
      { state: 'bad', found: 'VK sends to our address, but not message_edit.' },
    ],
    ['cannot be looked at', { 'groups.getCallbackServers': vkError(15) }, { state: 'unknown' }],
    ['cannot be read of', { 'groups.getCallbackServers': { count: 1 } }, { state: 'unknown' }],
  ])('that %s is told with what to do', async (_, answers, step) => {
    await using vk = await vkWith(answers);
    expect(stepOf(await check(vk), 'webhook')).toMatchObject({ ...step, advice: expect.any(String) });
  });

  test('of a connection that polls is not asked for', async () => {
    await using vk = await vkWith();
    expect(stepOf(await check(vk, null), 'webhook')).toBeUndefined();
  });
});

describe('long poll', () => {
  test.each<[unknown, string | null, Partial<SetUpStep>]>([
    [{ ...ALL_ON, is_enabled: true }, null, { state: 'good', found: 'Long poll is on.' }],
    [{ ...ALL_ON, is_enabled: false }, null, { state: 'bad', found: 'Long poll is off: no event can reach us.' }],
    [
      { events: { ...ALL_ON.events, message_new: 0 }, is_enabled: 1 },
      null,
      { state: 'bad', found: 'Long poll is on, but without message_new.' },
    ],
    [{ ...ALL_ON, is_enabled: false }, URL_OF_HOOK, { state: 'good', found: 'Long poll is off; events come by webhook.' }],
    [{}, null, { state: 'unknown' }],
  ])('is judged by how events are to come: %j with %s', async (settings, webhookUrl, step) => {
    await using vk = await vkWith({ 'groups.getLongPollSettings': settings });
    expect(stepOf(await check(vk, webhookUrl), 'long-poll')).toMatchObject(step);
  });
});

test('a token is kept alive by a call that only a living one is answered', async () => {
  await using alive = await vkWith();
  expect(await alive.channel.keepAlive(never)).toEqual({ kind: 'done', result: null });
  await using dead = await vkWith({ 'groups.getTokenPermissions': vkError(1117, 'Access token has expired') });
  expect(await dead.channel.keepAlive(never)).toMatchObject({ kind: 'stopped', networkCode: '1117' });
});
