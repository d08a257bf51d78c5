import { type FixtureName, readFixture } from '@soroka/fixtures';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseExact } from '../wire/wire.ts';
import { createManualClock, type ManualClock } from '../world/world.ts';
import { ANNA, BORIS, eventually, read, type SimulatedOk, startOk, startWebhook, type WebhookReceiver } from './test/start-ok.ts';

/** Names and kinds of values, without the values: ids in names stand for all ids. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((item) => JSON.stringify(shapeOf(item))))].sort();
  if (typeof value === 'object' && value !== null) {
    const named = Object.entries(value).map(
      ([name, inner]) => [name.replace(/^(user|group|chat):.*/, '$1:…').replace(/^\d+$/, '…'), shapeOf(inner)] as const,
    );
    return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  if (value === null) return null;
  // Numbers that a double cannot hold come as bigint; to JSON they are numbers like the others.
  return typeof value === 'bigint' ? 'number' : typeof value;
}

let ok: SimulatedOk;
let clock: ManualClock;
let receiver: WebhookReceiver;
beforeAll(async () => {
  clock = createManualClock();
  ok = await startOk(clock);
  receiver = await startWebhook();
});
afterAll(async () => {
  await ok[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

/** What a webhook gets when this happens, without the names that OK's own examples leave out. */
async function told(act: () => void): Promise<unknown> {
  await ok.post('me/subscribe', { url: receiver.url });
  const before = receiver.received.length;
  act();
  await eventually(() => receiver.received.length).toBe(before + 1);
  const body = parseExact(receiver.received.at(-1)?.text ?? '') as { sender: { name?: string } };
  return body;
}
const anna = () => ok.person(ANNA.phone);
const withoutNames = (body: unknown): unknown =>
  JSON.parse(
    JSON.stringify(body, (name, value: unknown) =>
      name === 'name' ? undefined : typeof value === 'bigint' ? Number(value) : value,
    ),
  );
const share = { attachments: [{ type: 'SHARE', payload: { url: 'https://ya.ru/' } }] };

async function pressed(): Promise<unknown> {
  const buttons = [[{ type: 'CALLBACK', text: 'Да', payload: 'yes' }]];
  const attachment = { type: 'INLINE_KEYBOARD', payload: { keyboard: { buttons } } };
  await ok.post('me/messages', { recipient: { user_id: ANNA.id }, message: { text: 'Да?', attachment } });
  clock.advance(100);
  return told(() => ok.world.press(ok.group, anna(), 'yes'));
}

/** How the simulator comes to what a stored body shows. */
const ANSWERS: Readonly<Partial<Record<FixtureName, () => Promise<unknown>>>> = {
  'ok/subscribed': async () => (await ok.post('me/subscribe', { url: receiver.url })).body,
  'ok/subscriptions': async () => {
    await ok.post('me/subscribe', { url: receiver.url });
    return (await ok.get('me/subscriptions')).body;
  },
  'ok/sent-to-many': async () => {
    ok.world.block(ok.group, ok.person(BORIS.phone));
    return (await ok.post('me/messages', { recipient: { user_ids: [ANNA.id, BORIS.id] }, message: { text: 'а' } })).body;
  },
  'ok/error-no-application': async () => (await read(fetch(`${ok.url}/fb.do?method=users.getInfo&application_key=no`))).body,
  'ok/error-session': async () => (await ok.get('me/info', { access_token: 'no' })).body,
  'ok/calls-left': async () =>
    (await ok.rest({ method: 'users.getCallsLeft', methods: 'notifications.sendSimple' }, 'DEMOAPPSECRET')).body,
  'ok/notification-statuses': async () =>
    (await ok.rest({ method: 'notifications.sendMessage', user_ids: `${ANNA.id},1`, message: 'а' }, 'DEMOAPPSECRET')).body,
  'ok/message-created': async () => withoutNames(await told(() => ok.world.say(ok.group, anna(), 'text'))),
  'ok/message-with-share': async () =>
    withoutNames(await told(() => ok.world.say(ok.group, anna(), 'https://ya.ru/', { extra: share }))),
  'ok/chat-started': async () => withoutNames(await told(() => ok.world.start(ok.group, anna(), 'payloadText'))),
  'ok/message-callback': pressed,
};

describe('an answer has the shape that was documented or recorded', () => {
  test.each(Object.entries(ANSWERS) as [FixtureName, () => Promise<unknown>][])('%s', async (name, answer) => {
    const { source, body } = readFixture(name);
    expect(shapeOf(await answer()), source).toEqual(shapeOf(body));
  });

  test('both recorded errors are answered word for word', async () => {
    expect(await ANSWERS['ok/error-no-application']?.()).toEqual(readFixture('ok/error-no-application').body);
    expect(await ANSWERS['ok/error-session']?.()).toEqual(readFixture('ok/error-session').body);
  });
});

/** Bodies printed by github apiok/documentation (2017), docs/method/en/graph.user, read on 2026-11-22; values shortened. */
const PRINTED = {
  chats: {
    chats: [
      {
        type: 'GROUP_CHAT',
        status: 'ACTIVE',
        title: 'Some chat title',
        participants: { 'user:123456789012': 1498581292941 },
        lastEventTime: 1498581292941,
        chat_id: 'chat:C3ecb9d02a600',
        owner_id: 'user:123456789012',
        group_id: 'group:12345678901234',
      },
    ],
    marker: 'LTE0OTcyNDMzNTYzMzM6LTE0OTcyNDMzNTYzMzM=',
  },
  messages: {
    messages: [
      {
        sender: { name: 'John Smith', user_id: 'user:123456789012' },
        recipient: { chat_id: 'chat:C3ecb9d02a600' },
        message: { text: 'text', seq: 98211023614189660, mid: 'mid:C3ecb9d02a600.15cea67d78d2059' },
        timestamp: 1498581292941,
      },
      {
        sender: { name: 'John Smith', user_id: 'user:123456789012' },
        recipient: { chat_id: 'chat:C3ecb9d02a600' },
        message: { text: 'https://ya.ru/', seq: 98211018056672380, ...share, mid: 'mid:C3ecb9d02a600.15cea668c4c2481' },
        timestamp: 1498581208140,
      },
    ],
  },
};

describe('an answer has the shape that OK printed', () => {
  test('the history', async () => {
    ok.world.reset();
    ok.world.say(ok.group, anna(), 'https://ya.ru/', { extra: share });
    clock.advance(1);
    ok.world.say(ok.group, anna(), 'text');
    expect(shapeOf((await ok.get(`me/messages/${ANNA.chat}`)).body)).toEqual(shapeOf(PRINTED.messages));
  });

  test('a page of chats', async () => {
    ok.world.say(ok.group, ok.person(BORIS.phone), 'text');
    expect(shapeOf((await ok.get('me/chats', { count: 1 })).body)).toEqual(shapeOf(PRINTED.chats));
  });
});
