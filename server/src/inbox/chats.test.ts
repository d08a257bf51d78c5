import type { ActionOutcome, ChatProfile } from '@soroka/channels';
import { expect, test } from 'vitest';
import { eventually } from '../../test/dispatch-town.ts';
import { startIncomingTown } from '../../test/incoming-town.ts';
import { type Clock, systemClock } from '../platform/clock.ts';

type Town = Awaited<ReturnType<typeof startIncomingTown>>;

const CHAT = 2_000_000_007;
const RULES = `rules:
  - {name: chats too, when: {keywords: [бот]}, chats: true, reply: Да?}
  - {name: greeting, when: {keywords: [привет]}, reply: Здравствуйте!}`;
const done = <Result>(result: Result): ActionOutcome<Result> => ({ kind: 'done', result });

let said = 0;
/** Somebody in a chat of VK; bots see no message ids there. */
const inChat = (town: Town, from: number, text: string, more: object = {}): string => {
  said += 1;
  return town.vkMessage(text, { peer_id: CHAT, from_id: from, id: 0, conversation_message_id: said, ...more });
};
const onlyDialog = async (town: Town) => {
  const { items } = await town.dialogs.list(town.account.id, { limit: 10 });
  expect(items).toHaveLength(1);
  return items[0];
};

/** Plays OK's word on its chats; `after` is how long it takes to say it. */
function playChats(town: Town, answer: (peerId: string) => Promise<ActionOutcome<ChatProfile>>): string[] {
  const asked: string[] = [];
  town.played.ok.chat = async (peerId) => {
    asked.push(peerId);
    return answer(peerId);
  };
  return asked;
}
const chat = (peerId: string, isGroupChat: boolean): ActionOutcome<ChatProfile> =>
  done({ peerId, isGroupChat, title: isGroupChat ? 'Соседи' : null, pictureUrl: null, memberIds: [] });
const inOkChat = (town: Town, user: string, text: string): string =>
  town.okMessage(text, { sender: { user_id: `user:${user}`, name: user }, recipient: { chat_id: 'chat:C7' } });

test('a chat of several people is one dialog with a title, each line with its writer, and no contact', async () => {
  await using town = await startIncomingTown({ rules: RULES });
  town.played.vk.chat = async (peerId) =>
    done({ peerId, isGroupChat: true, title: 'Соседи', pictureUrl: 'https://vk.example/chat', memberIds: ['11', '12'] });
  town.played.vk.profiles = async (ids) => done(ids.map((userId) => ({ userId, name: `Имя ${userId}`, pictureUrl: null })));
  await town.post('vk', inChat(town, 11, 'привет'));
  await town.post('vk', inChat(town, 12, 'и тебе'));
  await town.settled();
  await eventually(async () => (await town.followUps()).length === 0);
  expect(await onlyDialog(town)).toMatchObject({
    ...{ kind: 'chat', title: 'Соседи', pictureUrl: 'https://vk.example/chat', contact: null },
  });
  expect((await town.history()).map(({ text, author }) => [author?.name, text])).toEqual([
    ['Имя 11', 'привет'],
    ['Имя 12', 'и тебе'],
  ]);
});

test('the bot is silent among several people unless a rule names them', async () => {
  await using town = await startIncomingTown({ rules: RULES });
  await town.post('vk', inChat(town, 11, 'привет'));
  await town.post('vk', inChat(town, 11, 'бот, ты здесь?'));
  await town.settled();
  expect((await town.history()).map(({ source, text }) => [source, text])).toEqual([
    ['person', 'привет'],
    ['person', 'бот, ты здесь?'],
    ['bot', 'Да?'],
  ]);
});

test('what befalls a chat are lines of the system: who came, who left, what it is called now', async () => {
  await using town = await startIncomingTown({ rules: RULES });
  const action = (from: number, type: string, more: object = {}) => inChat(town, from, '', { action: { type, ...more } });
  await town.post('vk', action(11, 'chat_invite_user', { member_id: 12 }));
  await town.post('vk', action(11, 'chat_title_update', { text: 'Дом 5' }));
  await town.post('vk', action(12, 'chat_kick_user', { member_id: 12 }));
  await town.settled();
  expect((await town.history()).map(({ kind, author, payload }) => [kind, author?.id, JSON.parse(payload ?? '')])).toEqual([
    ['system', '11', { change: 'joined', memberId: '12' }],
    ['system', '11', { change: 'title', title: 'Дом 5' }],
    ['system', '12', { change: 'left', memberId: '12' }],
  ]);
  expect(await onlyDialog(town)).toMatchObject({ kind: 'chat', title: 'Дом 5', contact: null });
  expect(town.forwards).toEqual([]);
});

test('OK is asked once what chat it is before the bot answers, and the first word in a person’s own is answered after it', async () => {
  await using town = await startIncomingTown({ rules: RULES });
  const answer = Promise.withResolvers<void>();
  const asked = playChats(town, async (peerId) => {
    await answer.promise;
    return chat(peerId, false);
  });
  await town.post('ok', inOkChat(town, '11', 'привет'));
  await eventually(() => asked.length === 1);
  expect((await town.dialogs.list(town.account.id, { limit: 1 })).items).toEqual([]);
  answer.resolve();
  await town.settled();
  expect((await town.history()).map(({ source }) => source)).toEqual(['person', 'bot']);
  await town.post('ok', inOkChat(town, '11', 'привет'));
  await town.settled();
  expect(asked).toEqual(['chat:C7']);
  expect((await town.history()).filter(({ source }) => source === 'bot')).toHaveLength(2);
});

test('in a chat of OK with several people nobody is answered, and all is one dialog', async () => {
  await using town = await startIncomingTown({ rules: RULES });
  const asked = playChats(town, async (peerId) => chat(peerId, true));
  for (const user of ['11', '12', '11']) await town.post('ok', inOkChat(town, user, 'привет'));
  await town.settled();
  expect(await onlyDialog(town)).toMatchObject({ kind: 'chat', contact: null });
  expect((await town.history()).map(({ source, author }) => [source, author?.id])).toEqual([
    ['person', '11'],
    ['person', '12'],
    ['person', '11'],
  ]);
  expect(new Set(asked)).toEqual(new Set(['chat:C7']));
});

test('a chat that was one person’s is looked at again when somebody else writes in it', async () => {
  await using town = await startIncomingTown({ rules: RULES });
  let isGroup = false;
  playChats(town, async (peerId) => chat(peerId, isGroup));
  await town.post('ok', inOkChat(town, '11', 'привет'));
  await town.settled();
  isGroup = true;
  await town.post('ok', inOkChat(town, '12', 'привет'));
  await town.settled();
  const { items } = await town.dialogs.list(town.account.id, { limit: 10 });
  expect(items.map(({ kind, lastMessage }) => [kind, lastMessage?.source])).toEqual([
    ['chat', 'person'],
    ['person', 'bot'],
  ]);
});

test('who comes by a link is answered without a question: such a chat is the person’s own', async () => {
  await using town = await startIncomingTown({ rules: 'rules:\n  - {name: start, when: {start: true}, reply: Здравствуйте!}' });
  const asked = playChats(town, async (peerId) => chat(peerId, true));
  const started = { webhookType: 'CHAT_SYSTEM', type: 'CHAT_STARTED', payload: 'x', timestamp: Date.now() };
  await town.post('ok', JSON.stringify({ ...started, sender: { user_id: 'user:11' }, recipient: { chat_id: 'chat:C7' } }));
  await town.settled();
  await town.post('ok', inOkChat(town, '11', 'есть пицца?'));
  await town.settled();
  expect((await town.history()).map(({ source }) => source)).toEqual(['person', 'bot', 'person']);
  expect(asked).toEqual([]);
});

test('where OK does not say it for a minute, the message is recorded, and the bot does not speak into the unknown', async () => {
  const since = systemClock.now();
  const clock: Clock = {
    now: () => since + (systemClock.now() - since) * 60,
    monotonic: () => systemClock.monotonic() * 60,
    sleep: (ms, signal) => systemClock.sleep(ms / 60, signal),
  };
  await using town = await startIncomingTown({ rules: RULES, clock });
  playChats(town, async () => ({ kind: 'failed', networkCode: '1', retryAfterMs: 0, detail: 'passing' }));
  await town.post('ok', inOkChat(town, '11', 'привет'));
  await town.settled();
  expect((await town.history()).map(({ source }) => source)).toEqual(['person']);
  playChats(town, async (peerId) => chat(peerId, false));
  await town.post('ok', inOkChat(town, '11', 'привет'));
  await town.settled();
  expect((await town.history()).map(({ source }) => source)).toEqual(['person', 'person', 'bot']);
});
