import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../world/world.ts';
import { ANNA, BORIS, type OkReply, type SimulatedOk, startOk } from '../test/start-ok.ts';
import { GRAPH_ROUTES } from './graph.ts';

/** What a case may use: something that stands in the world before the call. */
interface Prepared {
  /** Of a message of the group to Anna. */
  mid: string;
  /** Of Anna's press on a button of it. */
  callbackId: string;
  /** A chat of Anna, Boris and the group. */
  chat: string;
}

type Query = Record<string, string>;

/** One call of an edge: its path filled in, and what it must answer: a body, or the number of an error. */
interface Case {
  name: string;
  path(prepared: Prepared): string;
  query?: Query | ((prepared: Prepared) => Query);
  body?: object;
  answers: object | number;
}

const CHAT = { chat_id: ANNA.chat };
const TEXT = { message: { text: 'Привет' } };
const SENT = { recipient_id: ANNA.chat, message_id: expect.stringMatching(/^mid:C3ecb9d02a600\.[0-9a-f]+$/) };
const EVENT = {
  sender: { user_id: expect.any(String), name: expect.any(String) },
  recipient: CHAT,
  message: expect.objectContaining({ text: expect.any(String), seq: expect.any(BigInt), mid: expect.stringMatching(/^mid:/) }),
  timestamp: expect.any(Number),
};
const GROUP_CHAT = {
  type: 'GROUP_CHAT',
  status: 'ACTIVE',
  title: 'Анна Белова',
  participants: { [`user:${ANNA.id}`]: expect.any(Number) },
  lastEventTime: expect.any(Number),
  chat_id: ANNA.chat,
  owner_id: `user:${ANNA.id}`,
  group_id: 'group:70000000000001',
};
const DONE = { success: true };
const UNKNOWN_CHAT = 'chat:Cabcdef';

/** By verb and pattern, as the routes have them. */
const EDGES: Readonly<Record<string, readonly Case[]>> = {
  'GET me/info': [
    { name: 'good', path: () => 'me/info', answers: { name: 'Пиццерия «Сорока»', group_id: 'group:70000000000001' } },
  ],
  'GET me/chats': [
    {
      name: 'good',
      path: () => 'me/chats',
      query: { count: '1' },
      answers: { chats: [expect.any(Object)], marker: expect.any(String) },
    },
    { name: 'no count', path: () => 'me/chats', query: { count: '0' }, answers: 100 },
    { name: 'a count in words', path: () => 'me/chats', query: { count: 'ten' }, answers: 100 },
    { name: 'a marker of nowhere', path: () => 'me/chats', query: { marker: 'bm93aGVyZQ==' }, answers: 100 },
  ],
  'GET me/chat': [
    { name: 'good', path: () => 'me/chat', query: CHAT, answers: GROUP_CHAT },
    { name: 'no chat', path: () => 'me/chat', answers: 100 },
    { name: 'an unknown chat', path: () => 'me/chat', query: { chat_id: UNKNOWN_CHAT }, answers: 705 },
  ],
  'GET me/chat/{chat}': [
    { name: 'good', path: () => `me/chat/${ANNA.chat}`, answers: GROUP_CHAT },
    { name: 'an unknown chat', path: () => `me/chat/${UNKNOWN_CHAT}`, answers: 705 },
  ],
  'GET {chat}/url': [
    {
      name: 'good',
      path: () => `${ANNA.chat}/url`,
      answers: { url: expect.stringMatching(/^https:\/\/ok\.ru\/messages\/g\d+$/) },
    },
    { name: 'an unknown chat', path: () => `${UNKNOWN_CHAT}/url`, answers: 705 },
  ],
  'POST me/messages': [
    { name: 'good', path: () => 'me/messages', body: { recipient: { user_id: `user:${ANNA.id}` }, ...TEXT }, answers: SENT },
    {
      name: 'a chat in user_id, as OK prints it',
      path: () => 'me/messages',
      body: { recipient: { user_id: ANNA.chat }, ...TEXT },
      answers: SENT,
    },
    {
      name: 'two forms at once',
      path: () => 'me/messages',
      body: { recipient: CHAT, ...TEXT, sender_action: 'typing_on' },
      answers: 100,
    },
    { name: 'no form', path: () => 'me/messages', body: { recipient: CHAT }, answers: 100 },
    {
      name: 'typing to a list',
      path: () => 'me/messages',
      body: { recipient: { user_ids: [ANNA.id] }, sender_action: 'typing_on' },
      answers: 100,
    },
    { name: 'an empty list', path: () => 'me/messages', body: { recipient: { user_ids: [] }, ...TEXT }, answers: 100 },
    {
      name: 'a list of 101',
      path: () => 'me/messages',
      body: { recipient: { user_ids: Array(101).fill('1') }, ...TEXT },
      answers: 100,
    },
    { name: 'nobody', path: () => 'me/messages', body: { recipient: { user_id: 'user:1' }, ...TEXT }, answers: 110 },
  ],
  'POST me/messages/{chat}': [
    { name: 'good', path: () => `me/messages/${ANNA.chat}`, body: TEXT, answers: SENT },
    { name: 'an unknown chat', path: () => `me/messages/${UNKNOWN_CHAT}`, body: TEXT, answers: 705 },
  ],
  'POST {chat}/messages': [
    { name: 'good', path: () => `${ANNA.chat}/messages`, body: TEXT, answers: SENT },
    {
      name: 'a reply',
      path: () => `${ANNA.chat}/messages`,
      body: { message: { text: 'а', reply_to: 'MID:C3ecb9d02a600.1' } },
      answers: 140,
    },
    {
      name: 'a reply to no id',
      path: () => `${ANNA.chat}/messages`,
      body: { message: { text: 'а', reply_to: '5' } },
      answers: 100,
    },
    {
      name: 'a warning',
      path: () => `${ANNA.chat}/messages`,
      body: { message: { text: 'а', privacyWarning: 'SCREENSHOT' } },
      answers: SENT,
    },
    {
      name: 'another warning',
      path: () => `${ANNA.chat}/messages`,
      body: { message: { text: 'а', privacyWarning: 'NONE' } },
      answers: 100,
    },
  ],
  'GET me/messages': [
    { name: 'good', path: () => 'me/messages', query: { ...CHAT, count: '1' }, answers: { messages: [EVENT] } },
    { name: 'bounds the wrong way round', path: () => 'me/messages', query: { ...CHAT, from: '1', to: '2' }, answers: 100 },
    {
      name: 'deleted ones without the permission',
      path: () => 'me/messages',
      query: { ...CHAT, include_deleted: 'true' },
      answers: 10,
    },
  ],
  'GET me/messages/{chat}': [
    { name: 'good', path: () => `me/messages/${ANNA.chat}`, query: { count: '1' }, answers: { messages: [EVENT] } },
    { name: 'an unknown chat', path: () => `me/messages/${UNKNOWN_CHAT}`, answers: 705 },
  ],
  'GET {chat}/messages': [
    { name: 'good', path: () => `${ANNA.chat}/messages`, query: { count: '1' }, answers: { messages: [EVENT] } },
    { name: 'a count in words', path: () => `${ANNA.chat}/messages`, query: { count: 'ten' }, answers: 100 },
  ],
  'POST {chat}/answer': [
    { name: 'good', path: () => `${ANNA.chat}/answer`, query: ({ callbackId }) => ({ callbackId }), body: TEXT, answers: DONE },
    { name: 'no callbackId', path: () => `${ANNA.chat}/answer`, body: TEXT, answers: 100 },
    { name: 'an unknown callbackId', path: () => `${ANNA.chat}/answer`, query: { callbackId: 'no' }, body: TEXT, answers: 300 },
    {
      name: 'in another chat',
      path: ({ chat }) => `${chat}/answer`,
      query: ({ callbackId }) => ({ callbackId }),
      body: TEXT,
      answers: 300,
    },
    {
      name: 'no message',
      path: () => `${ANNA.chat}/answer`,
      query: ({ callbackId }) => ({ callbackId }),
      body: {},
      answers: 100,
    },
  ],
  'POST {chat}/action': [
    { name: 'good', path: () => `${ANNA.chat}/action`, body: { action: 'SENDING_PHOTO' }, answers: DONE },
    { name: 'in lower case', path: () => `${ANNA.chat}/action`, body: { action: 'typing_on' }, answers: 100 },
  ],
  'POST {mid}/edit': [
    { name: 'good', path: ({ mid }) => `${mid}/edit`, body: TEXT, answers: DONE },
    { name: 'no message', path: ({ mid }) => `${mid}/edit`, body: {}, answers: 100 },
    { name: 'an unknown one', path: () => 'mid:C3ecb9d02a600.1/edit', body: TEXT, answers: 140 },
  ],
  'POST {mid}/delete': [
    { name: 'good', path: ({ mid }) => `${mid.toUpperCase()}/delete`, body: {}, answers: DONE },
    { name: 'an unknown one', path: () => 'mid:C3ecb9d02a600.1/delete', body: {}, answers: 140 },
  ],
  'POST {chat}/addMember': [
    {
      name: 'good',
      path: ({ chat }) => `${chat}/addMember`,
      body: { userId: 'USER:123456789016', showHistory: true },
      answers: DONE,
    },
    {
      name: 'several',
      path: ({ chat }) => `${chat}/addMember`,
      body: { userIds: ['123456789016', `user:${BORIS.id}`] },
      answers: DONE,
    },
    { name: 'nobody', path: ({ chat }) => `${chat}/addMember`, body: { userId: 'USER:1' }, answers: 110 },
    { name: 'no user', path: ({ chat }) => `${chat}/addMember`, body: { showHistory: true }, answers: 100 },
    { name: 'into a dialog', path: () => `${ANNA.chat}/addMember`, body: { userId: BORIS.id }, answers: 4 },
  ],
  'GET me/fileUploadUrl': [
    {
      name: 'good',
      path: () => 'me/fileUploadUrl',
      answers: { url: expect.stringContaining('/ok/upload.do?'), token: expect.any(String) },
    },
    {
      name: 'an image',
      path: () => 'me/fileUploadUrl',
      query: { type: 'IMAGE' },
      answers: { url: expect.any(String), file_id: expect.any(String) },
    },
    { name: 'another type', path: () => 'me/fileUploadUrl', query: { type: 'ZIP' }, answers: 100 },
  ],
  'POST me/subscribe': [
    { name: 'good', path: () => 'me/subscribe', body: { url: 'https://bot.example/hook' }, answers: DONE },
    { name: 'long polling', path: () => 'me/subscribe', body: { longPolling: true, types: ['MESSAGE_CREATED'] }, answers: DONE },
    { name: 'another scheme', path: () => 'me/subscribe', body: { url: 'ftp://bot.example' }, answers: 100 },
    {
      name: 'an unknown type',
      path: () => 'me/subscribe',
      body: { longPolling: true, types: ['MESSAGE_DELETED'] },
      answers: 100,
    },
  ],
  'POST me/unsubscribe': [
    {
      name: 'an unknown address',
      path: () => 'me/unsubscribe',
      body: { url: 'https://bot.example/none' },
      answers: { success: false },
    },
    { name: 'no address', path: () => 'me/unsubscribe', body: {}, answers: 100 },
  ],
  'GET me/subscriptions': [{ name: 'good', path: () => 'me/subscriptions', answers: { subscriptions: expect.any(Array) } }],
  'GET me/updates': [
    {
      name: 'good',
      path: () => 'me/updates',
      query: { timeout: '0', count: '50', marker: '' },
      answers: { updates: expect.any(Array), marker: expect.any(String) },
    },
    { name: 'too long', path: () => 'me/updates', query: { timeout: '91' }, answers: 100 },
    { name: 'an unknown type', path: () => 'me/updates', query: { timeout: '0', types: 'ALL' }, answers: 100 },
  ],
};

let ok: SimulatedOk;
let clock: ManualClock;
beforeAll(async () => {
  clock = createManualClock();
  ok = await startOk(clock);
});
beforeEach(() => ok.world.reset({ subscriptions: true }));
afterAll(() => ok[Symbol.asyncDispose]());

async function prepare(): Promise<Prepared> {
  const [anna, boris] = [ok.person(ANNA.phone), ok.person(BORIS.phone)];
  const buttons = [[{ type: 'CALLBACK', text: 'Да', payload: 'yes' }]];
  const attachment = { type: 'INLINE_KEYBOARD', payload: { keyboard: { buttons } } };
  await ok.post('me/subscribe', { longPolling: true, types: ['MESSAGE_CREATED', 'MESSAGE_CALLBACK', 'CHAT_SYSTEM'] });
  const sent = await ok.post('me/messages', { recipient: { user_id: ANNA.id }, message: { text: 'Да?', attachment } });
  clock.advance(100);
  ok.world.press(ok.group, anna, 'yes');
  ok.world.chats.create({ group: ok.group, title: 'Соседи', owner: anna, people: [boris], groupIsAdmin: true });
  const { updates } = (await ok.get('me/updates', { timeout: 0 })).body as unknown as { updates: { callbackId?: string }[] };
  const { chats } = (await ok.get('me/chats')).body as unknown as { chats: { title: string; chat_id: string }[] };
  return {
    mid: sent.body.message_id,
    callbackId: updates.find(({ callbackId }) => callbackId !== undefined)?.callbackId ?? '',
    chat: chats.find(({ title }) => title === 'Соседи')?.chat_id ?? '',
  };
}

test('every edge that exists stands in the table', () => {
  expect(Object.keys(EDGES).sort()).toEqual(GRAPH_ROUTES.map(({ verb, pattern }) => `${verb} ${pattern}`).sort());
});

describe.each(Object.entries(EDGES))('%s', (edge, cases) => {
  test.each(cases)('$name', async ({ path, query = {}, body, answers }) => {
    const prepared = await prepare();
    const asked = typeof query === 'function' ? query(prepared) : query;
    const answer: OkReply = edge.startsWith('GET')
      ? await ok.get(path(prepared), asked)
      : await ok.post(path(prepared), body, asked);
    expect(answer.status).toBe(200);
    if (typeof answers !== 'number') {
      expect(answer.body).toEqual(answers);
      expect(answer.headers.get('invocation-error')).toBeNull();
      return;
    }
    const error = { error_code: answers, error_data: null, error_msg: expect.stringMatching(/^[A-Z_]+ : ./) };
    expect([answer.headers.get('invocation-error'), answer.body]).toEqual([String(answers), error]);
  });

  test('another verb does not exist', async () => {
    const prepared = await prepare();
    const path = cases[0]?.path(prepared) ?? '';
    const other = edge.startsWith('GET') ? 'POST' : 'GET';
    const isTaken = GRAPH_ROUTES.some(({ verb, pattern }) => verb === other && edge.endsWith(` ${pattern}`));
    const answer = other === 'GET' ? await ok.get(path) : await ok.post(path, {});
    expect(answer.body.error_code === 3).toBe(!isTaken);
  });
});
