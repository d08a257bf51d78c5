import { beforeEach, expect, test } from 'vitest';
import { type Chat, type ChatMessage, createManualClock, createWorld, type Person, type World } from './world.ts';

let world: World;
let anna: Person;
let dina: Person;
let chat: Chat;
let heard: ChatMessage[];

beforeEach(() => {
  world = createWorld({ clock: createManualClock(), seed: 1 });
  anna = person('79999999999');
  dina = person('79990000004');
  heard = [];
  world.on('chatSaid', (message) => heard.push(message));
  chat = world.chats.create({ group: world.groups.demo('vk'), title: 'Соседи', owner: anna, people: [dina] });
});

function person(phone: string): Person {
  const found = world.people.byPhone(phone);
  if (found === null) throw new Error(`nobody has the phone ${phone}`);
  return found;
}
const lines = () => heard.map(({ author, text, action }) => [author?.firstName ?? 'группа', action?.kind ?? text]);

test('the group hears that the chat was made, that it was added, and what everybody says', () => {
  world.chats.say(chat, anna, 'всем привет');
  world.chats.say(chat, dina, 'привет');
  world.chats.say(chat, null, 'добрый день');
  expect(lines()).toEqual([
    ['Анна', 'created'],
    ['Анна', 'joined'],
    ['Анна', 'всем привет'],
    ['Дина', 'привет'],
    ['группа', 'добрый день'],
  ]);
  expect(heard.map(({ numberInDialog }) => numberInDialog)).toEqual([1, 2, 3, 4, 5]);
});

test('title, icon, pins, comings and goings are lines of the chat', () => {
  world.chats.rename(chat, dina, 'Двор');
  world.chats.setIcon(chat, dina, 'http://127.0.0.1/icon.png');
  const said = world.chats.say(chat, dina, 'важное');
  if (said !== null) world.chats.pin(chat, anna, said);
  world.chats.unpin(chat, anna);
  world.chats.join(chat, person('79990000005'), 'link');
  world.chats.leave(chat, dina, anna);
  expect(chat).toMatchObject({ title: 'Двор', iconUrl: 'http://127.0.0.1/icon.png', pinned: null });
  expect(lines().slice(2)).toEqual([
    ['Дина', 'renamed'],
    ['Дина', 'icon'],
    ['Дина', 'важное'],
    ['Анна', 'pinned'],
    ['Анна', 'unpinned'],
    ['Егор', 'joined'],
    ['Анна', 'left'],
  ]);
});

test('who is not in the chat can do nothing in it', () => {
  world.chats.leave(chat, dina, dina);
  expect(world.chats.say(chat, dina, 'я ещё тут')).toBeNull();
  expect(world.chats.rename(chat, dina, 'моё')).toBeNull();
  expect(chat.title).toBe('Соседи');
});

test('a group that was removed hears its removal and nothing after it, until it is added again', () => {
  world.chats.leave(chat, null, anna);
  world.chats.say(chat, anna, 'без бота');
  expect(lines().at(-1)).toEqual(['Анна', 'left']);
  world.chats.join(chat, null, { by: anna });
  expect(lines().at(-1)).toEqual(['Анна', 'joined']);
});

test('a button of a chat writes for whom presses it, or tells the group who pressed', () => {
  const pressed: unknown[] = [];
  world.on('chatPressed', ({ person: { firstName }, payload }) => pressed.push([firstName, payload]));
  const keyboard = {
    place: 'message' as const,
    oneTime: false,
    buttons: [
      { label: 'Да', payload: '{"a":1}', does: 'say' as const },
      { label: 'Нет', payload: '{"a":2}', does: 'tell' as const },
    ],
  };
  world.chats.say(chat, null, 'Идём?', { keyboard });
  world.chats.press(chat, dina, '{"a": 1}');
  world.chats.press(chat, anna, '{"a": 2}');
  expect(world.chats.press(chat, anna, '{"a": 3}')).toBeNull();
  expect(heard.at(-1)).toMatchObject({ author: dina, text: 'Да', payload: '{"a":1}' });
  expect(pressed).toEqual([['Анна', '{"a":2}']]);
});
