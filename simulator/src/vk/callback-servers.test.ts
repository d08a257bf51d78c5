import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  ANNA,
  type CallbackReceiver,
  createWatchedClock,
  eventually,
  GROUP_ID,
  type ReceivedCallback,
  type SimulatedVk,
  startReceiver,
  startVk,
} from './test/start-vk.ts';

const anna = 37119444;
let clock: ReturnType<typeof createWatchedClock>;
let vk: SimulatedVk;
let receiver: CallbackReceiver;
let code: string;

beforeEach(async () => {
  clock = createWatchedClock();
  vk = await startVk(clock);
  vk.world.limits.set({ callsPerSecond: null }); // the clock stands still, and so would the limit's second
  receiver = await startReceiver();
  const { response } = await vk.call('groups.getCallbackConfirmationCode', { group_id: GROUP_ID });
  code = (response as unknown as { code: string }).code;
  receiver.answer = confirming(() => ({ body: 'ok' }));
});
afterEach(async () => {
  await vk[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

/** Confirms the server and answers events as told. */
function confirming(answer: CallbackReceiver['answer']): CallbackReceiver['answer'] {
  return (callback) => (callback.body.type === 'confirmation' ? { body: code } : answer(callback));
}

const servers = async () => {
  const { response } = await vk.call('groups.getCallbackServers', { group_id: GROUP_ID });
  return (response as unknown as { items: { id: number; status: string; secret_key: string }[] }).items;
};
const status = async () => (await servers())[0]?.status;
const events = (): ReceivedCallback[] => receiver.received.filter(({ body }) => body.type !== 'confirmation');
const waits = (): number[] => clock.delays.filter((delayMs) => delayMs !== 10_000);

async function connect(settings: Record<string, number> = { message_new: 1 }): Promise<number> {
  const { response } = await vk.call('groups.addCallbackServer', {
    group_id: GROUP_ID,
    url: receiver.url,
    title: 'Soroka',
    secret_key: 'vk-demo-secret',
  });
  const { server_id: serverId } = response as unknown as { server_id: number };
  await eventually(status).toBe('ok');
  await vk.call('groups.setCallbackSettings', { group_id: GROUP_ID, server_id: serverId, api_version: '5.199', ...settings });
  clock.delays.length = 0;
  return serverId;
}

test('a server is asked to confirm, with its secret, and is ok once it answers the code', async () => {
  await connect();
  expect(receiver.received[0]?.body).toEqual({ type: 'confirmation', group_id: Number(GROUP_ID), secret: 'vk-demo-secret' });
  expect(await servers()).toEqual([
    { id: expect.any(Number), title: 'Soroka', creator_id: 1, url: receiver.url, secret_key: 'vk-demo-secret', status: 'ok' },
  ]);
});

test('a server that answers another text is asked again and then failed', async () => {
  receiver.answer = () => ({ body: 'hello' });
  await vk.call('groups.addCallbackServer', { group_id: GROUP_ID, url: receiver.url, title: 'Soroka' });
  for (const delayMs of [1_000, 5_000, 15_000]) {
    await eventually(() => waits().at(-1)).toBe(delayMs);
    expect(await status()).toBe('wait');
    clock.advance(delayMs);
  }
  await eventually(status).toBe('failed');
  vk.world.say(vk.group, vk.person(ANNA), 'привет');
  receiver.answer = confirming(() => ({ body: 'ok' }));
  const [server] = await servers();
  await vk.call('groups.editCallbackServer', {
    group_id: GROUP_ID,
    server_id: server?.id ?? 0,
    url: receiver.url,
    title: 'Soroka',
  });
  await eventually(status).toBe('ok');
  expect(events()).toEqual([]);
});

test('after the confirmation code has changed the old answer confirms no more, unless VK still takes it', async () => {
  const serverId = await connect();
  const edit = () =>
    vk.call('groups.editCallbackServer', { group_id: GROUP_ID, server_id: serverId, url: receiver.url, title: 'Soroka' });
  const newCode = async () => {
    const { response } = await vk.call('groups.getCallbackConfirmationCode', { group_id: GROUP_ID });
    return (response as unknown as { code: string }).code;
  };
  vk.world.disturb(vk.group, 'confirmation_code_changed_old_taken');
  expect(await newCode()).not.toBe(code);
  await edit();
  await eventually(status).toBe('ok');

  vk.world.disturb(vk.group, 'confirmation_code_changed');
  await edit();
  for (const delayMs of [1_000, 5_000, 15_000]) {
    await eventually(() => waits().at(-1)).toBe(delayMs);
    clock.advance(delayMs);
  }
  await eventually(status).toBe('failed');
  code = await newCode();
  await edit();
  await eventually(status).toBe('ok');
});

test('a change of its events does not disturb a server that is being asked to confirm', async () => {
  receiver.answer = () => ({ body: 'not known yet' });
  const { response } = await vk.call('groups.addCallbackServer', { group_id: GROUP_ID, url: receiver.url, title: 'Soroka' });
  const { server_id: serverId } = response as unknown as { server_id: number };
  await eventually(() => waits().at(-1)).toBe(1_000);
  await vk.call('groups.setCallbackSettings', { group_id: GROUP_ID, server_id: serverId, message_new: 1 });
  receiver.answer = confirming(() => ({ body: 'ok' }));
  clock.advance(1_000);
  await eventually(status).toBe('ok');
  expect(receiver.received).toHaveLength(2);
});

test('what a person says arrives as message_new with the secret', async () => {
  await connect();
  vk.world.say(vk.group, vk.person(ANNA), 'привет');
  await eventually(() => events().length).toBe(1);
  expect(events()[0]?.body).toMatchObject({
    type: 'message_new',
    group_id: Number(GROUP_ID),
    v: '5.199',
    secret: 'vk-demo-secret',
    event_id: expect.stringMatching(/^[0-9a-f]{40}$/),
    object: { message: { text: 'привет', from_id: anna, peer_id: anna, out: 0 }, client_info: { keyboard: true } },
  });
  expect(events()[0]?.headers['x-retry-counter']).toBeUndefined();
});

test('every kind of event comes once it is switched on, and only then', async () => {
  await connect({ message_reply: 1, message_allow: 1, message_deny: 1, message_read: 1, message_event: 1 });
  const types = () => events().map(({ body }) => body.type);
  const person = vk.person(ANNA);
  vk.world.say(vk.group, person, 'привет');
  const keyboard = '{"inline":true,"buttons":[[{"action":{"type":"callback","label":"Да","payload":{"a":1}}}]]}';
  const sent = await vk.call('messages.send', { peer_id: anna, random_id: 1, message: 'Да?', keyboard });
  clock.advance(100);
  vk.world.read(vk.group, person);
  vk.world.press(vk.group, person, '{"a":1}');
  vk.world.block(vk.group, person);
  vk.world.allow(vk.group, person);
  await eventually(types).toEqual(['message_reply', 'message_read', 'message_event', 'message_deny', 'message_allow']);
  expect(events().map(({ body }) => body.object)).toMatchObject([
    { id: sent.response, out: 1, text: 'Да?', from_id: -Number(GROUP_ID), peer_id: anna },
    { from_id: anna, peer_id: anna, read_message_id: sent.response, conversation_message_id: expect.any(Number) },
    {
      user_id: anna,
      peer_id: anna,
      event_id: expect.any(String),
      payload: { a: 1 },
      conversation_message_id: expect.any(Number),
    },
    { user_id: anna },
    { user_id: anna, key: '' },
  ]);
});

test('who reads by themselves reads what the group writes too, and the group is told by message_read', async () => {
  await connect({ message_read: 1 });
  const sent = await vk.call('messages.send', { peer_id: anna, random_id: 1, message: 'Готово' });
  clock.advance(100); // it reaches her device
  clock.advance(1_999);
  expect(vk.world.inbox(vk.person(ANNA))).toMatchObject([{ kind: 'message', status: 'received' }]);
  clock.advance(1);
  await eventually(() => events().map(({ body }) => [body.type, body.object])).toMatchObject([
    ['message_read', { from_id: anna, peer_id: anna, read_message_id: sent.response }],
  ]);
});

test('a notification by phone tells the group nothing; its answer carries the tag', async () => {
  await connect({ message_new: 1, message_reply: 1, message_read: 1 });
  const person = vk.person(ANNA);
  vk.world.send(vk.group, person, { kind: 'notification', text: 'Готово', tag: '3690837110063289472' });
  clock.advance(100);
  vk.world.read(vk.group, person);
  vk.world.say(vk.group, person, 'еду');
  await eventually(() => events().length).toBe(1);
  expect(events()[0]?.body).toMatchObject({ type: 'message_new', object: { message: { message_tag: '3690837110063289472' } } });
});

test('a press can be answered once, within a minute, by its own group', async () => {
  await connect({ message_event: 1 });
  const keyboard = '{"buttons":[[{"action":{"type":"callback","label":"Да","payload":"{}"}}]]}';
  await vk.call('messages.send', { peer_id: anna, random_id: 1, message: 'Да?', keyboard });
  clock.advance(100);
  const answer = async (eventId: unknown, data = '{"type":"show_snackbar","text":"Спасибо"}') => {
    const given = { event_id: String(eventId), user_id: anna, peer_id: anna, event_data: data };
    const { response, error } = await vk.call('messages.sendMessageEventAnswer', given);
    return response ?? error?.error_code;
  };
  for (let n = 0; n < 2; n += 1) vk.world.press(vk.group, vk.person(ANNA), '{}');
  await eventually(() => events().length).toBe(2);
  const [first, second] = events().map(({ body }) => body.object['event_id']);
  expect(await answer(first, '{"type":"show_snackbar"}')).toBe(100);
  expect(await answer(first)).toBe(1);
  expect(await answer(first)).toBe(100);
  clock.advance(60_001);
  expect(await answer(second)).toBe(100);
});

test('an event without `ok` comes again after 5, 15, 60 and 300 s with X-Retry-Counter, then the server is failed', async () => {
  await connect();
  receiver.answer = confirming(() => ({ body: '<b>Notice</b>ok' }));
  vk.world.say(vk.group, vk.person(ANNA), 'привет');
  for (const delayMs of [5_000, 15_000, 60_000, 300_000]) {
    await eventually(() => waits().at(-1)).toBe(delayMs);
    expect(await status()).toBe('ok');
    clock.advance(delayMs);
  }
  await eventually(status).toBe('failed');
  expect(events().map(({ headers }) => headers['x-retry-counter'])).toEqual([undefined, '1', '2', '3', '4']);
  expect(new Set(events().map(({ body }) => body.event_id)).size).toBe(1);
});

test('a failed server gets what waited once it has confirmed again', async () => {
  const serverId = await connect();
  receiver.answer = () => ({ status: 500, body: 'ok' });
  vk.world.say(vk.group, vk.person(ANNA), 'раз');
  for (const delayMs of [5_000, 15_000, 60_000, 300_000]) {
    await eventually(() => waits().at(-1)).toBe(delayMs);
    clock.advance(delayMs);
  }
  await eventually(status).toBe('failed');
  vk.world.say(vk.group, vk.person(ANNA), 'два');
  const before = events().length;
  receiver.answer = confirming(() => ({ body: 'ok' }));
  await vk.call('groups.editCallbackServer', { group_id: GROUP_ID, server_id: serverId, url: receiver.url, title: 'Soroka' });
  const texts = () =>
    events()
      .slice(before)
      .map(({ body }) => (body.object['message'] as { text: string }).text);
  await eventually(texts).toEqual(['раз', 'два']);
  expect(events().at(-1)?.body['secret']).toBeUndefined();
});

test('later events of a dialog wait for the one that is retried; other dialogs do not', async () => {
  await connect();
  const textOf = ({ body }: ReceivedCallback) => (body.object['message'] as { text: string }).text;
  let failing = true;
  receiver.answer = confirming((callback) =>
    failing && textOf(callback) === 'раз' ? { status: 502, body: '' } : { body: 'ok' },
  );
  vk.world.say(vk.group, vk.person(ANNA), 'раз');
  vk.world.say(vk.group, vk.person(ANNA), 'два');
  vk.world.say(vk.group, vk.person('79990000004'), 'Дина');
  await eventually(() => waits()).toEqual([5_000]);
  await eventually(() => events().map(textOf).sort()).toEqual(['Дина', 'раз']);
  failing = false;
  clock.advance(5_000);
  await eventually(() => events().map(textOf).slice(2)).toEqual(['раз', 'два']);
});

test('a receiver that answers nothing for 10 s has failed', async () => {
  await connect();
  receiver.answer = () => null;
  vk.world.say(vk.group, vk.person(ANNA), 'раз');
  await eventually(() => events().length).toBe(1);
  clock.advance(9_999);
  expect(waits()).toEqual([]);
  clock.advance(1);
  await eventually(() => waits()).toEqual([5_000]);
});

test('503 with Retry-After puts the event off until then', async () => {
  await connect();
  const until = Math.floor(clock.now() / 1_000) * 1_000 + 120_000;
  receiver.answer = confirming(() => ({ status: 503, body: '', headers: { 'retry-after': new Date(until).toUTCString() } }));
  vk.world.say(vk.group, vk.person(ANNA), 'раз');
  await eventually(() => waits()).toEqual([until - clock.now()]);
  receiver.answer = confirming(() => ({ body: 'ok' }));
  clock.advance(120_000);
  await eventually(() => events().map(({ headers }) => headers['x-retry-counter'])).toEqual([undefined, '1']);
});

test.each(['5', new Date(0).toUTCString(), 'Fri, 31 Dec 2100 23:59:59 GMT'])(
  'a Retry-After that is no date within 3 hours leaves the schedule as it is: %s',
  async (retryAfter) => {
    await connect();
    receiver.answer = () => ({ status: 503, body: '', headers: { 'retry-after': retryAfter } });
    vk.world.say(vk.group, vk.person(ANNA), 'раз');
    await eventually(() => waits()).toEqual([5_000]);
  },
);

test('a receiver that answers `remove` is deleted', async () => {
  await connect();
  receiver.answer = confirming(() => ({ body: 'remove' }));
  vk.world.say(vk.group, vk.person(ANNA), 'раз');
  await eventually(servers).toEqual([]);
});

test('a fault sends an event twice under one id', async () => {
  await connect();
  vk.world.faults.set('vk', { duplicateEvents: 1 });
  vk.world.say(vk.group, vk.person(ANNA), 'раз');
  await eventually(() => events().length).toBe(2);
  expect(events()[0]?.body).toEqual(events()[1]?.body);
});

test('ten servers are the most; an unknown one is not found', async () => {
  const add = () => vk.call('groups.addCallbackServer', { group_id: GROUP_ID, url: receiver.url, title: 'Soroka' });
  for (let n = 0; n < 10; n += 1) expect((await add()).response).toEqual({ server_id: n + 1 });
  expect((await add()).error?.error_code).toBe(2000);
  const unknown = { group_id: GROUP_ID, server_id: 99 };
  expect((await vk.call('groups.deleteCallbackServer', unknown)).error?.error_code).toBe(104);
  expect((await vk.call('groups.getCallbackSettings', unknown)).error?.error_code).toBe(104);
  expect((await vk.call('groups.deleteCallbackServer', { ...unknown, server_id: 1 })).response).toBe(1);
  expect((await servers()).map(({ id }) => id)).not.toContain(1);
});

test('settings show every event as 0 or 1 and change only where told', async () => {
  const serverId = await connect({ message_new: 1, message_read: 1 });
  await vk.call('groups.setCallbackSettings', { group_id: GROUP_ID, server_id: serverId, message_read: 0, api_version: '5.131' });
  const { response } = await vk.call('groups.getCallbackSettings', { group_id: GROUP_ID, server_id: serverId });
  expect(response).toMatchObject({ api_version: '5.131', events: { message_new: 1, message_read: 0, wall_post_new: 0 } });
});

test('a reset keeps the server and drops what waited for it', async () => {
  await connect();
  receiver.answer = () => ({ status: 500, body: '' });
  vk.world.say(vk.group, vk.person(ANNA), 'раз');
  await eventually(() => waits()).toEqual([5_000]);
  vk.world.reset();
  receiver.answer = confirming(() => ({ body: 'ok' }));
  clock.advance(5_000);
  vk.world.say(vk.group, vk.person(ANNA), 'два');
  const texts = () => events().map(({ body }) => (body.object['message'] as { text: string }).text);
  await eventually(texts).toEqual(['раз', 'два']);
  vk.world.reset({ subscriptions: true });
  vk.world.limits.set({ callsPerSecond: null });
  expect(await servers()).toEqual([]);
});
