import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type SimulatedNetworks, startReceiver, startSimulatedNetworks } from '../../test/simulated-networks.ts';
import type { InboundEvent } from '../channel.ts';
import { createVkChannel, parseJson, parseVkEvent, type VkChannel } from '../channels.ts';
import { ANNA, DINA, never, TIMEOUT_MS, until } from './rows.ts';

// What befalls events of VK on their way. What befalls calls is in the table of cells; the errors of messages.send and batches are
// in vk/vk-sending-conformance.test.ts, `failed` 1 to 3 of the long poll in vk/vk-events-conformance.test.ts.

vi.setConfig({ testTimeout: 30_000 });
const GROUP = '213243638';
/** Longer than a call takes, and not as long as a poll may. */
const GIVEN_UP_AFTER_MS = 500;

let networks: SimulatedNetworks;
let channel: VkChannel;
beforeAll(async () => {
  networks = await startSimulatedNetworks();
});
beforeEach(async () => {
  await networks.control('POST', '/reset', { subscriptions: true });
  channel = createVkChannel({
    baseUrl: `${networks.url}/vk`,
    token: 'vk1.demo',
    groupId: GROUP,
    timeoutMs: TIMEOUT_MS,
    setUpCallsPerSecond: 18,
  });
});
afterEach(() => channel.close());
afterAll(() => networks[Symbol.asyncDispose]());

const say = (text: string, phone = ANNA.phone) => networks.control('POST', `/people/${phone}/say`, { network: 'vk', text });
const faults = (fields: object) => networks.control('POST', '/faults', { network: 'vk', ...fields });
type Message = Extract<InboundEvent, { kind: 'message' }>;
const messagesOf = (bodies: readonly string[]): Message[] =>
  bodies.flatMap((body) => parseVkEvent(parseJson(body))).filter((event) => event.kind === 'message');
const textsOf = (bodies: readonly string[]): string[] => messagesOf(bodies).map(({ text }) => text);

describe('a long poll', () => {
  test('that meets a 503 throws, and the same state brings what waited', async () => {
    const { state } = await channel.poll(null, 0, never);
    await say('раз');
    await faults({ error5xx: 1 });
    await expect(channel.poll(state, 1, never)).rejects.toThrow(/status 503: poll again/);
    await faults({ error5xx: 0 });
    expect(textsOf((await channel.poll(state, 1, never)).bodies)).toEqual(['раз']);
  });

  test.each(['timeoutBefore', 'timeoutAfter'])(
    'that hangs (%s) ends when it is given up, and the same state brings what waited',
    async (fault) => {
      const { state } = await channel.poll(null, 0, never);
      await say('раз');
      await faults({ [fault]: 1 });
      await expect(channel.poll(state, 25, AbortSignal.timeout(GIVEN_UP_AFTER_MS))).rejects.toThrow(/did not answer/);
      await faults({ [fault]: 0 });
      expect(textsOf((await channel.poll(state, 1, never)).bodies)).toEqual(['раз']);
    },
  );

  test('goes on from a ts that VK gives as a text, and from one that it gives as a number', async () => {
    const first = await channel.poll(null, 0, never);
    await say('раз');
    const second = await channel.poll(first.state, 1, never);
    await networks.control('POST', '/long-poll', { fail: 1 }); // its answer bears a number
    const third = await channel.poll(second.state, 0, never);
    await say('два');
    const fourth = await channel.poll(third.state, 1, never);
    expect([second, third, fourth].map(({ bodies }) => textsOf(bodies))).toEqual([['раз'], [], ['два']]);
  });
});

test('an event that comes twice bears one id, by long poll and by webhook', async () => {
  await using receiver = await startReceiver((body) =>
    JSON.parse(body).type === 'confirmation' ? channel.confirmation(never) : 'ok',
  );
  await channel.subscribeWebhook({ url: receiver.url }, never);
  const { state } = await channel.poll(null, 0, never);
  await faults({ duplicateEvents: 1 });
  await say('раз');
  const polled = messagesOf((await channel.poll(state, 1, never)).bodies);
  const posted = await until(async () => {
    const messages = messagesOf(receiver.bodies);
    return messages.length === 2 ? messages : undefined;
  });
  expect(polled).toHaveLength(2);
  expect(new Set([...polled, ...posted].map(({ eventId }) => eventId)).size).toBe(1);
});

test('events that come in another order are told apart, each with its person and its text, and sorted by VK’s own numbers', async () => {
  let dinaIsHeard = (): void => {};
  const dinaFirst = new Promise<void>((resolve) => {
    dinaIsHeard = resolve;
  });
  await using receiver = await startReceiver(async (body) => {
    if (JSON.parse(body).type === 'confirmation') return channel.confirmation(never);
    if (body.includes('второе')) dinaIsHeard();
    else await dinaFirst; // Anna's waits on the way until Dina's has come
    return 'ok';
  });
  await channel.subscribeWebhook({ url: receiver.url }, never);
  await say('первое');
  await say('третье');
  await say('второе', DINA.phone);
  const messages = await until(async () => {
    const heard = messagesOf(receiver.bodies);
    return heard.length === 3 ? heard : undefined;
  });
  expect(messages.map(({ text }) => text)).toEqual(['первое', 'второе', 'третье']);
  const inOrder = messages.toSorted((a, b) => Number(a.networkId) - Number(b.networkId));
  expect(inOrder.map(({ text, userId }) => [text, userId])).toEqual([
    ['первое', ANNA.vk],
    ['третье', ANNA.vk],
    ['второе', DINA.vk],
  ]);
});
