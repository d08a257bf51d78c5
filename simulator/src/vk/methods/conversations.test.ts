import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ANNA, eventually, GROUP_ID, type SimulatedVk, startVk, VERA } from '../test/start-vk.ts';

let vk: SimulatedVk;
beforeAll(async () => {
  vk = await startVk();
});
beforeEach(() => vk.world.reset());
afterAll(() => vk[Symbol.asyncDispose]());

const anna = 37119444;
const say = (text: string, phone = ANNA) => vk.world.say(vk.group, vk.person(phone), text);

test('the history holds both sides, newest first, and no notification by phone', async () => {
  say('привет');
  await vk.call('messages.send', { peer_id: anna, random_id: 1, message: 'здравствуйте' });
  vk.world.send(vk.group, vk.person(ANNA), { kind: 'notification', text: 'Ваша пицца готова', tag: '1' });
  const { response } = await vk.call('messages.getHistory', { peer_id: anna });
  expect(response).toMatchObject({
    count: 2,
    items: [
      { text: 'здравствуйте', out: 1, from_id: -Number(GROUP_ID), peer_id: anna, random_id: 1 },
      { text: 'привет', out: 0, from_id: anna, peer_id: anna },
    ],
  });
});

test('messages are found by what they say, everywhere or with one person, newest first', async () => {
  say('Где моя Пицца?');
  say('пицца остыла', '79990000004');
  say('спасибо');
  const found = (await vk.call('messages.search', { q: 'пицца' })).response;
  expect(found).toMatchObject({ count: 2, items: [{ text: 'пицца остыла' }, { text: 'Где моя Пицца?' }] });
  expect((await vk.call('messages.search', { q: 'пицца', peer_id: anna })).response).toMatchObject({ count: 1 });
  expect((await vk.call('messages.search', { q: 'пицца', date: '01012020' })).response).toMatchObject({ count: 0 });
  expect((await vk.call('messages.searchConversations', { q: 'бел' })).response).toMatchObject({
    count: 1,
    items: [{ peer: { id: anna } }],
  });
});

test('the files of a dialog are found by their kind, page by page', async () => {
  const attachment = ['photo1_1', 'photo1_2', 'doc1_3'].join(',');
  await vk.call('messages.send', { peer_id: anna, random_id: 0, attachment });
  const page = async (more = {}) =>
    (await vk.call('messages.getHistoryAttachments', { peer_id: anna, count: 1, ...more })).response as never as {
      items: { attachment: { type: string; photo?: { id: number } } }[];
      next_from?: string;
    };
  const first = await page();
  const second = await page({ start_from: first.next_from });
  expect([first, second].map(({ items }) => items[0]?.attachment.photo?.id)).toEqual([1, 2]);
  expect(second.next_from).toBeUndefined();
  expect(await page({ media_type: 'doc' })).toMatchObject({ items: [{ attachment: { type: 'doc' } }] });
});

test('a deleted conversation is empty for the group, and one message of it can be brought back', async () => {
  say('привет');
  const { response } = await vk.call('messages.send', { peer_id: anna, random_id: 0, message: 'ответ' });
  expect((await vk.call('messages.deleteConversation', { peer_id: anna })).response).toEqual({ last_deleted_id: response });
  expect((await vk.call('messages.getHistory', { peer_id: anna })).response).toMatchObject({ count: 0 });
  expect((await vk.call('messages.getById', { message_ids: Number(response) })).response).toMatchObject({ count: 0 });
  expect((await vk.call('messages.restore', { message_id: Number(response) })).response).toBe(1);
  expect((await vk.call('messages.getHistory', { peer_id: anna })).response).toMatchObject({ items: [{ text: 'ответ' }] });
  expect(vk.world.dialogs.newest(2)).toMatchObject([{ text: 'привет' }, { text: 'ответ' }]);
});

test("reactions to a message are counted, the group's own among them, until it takes it back", async () => {
  const said = say('привет');
  if (!said.ok) throw new Error(said.reason);
  const place = { peer_id: anna, cmid: said.result.numberInDialog };
  vk.world.react(said.result, 2);
  await vk.call('messages.sendReaction', { ...place, reaction_id: 1 });
  const counters = async () => {
    const { response } = await vk.call('messages.getMessagesReactions', { peer_id: anna, cmids: place.cmid });
    return (response as never as { items: { counters: unknown[] }[] }).items[0]?.counters;
  };
  const ofAnna = { reaction_id: 2, count: 1, user_ids: [anna] };
  expect(await counters()).toEqual([ofAnna, { reaction_id: 1, count: 1, user_ids: [-Number(GROUP_ID)] }]);
  expect((await vk.call('messages.deleteReaction', place)).response).toBe(1);
  expect(await counters()).toEqual([ofAnna]);
});

test('the history can be read in pages, from the other end, and with its people', async () => {
  for (const text of ['раз', 'два', 'три']) say(text);
  const page = await vk.call('messages.getHistory', { peer_id: anna, count: 1, offset: 1 });
  expect(page.response).toMatchObject({ count: 3, items: [{ text: 'два' }] });
  const turned = await vk.call('messages.getHistory', { peer_id: anna, rev: 1, extended: 1 });
  expect(turned.response).toMatchObject({
    items: [{ text: 'раз' }, { text: 'два' }, { text: 'три' }],
    profiles: [{ id: anna }],
    groups: [{ id: 213243638 }],
    conversations: [{ peer: { id: anna } }],
  });
  expect((await vk.call('messages.getHistory', { peer_id: anna, count: 201 })).error?.error_code).toBe(100);
});

test('conversations come by their last message, with what is unread and unanswered', async () => {
  say('раз', '79990000004');
  say('два');
  await vk.call('messages.send', { peer_id: 37119448, random_id: 1, message: 'ответ' });
  expect((await vk.call('messages.getConversations')).response).toMatchObject({
    count: 2,
    unread_count: 2,
    items: [
      { conversation: { peer: { id: 37119448 }, unanswered: false }, last_message: { text: 'ответ' } },
      { conversation: { peer: { id: anna }, unanswered: true, unread_count: 1 }, last_message: { text: 'два' } },
    ],
  });
  expect((await vk.call('messages.getConversations', { filter: 'unanswered' })).response).toMatchObject({ count: 1 });
});

test('a dialog marked as read has nothing unread until the person writes again', async () => {
  const unread = async () => (await vk.call('messages.getConversationsById', { peer_ids: anna })).response;
  say('раз');
  expect((await vk.call('messages.markAsRead', { peer_id: anna, mark_conversation_as_read: 1 })).response).toBe(1);
  expect(await unread()).toMatchObject({ items: [{ unread_count: 0 }] });
  say('два');
  expect(await unread()).toMatchObject({ items: [{ unread_count: 1 }] });
});

test('single messages can be marked as read by their ids, in several dialogs at once', async () => {
  const ids = ['раз', 'два'].map((text) => say(text)).concat(say('привет', '79990000004'));
  const idOf = (said: (typeof ids)[number]): string => (said.ok ? said.result.networkId : '');
  await vk.call('messages.markAsRead', { message_ids: `${idOf(ids[0] as never)},${idOf(ids[2] as never)}` });
  expect((await vk.call('messages.getConversationsById', { peer_ids: `${anna},37119448` })).response).toMatchObject({
    items: [{ unread_count: 1 }, { unread_count: 0 }],
  });
});

test('important and answered are what the community has noted', async () => {
  say('раз');
  const counts = async (filter: string) => (await vk.call('messages.getConversations', { filter })).response;
  await vk.call('messages.markAsImportantConversation', { peer_id: anna, important: 1 });
  await vk.call('messages.markAsAnsweredConversation', { peer_id: anna });
  expect(await counts('important')).toMatchObject({ count: 1, items: [{ conversation: { important: true } }] });
  expect(await counts('unanswered')).toMatchObject({ count: 0 });
  say('два');
  expect(await counts('unanswered')).toMatchObject({ count: 1 });
});

test('a conversation tells what the person has read and whether they may be written to', async () => {
  const sent = await vk.call('messages.send', { peer_id: anna, random_id: 1, message: 'раз' });
  await eventually(() => vk.world.inbox(vk.person(ANNA)).length).toBe(1);
  vk.world.read(vk.group, vk.person(ANNA));
  const vera = vk.person(VERA).vkId;
  expect((await vk.call('messages.getConversationsById', { peer_ids: `${anna},${vera}` })).response).toMatchObject({
    count: 2,
    items: [
      { out_read: sent.response, can_write: { allowed: true } },
      { out_read: 0, last_message_id: 0, can_write: { allowed: false, reason: 901 } },
    ],
  });
});

test('whether messages are allowed follows the person', async () => {
  const ask = async (phone: string) =>
    (await vk.call('messages.isMessagesFromGroupAllowed', { group_id: GROUP_ID, user_id: vk.person(phone).vkId ?? 0 })).response;
  expect(await ask(ANNA)).toEqual({ is_allowed: 1 });
  expect(await ask(VERA)).toEqual({ is_allowed: 0 });
});

test('typing is taken for a person and refused for a chat', async () => {
  expect((await vk.call('messages.setActivity', { peer_id: anna, type: 'typing' })).response).toBe(1);
  expect((await vk.call('messages.setActivity', { peer_id: 2_000_000_001, type: 'typing' })).error?.error_code).toBe(917);
});
