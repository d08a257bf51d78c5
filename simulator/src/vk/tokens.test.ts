import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { GROUP_ID, type SimulatedVk, startVk } from './test/start-vk.ts';

let vk: SimulatedVk;
beforeAll(async () => {
  vk = await startVk();
});
beforeEach(() => vk.world.reset());
afterAll(() => vk[Symbol.asyncDispose]());

const MESSAGES_ONLY = 'vk1.demo.messages';
const ANNAS = 'vk1.user.37119444';

test('a token with the right to messages alone can write and cannot manage, and says so itself', async () => {
  const by = (method: string, parameters = {}) => vk.call(method, { access_token: MESSAGES_ONLY, ...parameters });
  expect((await by('messages.send', { peer_id: 37119444, random_id: 1, message: 'а' })).response).toEqual(expect.any(Number));
  expect((await by('groups.getTokenPermissions')).response).toEqual({
    mask: 4_096,
    permissions: [{ name: 'messages', setting: 4_096 }],
  });
  for (const method of ['groups.getLongPollServer', 'photos.getMessagesUploadServer']) {
    expect((await by(method, { group_id: GROUP_ID })).error).toMatchObject({ error_code: 15, error_subcode: 1133 });
  }
});

test('a method of communities refuses a person, and a method of persons refuses a community', async () => {
  expect((await vk.call('messages.send', { access_token: ANNAS })).error?.error_code).toBe(5);
  expect((await vk.call('messages.allowMessagesFromGroup', { group_id: GROUP_ID })).error).toMatchObject({
    error_code: 27,
    error_msg: 'Group authorization failed: method is unavailable with group auth.',
  });
});

test('a person forbids and allows messages with a token of their own; the key comes back in message_allow', async () => {
  const keys: string[] = [];
  vk.world.on('allowed', ({ key }) => keys.push(key));
  const allowed = async () =>
    (await vk.call('messages.isMessagesFromGroupAllowed', { group_id: GROUP_ID, user_id: 37119444 })).response;
  await vk.call('messages.denyMessagesFromGroup', { access_token: ANNAS, group_id: GROUP_ID });
  expect(await allowed()).toEqual({ is_allowed: 0 });
  await vk.call('messages.allowMessagesFromGroup', { access_token: ANNAS, group_id: GROUP_ID, key: 'site-42' });
  expect(await allowed()).toEqual({ is_allowed: 1 });
  expect(keys).toEqual(['site-42']);
});
