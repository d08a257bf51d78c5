import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ANNA, eventually, type SimulatedVk, startVk, VERA } from '../test/start-vk.ts';

let vk: SimulatedVk;
beforeAll(async () => {
  vk = await startVk();
});
beforeEach(() => vk.world.reset());
afterAll(() => vk[Symbol.asyncDispose]());

const anna = 37119444;
const inbox = (phone = ANNA) => vk.world.inbox(vk.person(phone));

test('a sent message is in the inbox of the person and its id is answered', async () => {
  const { response } = await vk.call('messages.send', { user_id: anna, random_id: 1, message: 'Привет' });
  expect(response).toEqual(expect.any(Number));
  await eventually(() => inbox()).toMatchObject([{ network: 'vk', group: '213243638', text: 'Привет', kind: 'message' }]);
});

test('a repeated random_id gives the first id and sends nothing', async () => {
  const first = await vk.call('messages.send', { peer_id: anna, random_id: '15693356884120713', message: 'раз' });
  const second = await vk.call('messages.send', { peer_id: anna, random_id: '15693356884120713', message: 'раз' });
  const near = await vk.call('messages.send', { peer_id: anna, random_id: '15693356884120712', message: 'два' });
  expect(second.response).toBe(first.response);
  expect(near.response).not.toBe(first.response);
  await eventually(() => inbox().map(({ text }) => text)).toEqual(['раз', 'два']);
});

test('random_id may be left out before version 5.90 only', async () => {
  expect((await vk.call('messages.send', { v: '5.89', peer_id: anna, message: 'раз' })).response).toEqual(expect.any(Number));
  expect((await vk.call('messages.send', { v: '5.90', peer_id: anna, message: 'раз' })).error?.error_code).toBe(100);
});

test('in a chat too near random_ids beyond 2^53 are two keys, and what is shown of them is a number of 32 bits', async () => {
  vk.world.chats.create({ group: vk.group, title: 'Соседи', owner: vk.person(ANNA) });
  const ids = ['15693356884120713', '15693356884120712', '15693356884120713', '-5'];
  for (const random_id of ids) await vk.call('messages.send', { chat_id: 1, random_id, message: 'раз' });
  const { response } = await vk.call('messages.getHistory', { peer_id: 2000000001, rev: 1, offset: 2 });
  expect(response).toMatchObject({ items: [{ random_id: 1651070089 }, { random_id: 1651070088 }, { random_id: -5 }] });
});

test('user_ids of older clients are peers, and a domain is a short name', async () => {
  const many = await vk.call('messages.send', { user_ids: `${anna},37119446`, random_id: 1, message: 'всем' });
  expect(many.response).toMatchObject([{ peer_id: anna, message_id: expect.any(Number) }, { error: { code: 901 } }]);
  const named = await vk.call('messages.send', { domain: 'id37119444', random_id: 2, message: 'вам' });
  expect(named.response).toEqual(expect.any(Number));
  expect((await vk.call('messages.send', { domain: 'nobody', random_id: 3, message: 'а' })).error?.error_code).toBe(936);
});

test('the numbers of forward may be texts, and one may stand for a list of one, as clients in PHP write them', async () => {
  const said = vk.world.say(vk.group, vk.person(ANNA), 'привет');
  if (!said.ok) throw new Error(said.reason);
  const forward = { peer_id: String(anna), conversation_message_ids: String(said.result.numberInDialog), is_reply: '1' };
  await vk.call('messages.send', { peer_id: anna, random_id: 0, message: 'ответ', forward: JSON.stringify(forward) });
  const { response } = await vk.call('messages.getHistory', { peer_id: anna, count: 1 });
  expect(response).toMatchObject({ items: [{ text: 'ответ', reply_message: { text: 'привет' } }] });
});

test('random_id 0 is no key', async () => {
  for (let n = 0; n < 2; n += 1) await vk.call('messages.send', { peer_id: anna, random_id: 0, message: 'снова' });
  await eventually(() => inbox().length).toBe(2);
});

test('peer_ids give a row each; one refusal does not hold up the others', async () => {
  const vera = vk.person(VERA).vkId ?? 0;
  const { response } = await vk.call('messages.send', { peer_ids: `${anna},${vera}`, random_id: 3, message: 'всем' });
  expect(response).toEqual([
    { peer_id: anna, message_id: expect.any(Number), conversation_message_id: expect.any(Number) },
    {
      peer_id: vera,
      message_id: 0,
      conversation_message_id: 0,
      error: { code: 901, description: "Can't send messages for users without permission" },
    },
  ]);
  expect(inbox(VERA)).toEqual([]);
});

test('who has blocked the group gets nothing and the group error 901', async () => {
  const vera = vk.person(VERA).vkId ?? 0;
  expect((await vk.call('messages.send', { peer_id: vera, random_id: 1, message: 'а' })).error?.error_code).toBe(901);
  vk.world.allow(vk.group, vk.person(VERA));
  expect((await vk.call('messages.send', { peer_id: vera, random_id: 1, message: 'а' })).response).toEqual(expect.any(Number));
});

test.each([
  ['no peer', { random_id: 1, message: 'а' }, 100, 'you should specify peer_id, user_id, domain, chat_id or peer_ids param'],
  ['no random_id', { peer_id: anna, message: 'а' }, 100, 'random_id is a required parameter'],
  ['a random_id that is no number', { peer_id: anna, message: 'а', random_id: 'x' }, 100, 'random_id not integer'],
  ['an empty message', { peer_id: anna, random_id: 1, message: ' ' }, 100, 'message is empty or invalid'],
  [
    'a payload that is no JSON',
    { peer_id: anna, random_id: 1, message: 'а', payload: '{' },
    100,
    'payload contains incorrect JSON',
  ],
  [
    '101 peers',
    { peer_ids: Array.from({ length: 101 }, (_, n) => n + 1).join(','), random_id: 1, message: 'а' },
    100,
    'peer_ids should hold at most 100 items',
  ],
  ['9001 characters', { peer_id: anna, random_id: 1, message: 'я'.repeat(9_001) }, 914, null],
  ['a broken keyboard', { peer_id: anna, random_id: 1, message: 'а', keyboard: '[]' }, 911, 'keyboard should be array'],
  ['a chat', { peer_id: 2_000_000_001, random_id: 1, message: 'а' }, 917, null],
  ['an account that does not exist', { peer_id: 12, random_id: 1, message: 'а' }, 936, null],
])('%s is refused and nothing is sent', async (_name, parameters, code, detail) => {
  const { error } = await vk.call('messages.send', parameters);
  expect(error?.error_code).toBe(code);
  if (detail !== null) expect(error?.error_msg.split(': ')[1]).toBe(detail);
  expect(vk.world.dialogs.find(vk.group, vk.person(ANNA))).toBeNull();
});

test('9000 characters beyond the basic plane are not too long', async () => {
  expect((await vk.call('messages.send', { peer_id: anna, random_id: 1, message: '🐦'.repeat(9_000) })).response).toEqual(
    expect.any(Number),
  );
});

test('an error asked for by a fault comes instead of the message: for one peer as its row, for the call as a whole', async () => {
  vk.world.faults.set('vk', { errors: { '902': 1 } });
  expect((await vk.call('messages.send', { peer_ids: anna, random_id: 1, message: 'а' })).response).toMatchObject([
    { error: { code: 902 } },
  ]);
  vk.world.faults.set('vk', { errors: { '10': 1 } });
  expect((await vk.call('messages.send', { peer_ids: anna, random_id: 1, message: 'а' })).error?.error_code).toBe(10);
  expect(inbox()).toEqual([]);
});

test('buttons of a keyboard can be pressed: text ones write, callback ones tell', async () => {
  const keyboard = JSON.stringify({
    inline: true,
    buttons: [
      [
        { action: { type: 'text', label: 'Да', payload: '{"a":1}' } },
        { action: { type: 'callback', label: 'Нет', payload: '{"a":2}' } },
      ],
    ],
  });
  await vk.call('messages.send', { peer_id: anna, random_id: 1, message: 'Да?', keyboard });
  await eventually(() => inbox().length).toBe(1);
  expect(vk.world.press(vk.group, vk.person(ANNA), '{"a": 1}')).toMatchObject({ ok: true, result: { does: 'say' } });
  expect(vk.world.press(vk.group, vk.person(ANNA), '{"a": 2}')).toMatchObject({ ok: true, result: { does: 'tell' } });
  expect(vk.world.press(vk.group, vk.person(ANNA), '{"a": 3}')).toEqual({ ok: false, reason: 'no_button' });
});

test('a text button without a payload writes its label alone', async () => {
  const keyboard = JSON.stringify({ buttons: [[{ action: { type: 'text', label: 'Меню' } }]] });
  await vk.call('messages.send', { peer_id: anna, random_id: 1, message: 'Меню?', keyboard });
  await eventually(() => inbox().length).toBe(1);
  vk.world.press(vk.group, vk.person(ANNA), '');
  const { response } = await vk.call('messages.getHistory', { peer_id: anna, count: 1 });
  expect(response).toMatchObject({ items: [{ text: 'Меню', from_id: anna }] });
  expect((response as unknown as { items: object[] }).items[0]).not.toHaveProperty('payload');
});
