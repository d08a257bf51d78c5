import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Chat } from '../../world/world.ts';
import { PICTURE, upload } from '../test/stage.ts';
import { ANNA, GROUP_ID, type SimulatedVk, startVk } from '../test/start-vk.ts';

const anna = 37119444;
const dina = 37119448;
const CHAT = 2_000_000_001;
let vk: SimulatedVk;
let chat: Chat;
beforeAll(async () => {
  vk = await startVk();
});
beforeEach(() => {
  vk.world.reset();
  vk.world.limits.set({ callsPerSecond: null });
  const people = [vk.person('79990000004')];
  chat = vk.world.chats.create({ group: vk.group, title: 'Соседи', owner: vk.person(ANNA), people });
});
afterAll(() => vk[Symbol.asyncDispose]());

const code = async (method: string, parameters: Record<string, string | number>) =>
  (await vk.call(method, parameters)).error?.error_code;

test('messages of a chat have no id, only a number, and name their authors; system lines have an action', async () => {
  vk.world.chats.say(chat, vk.person(ANNA), 'всем');
  expect((await vk.call('messages.send', { peer_id: CHAT, random_id: 1, message: 'и вам' })).response).toBe(0);
  const { response } = await vk.call('messages.getHistory', { peer_id: CHAT, rev: 1 });
  expect(response).toMatchObject({
    items: [
      { id: 0, from_id: anna, conversation_message_id: 1, action: { type: 'chat_create', text: 'Соседи' } },
      { id: 0, from_id: anna, action: { type: 'chat_invite_user', member_id: -Number(GROUP_ID) } },
      { id: 0, from_id: anna, text: 'всем', peer_id: CHAT, out: 0 },
      { id: 0, from_id: -Number(GROUP_ID), text: 'и вам', peer_id: CHAT, out: 1, random_id: 1 },
    ],
  });
});

test('a chat gets a picture in three steps, and loses it again; members are told by a line', async () => {
  const address = async () =>
    ((await vk.call('photos.getChatUploadServer', { chat_id: 1 })).response as never as { upload_url: string }).upload_url;
  // In the manner of vk_api: one field `file`, and the text of the answer as it is.
  const uploaded = (await upload(await address(), 'file', PICTURE, 'a.gif')) as never as { response: string };
  expect(await code('messages.setChatPhoto', { file: uploaded.response })).toBe(925);
  chat.groupIsAdmin = true;
  expect((await vk.call('messages.setChatPhoto', { file: uploaded.response })).response).toMatchObject({
    chat: { title: 'Соседи' },
  });
  const { response } = await vk.call('messages.getConversationsById', { peer_ids: CHAT });
  const url = (response as never as { items: { chat_settings: { photo: { photo_200: string } } }[] }).items[0]?.chat_settings
    .photo.photo_200;
  expect(Buffer.from(await (await fetch(`${url}`)).arrayBuffer())).toEqual(PICTURE);
  await vk.call('messages.deleteChatPhoto', { chat_id: 1 });
  const history = (await vk.call('messages.getHistory', { peer_id: CHAT, count: 2 })).response;
  expect(history).toMatchObject({
    items: [{ action: { type: 'chat_photo_remove' } }, { action: { type: 'chat_photo_update' } }],
  });
});

test('a repeated random_id writes to a chat once', async () => {
  for (let n = 0; n < 2; n += 1) await vk.call('messages.send', { chat_id: 1, random_id: 7, message: 'раз' });
  expect(chat.messages.filter(({ author }) => author === null)).toHaveLength(1);
});

test('a community that is no administrator of the chat may not rule it; one that is may', async () => {
  const attempts = [
    ['messages.editChat', { chat_id: 1, title: 'Двор' }],
    ['messages.removeChatUser', { chat_id: 1, member_id: dina }],
    ['messages.pin', { peer_id: CHAT, cmid: 1 }],
  ] as const;
  for (const [method, parameters] of attempts) expect(await code(method, parameters)).toBe(925);
  expect(await code('messages.getInviteLink', { peer_id: CHAT })).toBe(919);
  chat.groupIsAdmin = true;
  for (const [method, parameters] of attempts) expect(await code(method, parameters)).toBeUndefined();
  expect(chat).toMatchObject({ title: 'Двор', pinned: { numberInDialog: 1 } });
  expect([...chat.members.keys()].map(({ vkId }) => vkId)).toEqual([anna]);
  expect(await code('messages.removeChatUser', { chat_id: 1, member_id: dina })).toBe(935);
});

test('a community that was removed has no access, and one that left hears so', async () => {
  vk.world.chats.leave(chat, null, vk.person(ANNA));
  expect(await code('messages.send', { peer_id: CHAT, random_id: 0, message: 'а' })).toBe(917);
  vk.world.chats.join(chat, null, { by: vk.person(ANNA) });
  await vk.call('messages.removeChatUser', { chat_id: 1, member_id: -Number(GROUP_ID) });
  expect(await code('messages.send', { peer_id: CHAT, random_id: 0, message: 'а' })).toBe(922);
});

test('the members of a chat, its title and its icon can be asked for', async () => {
  vk.world.chats.setIcon(chat, vk.person(ANNA), 'http://127.0.0.1/icon.png');
  expect((await vk.call('messages.getConversationMembers', { peer_id: CHAT })).response).toMatchObject({
    count: 3,
    items: [{ member_id: anna, is_owner: true, is_admin: true }, { member_id: dina }, { member_id: -Number(GROUP_ID) }],
    profiles: [{ id: anna, first_name: 'Анна' }, { id: dina }],
  });
  expect((await vk.call('messages.getConversationsById', { peer_ids: CHAT })).response).toMatchObject({
    items: [
      {
        peer: { id: CHAT, type: 'chat', local_id: 1 },
        chat_settings: { title: 'Соседи', members_count: 3, photo: { photo_50: 'http://127.0.0.1/icon.png' }, state: 'in' },
      },
    ],
  });
});

test('a community makes a chat of its own and gives out the link to it, and another after a reset', async () => {
  const made = (await vk.call('messages.createChat', { user_ids: anna, title: 'Заказ 7' })).response as never as {
    chat_id: number;
  };
  const link = async (more = {}) =>
    (await vk.call('messages.getInviteLink', { peer_id: 2_000_000_000 + made.chat_id, ...more })).response as never as {
      link: string;
    };
  const first = await link();
  expect(await link()).toEqual(first);
  expect(await link({ reset: 1 })).not.toEqual(first);
});
