import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRealClock } from '../world/world.ts';
import {
  ANNA,
  BORIS,
  createWatchedClock,
  eventually,
  type ReceivedWebhook,
  type SimulatedOk,
  startOk,
  startWebhook,
  type WebhookReceiver,
} from './test/start-ok.ts';
import { WEBHOOK } from './webhooks.ts';

let clock: ReturnType<typeof createWatchedClock>;
let ok: SimulatedOk;
let receiver: WebhookReceiver;

beforeEach(async () => {
  clock = createWatchedClock();
  ok = await startOk(clock);
  receiver = await startWebhook();
});
afterEach(async () => {
  await ok[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

const subscribe = (more: object = {}) => ok.post('me/subscribe', { url: receiver.url, ...more });
const subscriptions = async () => (await ok.get('me/subscriptions')).body.subscriptions;
const say = (text: string, phone: string = ANNA.phone) => ok.world.say(ok.group, ok.person(phone), text);
const texts = () => receiver.received.map(({ body }) => body.message?.text);
const RETRY_MS = 30_000;
/** How often a failed webhook was put off. */
const tries = () => clock.delays.filter((delayMs) => delayMs >= RETRY_MS && delayMs <= 2 * RETRY_MS).length;
const retryEvery30Seconds = () => ok.set({ webhookRetryMinMs: RETRY_MS, webhookRetryMaxMs: RETRY_MS });

test('a webhook is subscribed once, shown, and unsubscribed', async () => {
  expect((await subscribe()).body).toEqual({ success: true });
  expect((await subscribe()).body).toEqual({ success: true });
  expect(await subscriptions()).toEqual([{ time: clock.now(), url: receiver.url }]);
  expect((await ok.post('me/unsubscribe', { url: receiver.url })).body).toEqual({ success: true });
  expect(await subscriptions()).toEqual([]);
  expect((await ok.post('me/unsubscribe', { url: receiver.url })).body).toEqual({ success: false });
});

test.each([{ url: 'ftp://a' }, { url: 5 }, {}, { longPolling: false }, { longPolling: true, types: ['ALL'] }])(
  'a subscription to nothing reachable is refused: %j',
  async (body) => {
    expect((await ok.post('me/subscribe', body)).body.error_code).toBe(100);
  },
);

test('what a person writes arrives in the form that OK prints, its seq an exact integer', async () => {
  await subscribe();
  say('text');
  await eventually(() => receiver.received.length).toBe(1);
  const { text, body } = receiver.received[0] as ReceivedWebhook;
  expect(body).toEqual({
    webhookType: 'MESSAGE_CREATED',
    sender: { user_id: `user:${ANNA.id}`, name: 'Анна Белова' },
    recipient: { chat_id: ANNA.chat },
    message: { text: 'text', seq: expect.any(BigInt), mid: `mid:C3ecb9d02a600.${body.message.seq.toString(16)}` },
    timestamp: clock.now(),
  });
  expect(text).toContain(`"seq":${body.message.seq},`);
  expect(Number(body.message.seq >> 16n)).toBe(body.timestamp);
});

test('a pressed button and a chat opened by a link arrive; own messages do not', async () => {
  await subscribe();
  const buttons = [[{ type: 'CALLBACK', text: 'Да', payload: 'yes' }]];
  const message = { text: 'Да?', attachment: { type: 'INLINE_KEYBOARD', payload: { keyboard: { buttons } } } };
  const sent = await ok.post('me/messages', { recipient: { user_id: ANNA.id }, message });
  clock.advance(100);
  ok.world.press(ok.group, ok.person(ANNA.phone), 'yes');
  ok.world.start(ok.group, ok.person(ANNA.phone), 'payloadText');
  await eventually(() => receiver.received.length).toBe(2);
  const head = { sender: { user_id: `user:${ANNA.id}`, name: 'Анна Белова' }, recipient: { chat_id: ANNA.chat } };
  expect(receiver.received.map(({ body }) => body)).toEqual([
    {
      webhookType: 'MESSAGE_CALLBACK',
      ...head,
      payload: 'yes',
      callbackId: expect.any(String),
      mid: sent.body.message_id,
      timestamp: clock.now(),
    },
    { webhookType: 'CHAT_SYSTEM', type: 'CHAT_STARTED', ...head, payload: 'payloadText', timestamp: clock.now() },
  ]);
});

test('every address gets every event of the types it asked for', async () => {
  await using other = await startWebhook();
  await subscribe();
  await ok.post('me/subscribe', { url: other.url, types: ['CHAT_SYSTEM'] });
  say('раз');
  ok.world.start(ok.group, ok.person(ANNA.phone));
  await eventually(() => receiver.received.length).toBe(2);
  await eventually(() => other.received.map(({ body }) => body.webhookType)).toEqual(['CHAT_SYSTEM']);
});

test('anything but 200 is tried again after 30 to 60 s, and later events of the chat wait', async () => {
  await subscribe();
  receiver.status = () => 204;
  say('раз');
  say('два');
  say('Борис', BORIS.phone);
  await eventually(() => tries()).toBe(2);
  receiver.status = () => 200;
  clock.advance(2 * RETRY_MS);
  await eventually(() => texts().slice(2).sort()).toEqual(['Борис', 'два', 'раз']);
  const anna = texts().filter((text) => text !== 'Борис');
  expect(anna).toEqual(['раз', 'раз', 'два']);
});

test('no answer within 5 s is a failure', async () => {
  await subscribe();
  receiver.status = () => null;
  say('раз');
  await eventually(() => receiver.received.length).toBe(1);
  clock.advance(4_999);
  expect(tries()).toBe(0);
  clock.advance(1);
  await eventually(() => tries()).toBe(1);
});

test('after 8 h without a 200 the subscription is gone', async () => {
  await subscribe();
  receiver.status = () => 500;
  say('раз');
  await eventually(() => tries()).toBe(1);
  clock.advance(WEBHOOK.removedAfterMs - 1);
  await eventually(() => tries()).toBe(2);
  expect(await subscriptions()).toHaveLength(1);
  clock.advance(2 * RETRY_MS);
  await eventually(subscriptions).toEqual([]);
  expect(tries()).toBe(2);
});

test('one 200 among the failures starts the 8 h anew; what was tried for 8 h is lost all the same', async () => {
  await subscribe();
  receiver.status = ({ body }) => (body.message?.text?.startsWith('Борис') ? 200 : 500);
  say('раз');
  await eventually(() => tries()).toBe(1);
  clock.advance(WEBHOOK.removedAfterMs - 3 * RETRY_MS);
  await eventually(() => tries()).toBe(2);
  say('Борис', BORIS.phone);
  say('Борис опять', BORIS.phone); // goes out when the answer to the first has come in
  await eventually(texts).toContain('Борис опять');
  clock.advance(4 * RETRY_MS);
  await eventually(() => texts().filter((text) => text === 'раз').length).toBe(3);
  expect(await subscriptions()).toHaveLength(1);
  receiver.status = () => 200;
  say('два');
  await eventually(() => texts().at(-1)).toBe('два');
});

test('a fault sends an event twice', async () => {
  await subscribe();
  ok.world.faults.set('ok', { duplicateEvents: 1 });
  say('раз');
  await eventually(() => receiver.received.length).toBe(2);
  expect(receiver.received[0]?.text).toBe(receiver.received[1]?.text);
});

test('a reset keeps the subscription and drops what waited for it', async () => {
  await subscribe();
  await retryEvery30Seconds();
  receiver.status = () => 500;
  say('раз');
  await eventually(() => tries()).toBe(1);
  ok.world.reset();
  receiver.status = () => 200;
  clock.advance(RETRY_MS);
  say('два');
  await eventually(texts).toEqual(['раз', 'два']);
  ok.world.reset({ subscriptions: true });
  expect(await subscriptions()).toEqual([]);
});

test('while the simulator runs, 8 h can pass in a moment', async () => {
  const running = createRealClock();
  await using other = await startOk(running);
  await other.post('me/subscribe', { url: receiver.url });
  receiver.status = () => 500;
  other.world.say(other.group, other.person(ANNA.phone), 'раз');
  await eventually(() => receiver.received.length).toBe(1);
  expect((await other.get('me/subscriptions')).body.subscriptions).toHaveLength(1);
  // What comes after the try is scheduled once its answer has come in, so time is moved on again and again.
  await eventually(async () => {
    running.advance(WEBHOOK.removedAfterMs);
    return (await other.get('me/subscriptions')).body.subscriptions;
  }).toEqual([]);
  running.stop();
});
