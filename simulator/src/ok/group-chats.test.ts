import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Chat, createManualClock, type ManualClock } from '../world/world.ts';
import { ANNA, BORIS, DINA, type OkEventBody, type SimulatedOk, startOk } from './test/start-ok.ts';

let ok: SimulatedOk;
let clock: ManualClock;
let chat: Chat;
let chatId: string;
beforeAll(async () => {
  clock = createManualClock();
  ok = await startOk(clock);
});
beforeEach(async () => {
  ok.world.reset({ subscriptions: true });
  await ok.post('me/subscribe', { longPolling: true, types: ['MESSAGE_CREATED', 'MESSAGE_CALLBACK', 'CHAT_SYSTEM'] });
  chat = ok.world.chats.create({ group: ok.group, title: 'Соседи', owner: anna(), people: [boris()], groupIsAdmin: true });
  await news(); // that the group was added
  chatId = ((await ok.get('me/chats')).body.chats[0] as { chat_id: string }).chat_id;
});
afterAll(() => ok[Symbol.asyncDispose]());

const anna = () => ok.person(ANNA.phone);
const boris = () => ok.person(BORIS.phone);
const dina = () => ok.person(DINA.phone);
/** Events since the last look. */
const news = async () => (await ok.get('me/updates', { timeout: 0, commit: 'true' })).body.updates;
const control = (control: object) => ok.post('me/messages', { recipient: { chat_id: chatId }, chat_control: control });
const user = (id: string, name: string) => ({ user_id: `user:${id}`, name });
const BY_ANNA = user(ANNA.id, 'Анна Белова');

test('a chat of several people is a CHAT with its people, title and owner', async () => {
  clock.advance(5);
  ok.world.chats.setIcon(chat, anna(), 'https://i.example/icon.png');
  expect((await ok.get(`me/chat/${chatId}`)).body).toEqual({
    type: 'CHAT',
    status: 'ACTIVE',
    title: 'Соседи',
    icon: { url: 'https://i.example/icon.png' },
    participants: { [`user:${ANNA.id}`]: clock.now(), [`user:${BORIS.id}`]: clock.now() - 5 },
    lastEventTime: clock.now(),
    chat_id: chatId,
    owner_id: `user:${ANNA.id}`,
    group_id: 'group:70000000000001',
  });
});

test('what its people write and press comes with who it was, in the form of a dialog', async () => {
  ok.world.chats.say(chat, boris(), 'Всем привет');
  const buttons = [[{ type: 'CALLBACK', text: 'Да', payload: 'yes' }]];
  const attachment = { type: 'INLINE_KEYBOARD', payload: { keyboard: { buttons } } };
  const sent = await ok.post(`${chatId}/messages`, { message: { text: 'Да?', attachment } });
  ok.world.chats.press(chat, anna(), 'yes');
  const [said, pressed, ...more] = (await news()) as (OkEventBody & { callbackId: string })[];
  expect(more).toEqual([]); // nothing of what the group wrote itself
  expect(said).toEqual({
    webhookType: 'MESSAGE_CREATED',
    sender: user(BORIS.id, 'Борис Орлов'),
    recipient: { chat_id: chatId },
    message: { text: 'Всем привет', seq: expect.any(BigInt), mid: `mid:${chatId.slice(5)}.${said?.message.seq.toString(16)}` },
    timestamp: clock.now(),
  });
  expect(pressed).toEqual({
    webhookType: 'MESSAGE_CALLBACK',
    sender: BY_ANNA,
    recipient: { chat_id: chatId },
    payload: 'yes',
    callbackId: expect.any(String),
    mid: sent.body.message_id,
    timestamp: clock.now(),
  });
  const answer = () => ok.post(`${chatId}/answer`, { message: { text: 'Хорошо' } }, { callbackId: pressed?.callbackId ?? '' });
  expect((await answer()).body).toEqual({ success: true });
  expect((await answer()).body.error_code).toBe(300);
  expect(chat.messages.at(-1)?.text).toBe('Хорошо');
});

test.each<[what: string, act: () => unknown, event: object]>([
  ['a new title', () => ok.world.chats.rename(chat, anna(), 'Дом'), { type: 'CHAT_TITLE_CHANGED', title: 'Дом' }],
  [
    'a new icon',
    () => ok.world.chats.setIcon(chat, anna(), 'https://i.example/2.png'),
    { type: 'CHAT_ICON_CHANGED', icon: { url: 'https://i.example/2.png' } },
  ],
  ['no icon any more', () => ok.world.chats.setIcon(chat, anna(), null), { type: 'CHAT_ICON_CHANGED', icon: null }],
  [
    'somebody added',
    () => ok.world.chats.join(chat, dina(), { by: anna() }),
    { type: 'USER_ADDED', user: user(DINA.id, 'Дина Ким') },
  ],
  [
    'somebody removed',
    () => ok.world.chats.leave(chat, boris(), anna()),
    { type: 'USER_REMOVED', user: user(BORIS.id, 'Борис Орлов') },
  ],
  ['somebody gone', () => ok.world.chats.leave(chat, anna(), anna()), { type: 'USER_LEFT', user: BY_ANNA }],
  [
    'the group removed',
    () => ok.world.chats.leave(chat, null, anna()),
    { type: 'USER_REMOVED', user: { user_id: 'group:70000000000001', name: 'Пиццерия «Сорока»' } },
  ],
])('%s is a CHAT_SYSTEM event', async (_what, act, event) => {
  act();
  expect(await news()).toEqual([
    { webhookType: 'CHAT_SYSTEM', ...event, sender: BY_ANNA, recipient: { chat_id: chatId }, timestamp: clock.now() },
  ]);
});

test('the group changes the chat by chat_control, and hears nothing of itself', async () => {
  const changed = { recipient_id: chatId, message_id: expect.stringMatching(`^mid:${chatId.slice(5)}\\.`) };
  expect((await control({ title: 'Дом' })).body).toEqual(changed);
  expect((await control({ icon: { url: 'https://i.example/3.png' } })).body).toEqual(changed);
  expect((await control({ add_members: [{ user_id: `user:${DINA.id}` }] })).body).toEqual(changed);
  expect((await control({ remove_member: { user_id: `user:${BORIS.id}` } })).body).toEqual(changed);
  expect(chat).toMatchObject({ title: 'Дом', iconUrl: 'https://i.example/3.png' });
  expect([...chat.members.keys()]).toEqual([anna(), dina()]);
  expect((await control({ leave: 'true' })).body).toEqual(changed);
  expect(await news()).toEqual([]);
  expect((await ok.get(`me/chat/${chatId}`)).body).toMatchObject({ status: 'LEFT' });
  expect((await ok.post(`${chatId}/messages`, { message: { text: 'а' } })).body.error_code).toBe(10);
  expect((await control({ title: 'Двор' })).body.error_code).toBe(10);
});

test.each<[string, object, number]>([
  ['nothing', {}, 100],
  ['two things at once', { title: 'а', leave: 'true' }, 100],
  ['something unknown', { colour: 'red' }, 100],
  ['an empty title', { title: ' ' }, 100],
  ['an icon without an address', { icon: 'https://i.example/3.png' }, 100],
  ['nobody to add', { add_members: [] }, 100],
  ['somebody unknown to add', { add_members: [{ user_id: 'user:1' }] }, 110],
  ['somebody to remove who is not there', { remove_member: { user_id: `user:${DINA.id}` } }, 110],
  ['a leave that is none', { leave: 'false' }, 100],
])('chat_control with %s is refused', async (_name, asked, code) => {
  expect((await control(asked)).body.error_code).toBe(code);
});

test('only an administrator removes people; a dialog with one person cannot be controlled', async () => {
  chat.groupIsAdmin = false;
  expect((await control({ remove_member: { user_id: BORIS.id } })).body.error_code).toBe(10);
  const dialog = await ok.post('me/messages', { recipient: { user_id: ANNA.id }, chat_control: { title: 'а' } });
  expect(dialog.body.error_code).toBe(4);
});

test('the history shows what was said and, with its sub-type, what happened; own lines can be changed', async () => {
  ok.world.chats.say(chat, anna(), 'раз');
  const sent = await ok.post(`${chatId}/messages`, { message: { text: 'два' } });
  ok.world.chats.leave(chat, boris(), boris());
  expect((await ok.get(`me/messages/${chatId}`, { count: 3 })).body.messages).toMatchObject([
    { type: 'USER_LEFT', sender: user(BORIS.id, 'Борис Орлов') },
    { sender: { user_id: 'group:70000000000001' }, message: { text: 'два', mid: sent.body.message_id } },
    { sender: BY_ANNA, message: { text: 'раз' } },
  ]);
  await ok.post(`${sent.body.message_id}/edit`, { message: { text: 'две' } });
  expect(chat.messages.find(({ text }) => text === 'две')?.author).toBeNull();
  await ok.post(`${sent.body.message_id}/delete`, {});
  expect((await ok.get(`me/messages/${chatId}`, { count: 2 })).body.messages).toMatchObject([{}, { message: { text: 'раз' } }]);
  await ok.set({ historyOfDeleted: 'shown' });
  expect((await ok.get(`me/messages/${chatId}`, { count: 2, include_deleted: 'true' })).body.messages).toMatchObject([
    {},
    { deleted: true, message: { text: 'две' } },
  ]);
});

test('chats of both kinds stand in one list, the last activity first', async () => {
  clock.advance(10);
  ok.world.say(ok.group, dina(), 'привет');
  expect((await ok.get('me/chats')).body.chats).toMatchObject([{ type: 'GROUP_CHAT', title: 'Дина Ким' }, { type: 'CHAT' }]);
});
