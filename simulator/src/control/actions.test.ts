import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../simulator.ts';
import { controlClient } from './test/control-client.ts';

const ANNA = 'people/79999999999';
const DINA = 'people/79990000004';
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

let simulator: Simulator;
let control: ReturnType<typeof controlClient>;
beforeEach(async () => {
  simulator = await startSimulator({ seed: 1 });
  control = controlClient(simulator);
});
afterEach(() => simulator.stop());

interface Screen {
  chats: { id: string; unread: number; waiting: number; keyboard: { label: string; does: string }[][] }[];
  messages: Record<string, unknown>[];
}
const screen = (person = ANNA) => control.get<Screen>(`${person}/screen`);

/** The events that VK's long poll and OK's updates would tell a bot, as the world hears of them. */
function told(names: readonly ('said' | 'changed' | 'typed' | 'reacted')[]): string[] {
  const heard: string[] = [];
  for (const name of names) simulator.world.on(name, () => heard.push(name));
  return heard;
}

test('a photo of a person reaches a VK bot with its size, and its bytes come back from its address', async () => {
  let attachments: unknown;
  simulator.world.on('said', ({ extra }) => {
    attachments = extra['attachments'];
  });
  await control.post(`${ANNA}/send-attachment`, { network: 'vk', kind: 'photo', contentBase64: PNG, text: 'Вот' });
  expect(attachments).toMatchObject([{ type: 'photo', photo: { owner_id: 37_119_444, sizes: [{ width: 1, height: 1 }] } }]);
  const [{ photo }] = attachments as [{ photo: { sizes: [{ url: string }] } }];
  const picture = await fetch(photo.sizes[0].url);
  expect(picture.headers.get('content-type')).toBe('image/png');
  expect(Buffer.from(await picture.arrayBuffer()).toString('base64')).toBe(PNG);
});

test('what is no picture is given back as a download, whatever it was called', async () => {
  const contentBase64 = Buffer.from('<script>alert(1)</script>').toString('base64');
  await control.post(`${ANNA}/send-attachment`, { network: 'ok', kind: 'file', name: 'page.html', contentBase64 });
  const [message] = (await screen()).messages as [{ attachments: [{ url: string }] }];
  const answer = await fetch(message.attachments[0].url);
  expect([answer.headers.get('content-type'), answer.headers.get('x-content-type-options')]).toEqual([
    'application/octet-stream',
    'nosniff',
  ]);
});

test.each([
  ['share-contact', { network: 'ok' }, { kind: 'contact', phone: '79999999999' }],
  ['share-location', { network: 'vk' }, { kind: 'location', latitude: 55.7522 }],
  ['share-location', { network: 'ok', latitude: 59.9, longitude: 30.3 }, { kind: 'location', longitude: 30.3 }],
  ['send-attachment', { network: 'vk', kind: 'voice', contentBase64: PNG }, { kind: 'voice', seconds: 1 }],
  ['send-attachment', { network: 'ok', kind: 'photo', contentBase64: PNG }, { kind: 'photo' }],
])('%s with %j stands on the phone as %j', async (action, body, attachment) => {
  await control.post(`${ANNA}/${action}`, body);
  expect((await screen()).messages).toMatchObject([{ from: 'person', attachments: [attachment] }]);
});

test('who is offline gets nothing until they are back', async () => {
  await control.post(`${DINA}/offline`);
  await control.post('groups/vk/213243638/write-as-admin', { phone: '79990000004', text: 'Вы здесь?' });
  expect(await control.get(DINA)).toMatchObject({ isOnline: false });
  expect((await screen(DINA)).chats[0]).toMatchObject({ waiting: 1, unread: 0 });
  await control.post(`${DINA}/online`);
  await expect.poll(async () => (await screen(DINA)).chats[0]).toMatchObject({ waiting: 0, unread: 1 });
});

test('people type, edit and delete what they wrote, and react to what they got', async () => {
  const heard = told(['said', 'changed', 'typed', 'reacted']);
  await control.post(`${ANNA}/typing`, { network: 'vk' });
  const { messageId } = await control.post<{ messageId: string }>(`${ANNA}/say`, { network: 'vk', text: 'в пять' });
  await control.post(`${ANNA}/edit`, { network: 'vk', message: messageId, text: 'в шесть' });
  expect((await screen()).messages).toMatchObject([{ text: 'в шесть', edited: true }]);
  await control.post(`${ANNA}/delete`, { network: 'vk', message: messageId });
  expect((await screen()).messages).toMatchObject([{ deleted: true }]);

  const of = await control.post<{ messageId: string }>('groups/vk/213243638/write-as-admin', {
    phone: '79999999999',
    text: 'Да',
  });
  await expect.poll(async () => (await screen()).messages).toHaveLength(2);
  await control.post(`${ANNA}/react`, { network: 'vk', message: of.messageId, reaction: 5 });
  expect((await screen()).messages[1]).toMatchObject({ author: 'Дина Ким', reaction: 5 });
  expect(heard).toEqual(['typed', 'said', 'changed', 'changed', 'reacted']);
});

test('notifications stand apart from the dialog, and so do the answers to them', async () => {
  const { world } = simulator;
  const anna = world.people.byPhone('79999999999');
  if (anna === null) throw new Error('Anna is not here');
  world.send(world.groups.demo('vk'), anna, { kind: 'notification', text: 'Готово', tag: '7' });
  await expect.poll(async () => (await screen()).messages).toHaveLength(1);
  await control.post(`${ANNA}/say`, { network: 'vk', text: 'Спасибо', under: 'notifications' });
  await control.post(`${ANNA}/say`, { network: 'vk', text: 'А ещё вопрос', under: 'dialog' });
  expect((await screen()).messages.map(({ chat, text }) => [chat, text])).toEqual([
    ['vk:notifications:213243638', 'Готово'],
    ['vk:notifications:213243638', 'Спасибо'],
    ['vk:dialog:213243638', 'А ещё вопрос'],
  ]);
});

test('buttons of both networks are shown in rows with what they do; one payload presses them', async () => {
  const action = (type: string, label: string) => ({ action: { type, label, payload: '{"a":1}' } });
  const keyboard = JSON.stringify({ buttons: [[action('text', 'Да'), action('callback', 'Узнать')]] });
  const body = new URLSearchParams({
    access_token: 'vk1.demo',
    v: '5.199',
    peer_id: '37119444',
    random_id: '1',
    message: '?',
    keyboard,
  });
  await fetch(`${simulator.url}/vk/method/messages.send`, { method: 'POST', body });
  const [chat] = (await screen()).chats;
  expect(chat?.keyboard).toMatchObject([
    [
      { label: 'Да', does: 'say' },
      { label: 'Узнать', does: 'tell' },
    ],
  ]);
  expect(await control.post(`${ANNA}/press`, { network: 'vk', payload: { a: 1 } })).toMatchObject({ label: 'Да' });
});

test('a chat of several people is made, renamed, entered and left, and everybody in it writes', async () => {
  const chat = await control.post<{ number: number }>('chats', {
    network: 'vk',
    title: 'Обед',
    owner: '79999999999',
    people: ['79990000004'],
  });
  const path = `chats/vk/213243638/${chat.number}`;
  await control.post(`${path}/title`, { title: 'Ужин' });
  await control.post(`${path}/add`, { phone: '79990000005' });
  await control.post(`${path}/leave`, { phone: '79990000005' });
  await control.post(`${DINA}/say`, { network: 'vk', chat: chat.number, text: 'Иду' });
  await control.post('groups/vk/213243638/write-as-admin', { chat: chat.number, text: 'Ждём' });
  expect(await control.get('chats')).toMatchObject([{ title: 'Ужин', people: [{ name: 'Анна Белова' }, { name: 'Дина Ким' }] }]);
  const { messages } = await screen();
  expect(messages.map(({ from, text, system }) => (system === null ? [from, text] : (system as { kind: string }).kind))).toEqual([
    'created',
    'joined',
    'renamed',
    'joined',
    'left',
    ['other', 'Иду'],
    ['group', 'Ждём'],
  ]);
  await control.post(`${path}/remove`, { phone: 'group' });
  expect(await control.get('chats')).toMatchObject([{ groupIs: 'removed' }]);
});

test.each([
  ['people/71', undefined, 404, 'phone'],
  [`${ANNA}/share-contact`, { network: 'vk' }, 409, 'network'],
  [`${ANNA}/share-location`, { network: 'vk', latitude: 91, longitude: 0 }, 400, 'latitude'],
  [`${ANNA}/share-location`, { network: 'vk', latitude: 1 }, 400, 'longitude'],
  [`${ANNA}/send-attachment`, { network: 'vk', kind: 'photo', contentBase64: 'aGk=' }, 400, 'contentBase64'],
  [`${ANNA}/send-attachment`, { network: 'vk', kind: 'photo', contentBase64: 'data:image/png;base64,AA' }, 400, 'contentBase64'],
  [`${ANNA}/send-attachment`, { network: 'vk', contentBase64: PNG }, 400, 'kind'],
  [`${ANNA}/edit`, { network: 'vk', message: '1', text: 'a' }, 404, 'message'],
  [`${ANNA}/react`, { network: 'vk', message: '1', reaction: 65 }, 400, 'reaction'],
  [`${ANNA}/say`, { network: 'vk', text: 'a', chat: 9 }, 404, 'chat'],
  [`${ANNA}/say`, { network: 'vk', text: 'a', under: 'table' }, 400, 'under'],
  [`${ANNA}/offline`, { network: 'vk' }, 400, 'network'],
  ['groups/vk/1/write-as-admin', { phone: '79999999999', text: 'a' }, 404, 'group'],
  ['groups/vk/213243638/write-as-admin', { phone: '79990000002', text: 'a' }, 409, 'phone'],
  ['groups/vk/213243638/write-as-admin', { phone: '79990000001', text: 'a' }, 409, 'network'],
  ['chats', { network: 'vk', title: 'a', people: ['79990000001'] }, 409, 'people'],
  ['chats', { network: 'vk', title: 'a', people: '79990000001' }, 400, 'people'],
  ['chats/vk/213243638/1/title', { title: 'a' }, 404, 'chat'],
] as const)('%s with %j is answered %i and names "%s"', async (path, body, status, field) => {
  const answer = await control.call(body === undefined ? 'GET' : 'POST', path, body);
  expect(answer).toMatchObject({ status, body: { error: { field, message: expect.any(String), hint: expect.any(String) } } });
});

test("only one's own message is changed, and only who is in a chat writes there", async () => {
  const { messageId } = await control.post<{ messageId: string }>('groups/ok/70000000000001/write-as-admin', {
    phone: '79999999999',
    text: 'Да',
  });
  await expect.poll(async () => (await screen()).messages).toHaveLength(1);
  expect(await control.call('POST', `${ANNA}/edit`, { network: 'ok', message: messageId, text: 'Нет' })).toMatchObject({
    status: 409,
  });
  const { number } = await control.post<{ number: number }>('chats', { network: 'vk', title: 'Без Анны', owner: '79990000004' });
  const stranger = await control.call('POST', `${ANNA}/say`, { network: 'vk', text: 'Пустите', chat: number });
  expect(stranger).toMatchObject({ status: 409, body: { error: { field: 'chat' } } });
});
