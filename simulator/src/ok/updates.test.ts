import { afterEach, beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../world/world.ts';
import { ANNA, eventually, type OkReply, read, type SimulatedOk, startOk } from './test/start-ok.ts';

let clock: ManualClock;
let ok: SimulatedOk;
beforeEach(async () => {
  clock = createManualClock();
  ok = await startOk(clock);
});
afterEach(() => ok[Symbol.asyncDispose]());

const subscribe = (types: readonly string[] = ['MESSAGE_CREATED', 'MESSAGE_CALLBACK', 'CHAT_SYSTEM']) =>
  ok.post('me/subscribe', { types, longPolling: true });
const poll = (query: Record<string, string | number> = {}): Promise<OkReply> => ok.get('me/updates', { timeout: 0, ...query });
const say = (text: string) => ok.world.say(ok.group, ok.person(ANNA.phone), text);
const texts = ({ body }: OkReply) => body.updates.map(({ message }: { message?: { text: string } }) => message?.text);
const isHeld = () => eventually(() => ok.world.calls.since(0).filter(({ method }) => method === 'me/updates').length);

test('without a subscription there is error 5000', async () => {
  expect((await poll()).body.error_code).toBe(5000);
  await subscribe();
  expect((await poll()).body).toEqual({ updates: [], marker: expect.any(String) });
  expect((await ok.get('me/subscriptions')).body.subscriptions).toEqual([
    { time: clock.now(), longPolling: true, types: ['MESSAGE_CREATED', 'MESSAGE_CALLBACK', 'CHAT_SYSTEM'] },
  ]);
  await ok.post('me/unsubscribe', { longPolling: true });
  expect((await poll()).body.error_code).toBe(5000);
});

test('updates are the bodies of the webhooks, with exact numbers', async () => {
  await subscribe();
  say('раз');
  const { text, body } = await poll();
  expect(body.updates).toMatchObject([{ webhookType: 'MESSAGE_CREATED', message: { text: 'раз' } }]);
  expect(text).toContain(`"seq":${body.updates[0]?.message.seq},`);
});

test('without a marker the same comes again; a marker takes it as read', async () => {
  await subscribe();
  say('раз');
  const first = await poll();
  expect(texts(await poll({ marker: '' }))).toEqual(['раз']);
  say('два');
  expect(texts(await poll({ marker: first.body.marker }))).toEqual(['два']);
  expect(texts(await poll())).toEqual(['два']);
});

test('with commit what was brought counts as read at once', async () => {
  await subscribe();
  say('раз');
  expect(texts(await poll({ commit: 'true' }))).toEqual(['раз']);
  expect(texts(await poll())).toEqual([]);
});

test('updates come in pages of count', async () => {
  await subscribe();
  for (const text of ['раз', 'два', 'три']) say(text);
  const first = await poll({ count: 2 });
  expect(texts(first)).toEqual(['раз', 'два']);
  expect(texts(await poll({ count: 2, marker: first.body.marker }))).toEqual(['три']);
});

test('a poll is held until something happens', async () => {
  await subscribe();
  const held = poll({ timeout: 5 });
  await isHeld().toBe(1);
  say('раз');
  expect(texts(await held)).toEqual(['раз']);
});

test('a poll ends empty after its time-out; an event of another type does not end it', async () => {
  await subscribe();
  const held = poll({ timeout: 5, types: 'CHAT_SYSTEM' });
  await isHeld().toBe(1);
  let ended = false;
  void held.then(() => {
    ended = true;
  });
  say('раз');
  clock.advance(4_999);
  expect((await poll()).body.updates).toHaveLength(1);
  expect(ended).toBe(false);
  clock.advance(1);
  expect(texts(await held)).toEqual([]);
});

test('types may be asked for in one parameter or in several', async () => {
  await subscribe();
  say('привет');
  const query = `access_token=${encodeURIComponent(ok.group.token)}&types=CHAT_SYSTEM&types=MESSAGE_CREATED&timeout=0`;
  expect((await read(fetch(`${ok.url}/graph/me/updates?${query}`))).body.updates).toHaveLength(1);
});

test('a subscription to some types brings only those', async () => {
  await subscribe(['CHAT_SYSTEM']);
  say('раз');
  ok.world.start(ok.group, ok.person(ANNA.phone), 'link');
  expect((await poll()).body.updates).toMatchObject([{ webhookType: 'CHAT_SYSTEM', type: 'CHAT_STARTED', payload: 'link' }]);
});

test('what happened before a reset is gone, the subscription stays', async () => {
  await subscribe();
  say('раз');
  ok.world.reset();
  expect(texts(await poll())).toEqual([]);
  say('два');
  expect(texts(await poll())).toEqual(['два']);
});
