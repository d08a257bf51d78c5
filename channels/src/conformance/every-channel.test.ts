import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Receiver, type SimulatedNetworks, startReceiver, startSimulatedNetworks } from '../../test/simulated-networks.ts';
import type { Channel, InboundEvent, Outgoing } from '../channel.ts';
import {
  createNotifyChannel,
  createOkChannel,
  createVkChannel,
  parseJson,
  parseNotifyIncoming,
  parseNotifyStatuses,
  parseVkEvent,
  type VkChannel,
} from '../channels.ts';

// The channels against the simulator, over HTTP only: two readings of the same contracts that must agree.

const VK_GROUP = '213243638';
const OK_GROUP = '70000000000001';
const ANNA = { phone: '79999999999', vk: '37119444', ok: '123456789012' };
const VERA = { phone: '79990000002', vk: '37119446' }; // has blocked the group
const TIMEOUT_MS = 10_000;
/** For answers that never come. */
const IMPATIENT_MS = 300;

vi.setConfig({ testTimeout: 30_000 });
/** Waits until `check` no longer throws: as long as a busy machine may take. */
const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 60_000, interval: 20 });

const never = new AbortController().signal;
let networks: SimulatedNetworks;
const opened: { close?(): Promise<void> }[] = [];
const opening = <T extends { close?(): Promise<void> }>(channel: T): T => {
  opened.push(channel);
  return channel;
};

beforeAll(async () => {
  networks = await startSimulatedNetworks();
});
beforeEach(() => networks.control('POST', '/reset'));
afterEach(() => Promise.all(opened.splice(0).map((channel) => channel.close?.())));
afterAll(() => networks[Symbol.asyncDispose]());

const vkChannel = (token = 'vk1.demo', timeoutMs = TIMEOUT_MS) =>
  opening(createVkChannel({ baseUrl: `${networks.url}/vk`, token, groupId: VK_GROUP, timeoutMs, setUpCallsPerSecond: 18 }));
const okChannel = (graphToken = 'tkn18YdUJZe:CQABPOJKAKEKEKEKE', timeoutMs = TIMEOUT_MS) =>
  opening(createOkChannel({ baseUrl: `${networks.url}/ok`, graphToken, groupId: OK_GROUP, timeoutMs }));
const notifyChannel = (statusUrl = `${networks.url}/control/receiver/demo`, key = 'notify-demo', timeoutMs = TIMEOUT_MS) =>
  opening(createNotifyChannel({ baseUrl: `${networks.url}/notify`, key, statusUrl, dedup: true, timeoutMs }));

let lastKey = 0;
const toVk = (fields: Partial<Outgoing> = {}): Outgoing => ({
  dedupKey: `conformance-${++lastKey}`,
  network: 'vk',
  groupId: VK_GROUP,
  recipientId: ANNA.vk,
  text: 'Привет, Анна & = ?',
  ...fields,
});
const toOk = (fields: Partial<Outgoing> = {}): Outgoing =>
  toVk({ network: 'ok', groupId: OK_GROUP, recipientId: ANNA.ok, ...fields });
const byPhone = (fields: Partial<Outgoing> = {}): Outgoing =>
  toVk({
    recipientId: ANNA.phone,
    notification: {
      service: 'Group_name',
      templateId: 4,
      tmpl: 'base_template',
      templateData: '{"name":"Анна","pizza":"Маргарита"}',
      deliveryPolicy: 'any',
      ttlSeconds: 60,
    },
    ...fields,
  });

const inboxOf = async (phone: string) =>
  (await networks.control('GET', `/people/${phone}/inbox`)) as { network: string; text: string; kind: string }[];
const say = (phone: string, network: 'vk' | 'ok', text: string) =>
  networks.control('POST', `/people/${phone}/say`, { network, text });

const CHANNELS: [
  name: 'vk' | 'ok' | 'notify',
  channel: (timeoutMs?: number) => Channel,
  message: (fields?: Partial<Outgoing>) => Outgoing,
  arrives: string,
][] = [
  ['vk', (timeoutMs) => vkChannel(undefined, timeoutMs), toVk, 'Привет, Анна & = ?'],
  ['ok', (timeoutMs) => okChannel(undefined, timeoutMs), toOk, 'Привет, Анна & = ?'],
  [
    'notify',
    (timeoutMs) => notifyChannel(undefined, undefined, timeoutMs),
    byPhone,
    'Здравствуйте, Анна! Ваша Маргарита готова.',
  ],
];

describe.each(CHANNELS)('%s', (name, channel, message, arrives) => {
  test('a message that is sent arrives with its text', async () => {
    const outcomes = await channel().send([message()], never);
    expect(outcomes).toEqual([{ kind: 'sent', networkId: expect.stringMatching(/.+/) }]);
    await eventually(async () => expect((await inboxOf(ANNA.phone)).map(({ text }) => text)).toEqual([arrives]));
  });

  test('a message whose answer is lost is unanswered, and its repeat arrives twice only where the network cannot tell', async () => {
    const [sent, same] = [channel(), message()];
    await networks.control('POST', '/faults', { network: name, timeoutAfter: 1 });
    expect(await channel(IMPATIENT_MS).send([same], never)).toMatchObject([{ kind: 'unanswered' }]);
    await networks.control('POST', '/faults', { network: name, timeoutAfter: 0 });
    expect(await sent.send([same], never)).toMatchObject([{ kind: 'sent' }]);
    // The last one shows that nothing is still on its way.
    expect(await sent.send([message()], never)).toMatchObject([{ kind: 'sent' }]);
    const copies = sent.capabilities.dropsRepeats ? 1 : 2;
    await eventually(async () => expect((await inboxOf(ANNA.phone)).length).toBeGreaterThan(copies));
    expect(await inboxOf(ANNA.phone)).toHaveLength(copies + 1);
  });

  test('a message that times out before the network took it is unanswered and does not arrive', async () => {
    await networks.control('POST', '/faults', { network: name, timeoutBefore: 1 });
    expect(await channel(IMPATIENT_MS).send([message()], never)).toMatchObject([{ kind: 'unanswered' }]);
    expect(await inboxOf(ANNA.phone)).toEqual([]);
  });

  test('a message met by a failing front is neither sent nor refused, and goes out on the next attempt', async () => {
    const [sent, same] = [channel(), message()];
    await networks.control('POST', '/faults', { network: name, error5xx: 1 });
    expect((await sent.send([same], never))[0]?.kind).toMatch(/^(unanswered|failed|throttled)$/);
    await networks.control('POST', '/faults', { network: name, error5xx: 0 });
    expect(await sent.send([same], never)).toMatchObject([{ kind: 'sent' }]);
  });

  test('a message breaks no limit of the network', async () => {
    await channel().send([message()], never);
    expect(await networks.control('GET', '/violations')).toEqual([]);
  });
});

describe('vk', () => {
  test('a repeated dedupKey sends once and finds the same message', async () => {
    const [channel, same] = [vkChannel(), toVk()];
    const first = await channel.send([same], never);
    expect(await channel.send([same], never)).toEqual(first);
    await channel.send([toVk({ text: 'ещё одно' })], never);
    await eventually(async () => expect((await inboxOf(ANNA.phone)).map(({ text }) => text)).toEqual([same.text, 'ещё одно']));
  });

  test('a person who has blocked the group refuses', async () => {
    expect(await vkChannel().send([toVk({ recipientId: VERA.vk })], never)).toMatchObject([
      { kind: 'refused', reason: 'refused_by_user', networkCode: expect.stringMatching(/^90[01]$/) },
    ]);
  });

  test('too many calls in a second make the lane wait', async () => {
    const channel = vkChannel();
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => channel.send([toVk()], never)));
    expect(outcomes.flat()).toContainEqual(expect.objectContaining({ kind: 'throttled', scope: 'lane', networkCode: '6' }));
  });

  test('errors that pass make the message wait or try again', async () => {
    await networks.control('POST', '/faults', { network: 'vk', errors: { 10: 1 } });
    expect(await vkChannel().send([toVk()], never)).toMatchObject([{ kind: 'failed', networkCode: '10' }]);
  });

  test('a wrong token stops the connection', async () => {
    expect(await vkChannel('vk1.wrong').send([toVk()], never)).toMatchObject([{ kind: 'stopped', networkCode: '5' }]);
  });

  describe('events', () => {
    // `other` is left out: whether VK tells us of our own messages is a setting of the community.
    const events = (bodies: readonly string[]): InboundEvent[] =>
      bodies.flatMap((body) => parseVkEvent(parseJson(body))).filter(({ kind }) => kind !== 'other');

    const subscribe = (channel: VkChannel, receiver: Receiver) =>
      channel.subscribeWebhook({ url: receiver.url, secret: 'a-secret' }, never);

    test('come by long poll, in their order, from where the last poll ended', async () => {
      const channel = vkChannel();
      const { state } = await channel.poll(null, 1, never);
      await say(ANNA.phone, 'vk', 'раз');
      await say(ANNA.phone, 'vk', 'два');
      const first = await channel.poll(state, 5, never);
      await say(ANNA.phone, 'vk', 'три');
      const second = await channel.poll(first.state, 5, never);
      const texts = events([...first.bodies, ...second.bodies]).map((event) => event.kind === 'message' && event.text);
      expect(texts).toEqual(['раз', 'два', 'три']);
      expect(events(first.bodies)).toMatchObject([{ userId: ANNA.vk, peerId: ANNA.vk, groupId: VK_GROUP }, {}]);
      // The same state again brings the same events again, under the same ids: nothing is lost to a crash.
      const again = events((await channel.poll(state, 5, never)).bodies).map(({ eventId }) => eventId);
      expect(again).toEqual(events([...first.bodies, ...second.bodies]).map(({ eventId }) => eventId));
    });

    test('go on after the key has become too old', async () => {
      const channel = vkChannel();
      const { state } = await channel.poll(null, 1, never);
      await say(ANNA.phone, 'vk', 'раз');
      const expired = JSON.stringify({ ...JSON.parse(state), key: 'expired' });
      expect(events((await channel.poll(expired, 5, never)).bodies)).toMatchObject([{ kind: 'message', text: 'раз' }]);
    });

    test('come to a webhook that was confirmed, with its secret, and a pressed button brings its payload', async () => {
      const channel = vkChannel();
      await using receiver = await startReceiver((body) =>
        JSON.parse(body).type === 'confirmation' ? channel.confirmation(never) : 'ok',
      );
      await subscribe(channel, receiver);

      const rows = [[{ kind: 'text', label: 'Да', payload: '{"answer":"yes"}' }]] as const;
      await channel.send([toVk({ keyboard: { place: 'message', rows } })], never);
      await eventually(async () => expect(await inboxOf(ANNA.phone)).toHaveLength(1));
      await networks.control('POST', `/people/${ANNA.phone}/press`, { network: 'vk', payload: '{"answer":"yes"}' });
      const messages = () => events(receiver.bodies).filter(({ kind }) => kind === 'message');
      await eventually(() => expect(messages()).toMatchObject([{ text: 'Да', payload: '{"answer":"yes"}', userId: ANNA.vk }]));
      expect(receiver.bodies.filter((body) => JSON.parse(body).type === 'message_new')).toEqual([
        expect.stringContaining('"a-secret"'),
      ]);
      await channel.unsubscribeWebhook(receiver.url, never);
    });

    test('tell of what was read, and of permission taken and given', async () => {
      const channel = vkChannel();
      const { state } = await channel.poll(null, 1, never);
      const [outcome] = await channel.send([toVk()], never);
      await eventually(async () => expect(await inboxOf(ANNA.phone)).toHaveLength(1));
      await networks.control('POST', `/people/${ANNA.phone}/read`, { network: 'vk' });
      await networks.control('POST', `/people/${ANNA.phone}/block`, { network: 'vk' });
      await networks.control('POST', `/people/${ANNA.phone}/allow`, { network: 'vk' });
      const { bodies } = await channel.poll(state, 5, never);
      expect(outcome?.kind).toBe('sent');
      expect(events(bodies)).toMatchObject([
        { kind: 'read', upToNetworkId: outcome?.kind === 'sent' && outcome.networkId },
        { kind: 'permission', allowed: false },
        { kind: 'permission', allowed: true },
      ]);
    });

    test('come once to a webhook that was subscribed twice, and stay away after it is removed', async () => {
      const channel = vkChannel();
      await using receiver = await startReceiver((body) =>
        JSON.parse(body).type === 'confirmation' ? channel.confirmation(never) : 'ok',
      );
      await subscribe(channel, receiver);
      await subscribe(channel, receiver);
      await say(ANNA.phone, 'vk', 'раз');
      const heard = () => events(receiver.bodies).filter(({ kind }) => kind === 'message');
      await eventually(() => expect(heard()).toHaveLength(1));

      await channel.unsubscribeWebhook(receiver.url, never);
      const { state } = await channel.poll(null, 1, never);
      await say(ANNA.phone, 'vk', 'два');
      expect(events((await channel.poll(state, 5, never)).bodies)).toMatchObject([{ text: 'два' }]);
      expect(heard()).toHaveLength(1);
    });
  });
});

describe('notify', () => {
  const statuses = (receiver: Receiver, networkId: string) =>
    receiver.bodies.flatMap((body) => parseNotifyStatuses(parseJson(body))).filter((receipt) => receipt.networkId === networkId);

  test('a batch is answered item by item, and every status of a message is called back', async () => {
    await using receiver = await startReceiver(() => '');
    const channel = notifyChannel(receiver.url);
    const unknownTemplate = byPhone();
    const batch = [
      byPhone(),
      { ...unknownTemplate, notification: { ...byPhone().notification, templateId: 999, tmpl: 'no_such' } } as Outgoing,
    ];
    const [taken, refused] = await channel.send(batch, never);
    expect(refused).toMatchObject({ kind: 'refused', reason: 'provider', networkCode: 'message.contains.invalid.templateId' });
    const networkId = taken?.kind === 'sent' ? taken.networkId : '';
    await eventually(() =>
      expect(statuses(receiver, networkId).map(({ status }) => status)).toEqual(['SENT', 'DELIVERED', 'READ']),
    );
    const asked = await channel.receipts(networkId, never);
    expect(asked.map(({ status }) => status)).toEqual(['SENT', 'DELIVERED', 'READ']);
  });

  test('a repeated dedupKey finds the same message', async () => {
    const [channel, same] = [notifyChannel(), byPhone()];
    const first = await channel.send([same], never);
    expect(await channel.send([same], never)).toEqual(first);
  });

  test('a wrong key stops the connection', async () => {
    const channel = notifyChannel(undefined, 'wrong');
    expect(await channel.send([byPhone()], never)).toMatchObject([{ kind: 'stopped', networkCode: 'login.must.be.not.null' }]);
  });

  test('a message of the contract that is not there has no receipts', async () => {
    expect(await notifyChannel().receipts('123', never)).toEqual([]);
  });

  test.each(['vk', 'ok'] as const)('an answer on %s is forwarded with the id of the notification it answers', async (network) => {
    await using receiver = await startReceiver(() => '');
    const account = {
      method: 'PATCH',
      body: JSON.stringify({ incomingUrl: receiver.url }),
      headers: { authorization: 'Key notify-demo', 'content-type': 'application/json' },
    };
    expect((await fetch(`${networks.url}/notify/v1/account`, account)).status).toBe(200);
    const [outcome] = await notifyChannel().send([byPhone({ network })], never);
    await eventually(async () => expect(await inboxOf(ANNA.phone)).toHaveLength(1));
    await say(ANNA.phone, network, 'спасибо');
    const forwarded = () => receiver.bodies.flatMap((body) => parseNotifyIncoming(parseJson(body)));
    const messageTag = outcome?.kind === 'sent' && outcome.networkId;
    await eventually(() =>
      expect(forwarded()).toMatchObject([{ kind: 'message', network, text: 'спасибо', messageTag, userId: ANNA[network] }]),
    );
  });
});
