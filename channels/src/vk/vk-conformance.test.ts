import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type SimulatedNetworks, startReceiver, startSimulatedNetworks } from '../../test/simulated-networks.ts';
import type { InboundEvent, Outgoing } from '../channel.ts';
import { parseJson } from '../json.ts';
import { createVkChannel, parseVkEvent, type VkChannel, type VkChannelOptions } from './vk.ts';

// The VK channel against the simulator, over HTTP only: two readings of one contract that must agree. What every channel
// must do is in conformance.test.ts.

const GROUP = '213243638';
const ANNA = { phone: '79999999999', id: '37119444' };
const DINA = { phone: '79990000004', id: '37119448' };
const VERA = { phone: '79990000002', id: '37119446' }; // has blocked the group
const CHAT = { number: 1, peerId: '2000000001' };

vi.setConfig({ testTimeout: 30_000 });
/** Waits until `check` no longer throws: as long as a busy machine may take. */
const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 8_000, interval: 20 });

const never = new AbortController().signal;
let networks: SimulatedNetworks;
const opened: VkChannel[] = [];
const open = (options: Partial<VkChannelOptions> = {}): VkChannel => {
  const channel = createVkChannel({
    baseUrl: `${networks.url}/vk`,
    token: 'vk1.demo',
    groupId: GROUP,
    timeoutMs: 10_000,
    ...options,
  });
  opened.push(channel);
  return channel;
};

beforeAll(async () => {
  networks = await startSimulatedNetworks();
}, 20_000);
beforeEach(() => networks.control('POST', '/reset'));
afterEach(() => Promise.all(opened.splice(0).map((channel) => channel.close())));
afterAll(() => networks[Symbol.asyncDispose]());

let lastKey = 0;
const message = (fields: Partial<Outgoing> = {}): Outgoing => ({
  dedupKey: `vk-conformance-${++lastKey}`,
  network: 'vk',
  groupId: GROUP,
  recipientId: ANNA.id,
  text: 'Привет',
  ...fields,
});
const act = (phone: string, action: string, fields: object = {}) =>
  networks.control('POST', `/people/${phone}/${action}`, { network: 'vk', ...fields });
const inboxOf = async (phone: string) =>
  ((await networks.control('GET', `/people/${phone}/inbox`)) as { text: string }[]).map(({ text }) => text);
const faults = (fields: object) => networks.control('POST', '/faults', { network: 'vk', ...fields });
const openChat = () =>
  networks.control('POST', '/chats', { network: 'vk', title: 'Кухня', owner: ANNA.phone, people: [DINA.phone] });
const idOf = async (channel: VkChannel, fields?: Partial<Outgoing>): Promise<string> => {
  const [outcome] = await channel.send([message(fields)], never);
  if (outcome?.kind !== 'sent') throw new Error(`not sent: ${JSON.stringify(outcome)}`);
  return outcome.networkId;
};
/** All that comes after `deed`, of kinds that mean something to us. */
const eventsOf = async (channel: VkChannel, deed: () => Promise<unknown>): Promise<InboundEvent[]> => {
  const { state } = await channel.poll(null, 1, never);
  await deed();
  const { bodies } = await channel.poll(state, 5, never);
  return bodies.flatMap((body) => parseVkEvent(parseJson(body))).filter(({ kind }) => kind !== 'other');
};

describe('sending', () => {
  test('a batch arrives but for what is refused, each with its own outcome, in one call', async () => {
    const batch = [
      message({ text: 'раз "}' }),
      message({ recipientId: VERA.id }),
      message({ recipientId: DINA.id, text: 'два\n\u2028🦅' }),
      message({ text: '' }),
    ];
    expect(await open().send(batch, never)).toMatchObject([
      { kind: 'sent' },
      { kind: 'refused', reason: 'refused_by_user', networkCode: expect.stringMatching(/^90[01]$/) },
      { kind: 'sent' },
      { kind: 'refused', reason: 'content' },
    ]);
    await eventually(async () => expect(await inboxOf(ANNA.phone)).toEqual(['раз "}']));
    await eventually(async () => expect(await inboxOf(DINA.phone)).toEqual(['два\n\u2028🦅']));
  });

  test('one text for many arrives once each, whoever is tried again alone', async () => {
    const channel = open();
    const to = (recipientId: string) => message({ recipientId, sharedKey: 'broadcast-7', text: 'Скидка' });
    const first = await channel.send([to(ANNA.id), to(VERA.id), to(DINA.id)], never);
    expect(first).toMatchObject([{ kind: 'sent' }, { kind: 'refused', reason: 'refused_by_user' }, { kind: 'sent' }]);
    expect(await channel.send([to(DINA.id)], never)).toEqual([first[2]]);
    await channel.send([message({ recipientId: DINA.id, text: 'ещё' })], never);
    await eventually(async () => expect(await inboxOf(DINA.phone)).toEqual(['Скидка', 'ещё']));
  });

  test('a batch whose answer is lost arrives once when it is sent again', async () => {
    const batch = [message({ text: 'раз' }), message({ text: 'два' })];
    await faults({ timeoutAfter: 1 });
    expect(await open({ timeoutMs: 1_000 }).send(batch, never)).toMatchObject([{ kind: 'unanswered' }, { kind: 'unanswered' }]);
    await faults({ timeoutAfter: 0 });
    expect(await open().send(batch, never)).toMatchObject([{ kind: 'sent' }, { kind: 'sent' }]);
    expect(await open().send([message({ text: 'три' })], never)).toMatchObject([{ kind: 'sent' }]);
    await eventually(async () => expect(await inboxOf(ANNA.phone)).toContain('три'));
    expect(await inboxOf(ANNA.phone)).toEqual(['раз', 'два', 'три']);
  });

  test.each([
    [6, 'throttled'],
    [9, 'throttled'],
    [10, 'failed'],
    [14, 'throttled'],
    [901, 'refused'],
    [911, 'refused'],
    [950, 'refused'],
  ])('error %i reaches one message and each of a batch as %s', async (code, kind) => {
    await faults({ errors: { [code]: 1 } });
    const outcome = { kind, networkCode: String(code) };
    expect(await open().send([message()], never)).toMatchObject([outcome]);
    expect(await open().send([message(), message()], never)).toMatchObject([outcome, outcome]);
  });

  test('every button and a carousel that we let pass, VK takes', async () => {
    const rows: NonNullable<Outgoing['keyboard']>['rows'] = [
      [
        { kind: 'text', label: 'я'.repeat(40), payload: '{}', color: 'secondary' },
        { kind: 'callback', label: 'Нет', payload: `"${'x'.repeat(253)}"`, color: 'negative' },
      ],
      [{ kind: 'link', label: 'Меню', url: 'https://pizza.example/' }],
      [{ kind: 'location', label: 'Где вы?' }],
      [{ kind: 'contact', label: 'Телефон' }],
    ];
    const cards = Array(10).fill({
      title: 'Пицца',
      description: 'Острая',
      buttons: [{ kind: 'text', label: 'Беру', payload: '{}' }],
    });
    const batch = [
      message({ keyboard: { place: 'message', rows } }),
      message({ keyboard: { place: 'dialog', oneTime: true, rows } }),
      message({ keyboard: { place: 'dialog', rows: [] } }),
      message({ carousel: cards }),
    ];
    expect((await open().send(batch, never)).map(({ kind }) => kind)).toEqual(Array(4).fill('sent'));
  });
});

describe('in a dialog', () => {
  test('a message is changed and taken back for everybody', async () => {
    const channel = open();
    const networkId = await idOf(channel);
    const target = { peerId: ANNA.id, networkId };
    await eventually(async () => expect(await inboxOf(ANNA.phone)).toEqual(['Привет']));
    expect(await channel.edit(target, { text: 'Здравствуйте' }, never)).toMatchObject({ kind: 'done' });
    expect(await channel.message(target, never)).toMatchObject({ result: { text: 'Здравствуйте' } });
    await eventually(async () => expect(await inboxOf(ANNA.phone)).toEqual(['Здравствуйте']));
    expect(await channel.delete(target, never)).toMatchObject({ kind: 'done' });
    expect(await channel.message(target, never)).toMatchObject({ kind: 'refused', networkCode: '104' });
  });

  test('typing, reading and a history page by page go as VK takes them', async () => {
    const channel = open();
    await act(ANNA.phone, 'say', { text: 'да' });
    const networkId = await idOf(channel, { text: 'Готово' });
    expect(await channel.showTyping(ANNA.id, never)).toMatchObject({ kind: 'done' });
    expect(await channel.markRead({ peerId: ANNA.id, networkId }, never)).toMatchObject({ kind: 'done' });
    expect(await channel.history(ANNA.id, null, never)).toMatchObject({
      result: {
        messages: [
          { networkId, direction: 'out', userId: '', text: 'Готово' },
          { direction: 'in', userId: ANNA.id, text: 'да' },
        ],
        next: null,
      },
    });
    expect(await channel.dialogs(null, never)).toMatchObject({ result: { peerIds: [ANNA.id], next: null } });
  });

  test('a reply stands on the message it answers', async () => {
    const channel = open();
    const asked = await eventsOf(channel, () => act(ANNA.phone, 'say', { text: 'во сколько?' }));
    const replyToNetworkId = asked[0]?.kind === 'message' ? asked[0].networkId : '';
    expect(await channel.send([message({ text: 'в семь', replyToNetworkId })], never)).toMatchObject([{ kind: 'sent' }]);
  });

  test('a callback button is answered, once', async () => {
    const channel = open();
    await channel.send(
      [message({ keyboard: { place: 'message', rows: [[{ kind: 'callback', label: 'Да', payload: '{"a":1}' }]] } })],
      never,
    );
    await eventually(async () => expect(await inboxOf(ANNA.phone)).toHaveLength(1));
    const [press] = await eventsOf(channel, () => act(ANNA.phone, 'press', { payload: '{"a":1}' }));
    if (press?.kind !== 'button') throw new Error(`no button came: ${JSON.stringify(press)}`);
    expect(press).toMatchObject({ payload: '{"a":1}', userId: ANNA.id });
    expect(await channel.answerButton(press, { text: 'Записали' }, never)).toMatchObject({ kind: 'done' });
    expect(await channel.answerButton({ ...press, callbackId: 'nobody-pressed' }, {}, never)).toMatchObject({ kind: 'refused' });
  });

  test.each([
    [
      'image',
      'image/png',
      new Uint8Array(
        Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'),
      ),
    ],
    ['file', 'application/pdf', new Uint8Array([0x25, 0x50, 0x44, 0x46, 0x0d, 0x0a, 0xff])],
    ['voice', 'audio/ogg', new Uint8Array([0x4f, 0x67, 0x67, 0x53, 0, 0xff])],
  ] as const)('a file of the kind %s goes up and stands in a message', async (kind, contentType, bytes) => {
    const channel = open();
    await act(ANNA.phone, 'say', { text: 'пришлите' });
    const uploaded = await channel.upload({ kind, name: 'кот "1"', contentType, bytes }, ANNA.id, never);
    if (uploaded.kind !== 'done') throw new Error(JSON.stringify(uploaded));
    const networkId = await idOf(channel, { text: '', attachments: [uploaded.result] });
    expect(await channel.message({ peerId: ANNA.id, networkId }, never)).toMatchObject({ result: { attachments: [{}] } });
  });

  test('people have names, and nobody is asked for in vain', async () => {
    const profiles = await open().profiles([ANNA.id, DINA.id], never);
    expect(profiles).toMatchObject({ result: [{ userId: ANNA.id, name: expect.stringMatching(/^Анна /) }, { userId: DINA.id }] });
  });
});

describe('events', () => {
  test('what an admin writes in VK’s page comes with its author, what we write does not come', async () => {
    const channel = open();
    const events = await eventsOf(channel, async () => {
      await networks.control('POST', `/groups/vk/${GROUP}/write-as-admin`, {
        phone: ANNA.phone,
        text: 'Готовим',
        admin: DINA.phone,
      });
      await channel.send([message()], never);
      await act(ANNA.phone, 'say', { text: 'спасибо' });
    });
    expect(events.map(({ kind }) => kind)).toEqual(['written-elsewhere', 'message']);
    expect(events[0]).toMatchObject({ userId: ANNA.id, peerId: ANNA.id, text: 'Готовим', authorId: DINA.id });
  });

  test('a person changes a message, and it comes under its id', async () => {
    const channel = open();
    const said = await eventsOf(channel, () => act(ANNA.phone, 'say', { text: 'маргариту' }));
    const networkId = said[0]?.kind === 'message' ? said[0].networkId : '';
    expect(await eventsOf(channel, () => act(ANNA.phone, 'edit', { message: networkId, text: 'пепперони' }))).toMatchObject([
      { kind: 'edited', networkId, text: 'пепперони', userId: ANNA.id },
    ]);
  });

  test('a group chat tells who wrote, joined, left and gave it a name; we write, edit and look into it', async () => {
    const channel = open();
    await openChat();
    const at = `/chats/vk/${GROUP}/${CHAT.number}`;
    const events = await eventsOf(channel, async () => {
      await networks.control('POST', `${at}/title`, { title: 'Зал', by: ANNA.phone });
      await networks.control('POST', `${at}/leave`, { phone: DINA.phone });
      await networks.control('POST', `${at}/add`, { phone: DINA.phone, by: ANNA.phone });
      await act(ANNA.phone, 'say', { text: 'все тут?', chat: CHAT.number });
    });
    const inChat = { peerId: CHAT.peerId, isGroupChat: true };
    expect(events).toMatchObject([
      { kind: 'chat', change: 'title', title: 'Зал', userId: ANNA.id, ...inChat },
      { kind: 'chat', change: 'left', memberId: DINA.id, userId: DINA.id, ...inChat },
      { kind: 'chat', change: 'joined', memberId: DINA.id, userId: ANNA.id, ...inChat },
      { kind: 'message', text: 'все тут?', userId: ANNA.id, ...inChat },
    ]);
    const networkId = await idOf(channel, { recipientId: CHAT.peerId, text: 'все' });
    expect(networkId).toMatch(/^2000000001:\d+$/);
    expect(await channel.edit({ peerId: CHAT.peerId, networkId }, { text: 'все!' }, never)).toMatchObject({ kind: 'done' });
    expect(await channel.message({ peerId: CHAT.peerId, networkId }, never)).toMatchObject({ result: { text: 'все!' } });
    expect(await channel.chat(CHAT.peerId, never)).toMatchObject({
      result: { isGroupChat: true, title: 'Зал', memberIds: expect.arrayContaining([ANNA.id, DINA.id]) },
    });
  });

  test.each([1, 2, 3] as const)('go on after long poll failed with %i, and what was not lost comes', async (fail) => {
    const channel = open();
    const { state } = await channel.poll(null, 1, never);
    if (fail === 2) await act(ANNA.phone, 'say', { text: 'раз' });
    await networks.control('POST', '/long-poll', { fail });
    const after = await channel.poll(state, 1, never);
    await act(ANNA.phone, 'say', { text: 'два' });
    const { bodies } = await channel.poll(after.state, 5, never);
    const texts = [...after.bodies, ...bodies]
      .flatMap((body) => parseVkEvent(parseJson(body)))
      .flatMap((event) => (event.kind === 'message' ? [event.text] : []));
    expect(texts).toEqual(fail === 2 ? ['раз', 'два'] : ['два']);
  });
});

describe('the set-up', () => {
  test('is checked step by step, before and after it is made', async () => {
    const channel = open();
    await using receiver = await startReceiver((body) =>
      JSON.parse(body).type === 'confirmation' ? channel.confirmation(never) : 'ok',
    );
    const stateOf = async (name: string) => (await channel.check(receiver.url, never)).find((step) => step.name === name)?.state;
    expect(await stateOf('webhook')).toBe('bad');
    expect(await channel.subscribeWebhook({ url: receiver.url, secret: 'a-secret' }, never)).toMatchObject({
      state: 'active',
      did: [expect.stringContaining('Added'), expect.stringContaining('events'), expect.stringContaining('bot capabilities')],
    });
    expect(await channel.subscribeWebhook({ url: receiver.url, secret: 'a-secret' }, never)).toEqual({
      state: 'active',
      did: [],
    });
    expect((await channel.check(receiver.url, never)).filter(({ state }) => state === 'bad')).toEqual([]);
    await channel.unsubscribeWebhook(receiver.url, never);
  });

  test('a dead token is found, and stops what is sent with it', async () => {
    const channel = open();
    expect(await channel.keepAlive(never)).toMatchObject({ kind: 'done' });
    await networks.control('POST', '/tokens', { network: 'vk', do: 'kill' });
    expect(await channel.keepAlive(never)).toMatchObject({ kind: 'stopped' });
    expect(await channel.check(null, never)).toMatchObject([{ name: 'token', state: 'bad' }]);
    expect(await channel.send([message()], never)).toMatchObject([{ kind: 'stopped' }]);
  });

  test.each(['5.131', '5.199'])('stands in version %s', async (apiVersion) => {
    const channel = open({ apiVersion });
    const steps = await channel.check(null, never);
    expect(steps.find(({ name }) => name === 'group')).toMatchObject({ state: 'good' });
    expect(await channel.send([message()], never)).toMatchObject([{ kind: 'sent' }]);
  });
});
