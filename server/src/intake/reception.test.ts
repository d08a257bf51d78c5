import type { Channel } from '@soroka/channels';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { eventually } from '../../test/dispatch-town.ts';
import { startIncomingTown } from '../../test/incoming-town.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { createReception, type ReceptionParts } from './intake.ts';

const SPEED = 40;
const clock: Clock = {
  now: () => systemClock.now() * SPEED,
  monotonic: () => systemClock.monotonic() * SPEED,
  sleep: (ms, signal) => systemClock.sleep(ms / SPEED, signal),
};

type Town = Awaited<ReturnType<typeof startIncomingTown>>;

/** A network's side of reception: registered webhooks, and a queue for long polls. */
function fakeNetwork() {
  const webhooks = new Map<string, string | undefined>();
  const queue: string[] = [];
  const network = {
    webhooks,
    queue,
    /** States that polls came with. */
    polledWith: [] as (string | null)[],
    polling: 0,
    pollingMax: 0,
    isAway: false,
    attempts: 0,
  };
  const channel: Partial<Channel> = {
    async subscribeWebhook({ url, secret }) {
      network.attempts += 1;
      if (network.isAway) throw new Error('away');
      const isKnown = webhooks.has(url);
      webhooks.set(url, secret);
      return { state: 'active', did: isKnown ? [] : ['The address was registered.'] };
    },
    async unsubscribeWebhook(url) {
      webhooks.delete(url);
    },
    async poll(state, _waitSeconds, signal) {
      network.attempts += 1;
      if (network.isAway) throw new Error('away');
      network.polledWith.push(state);
      network.polling += 1;
      network.pollingMax = Math.max(network.pollingMax, network.polling);
      const from = state === null ? queue.length : Number(state);
      const until = performance.now() + 200;
      while (queue.length === from && performance.now() < until && !signal.aborted) await systemClock.sleep(5);
      network.polling -= 1;
      return { bodies: queue.slice(from), state: String(queue.length) };
    },
  };
  return { ...{ network }, channel: channel as Channel };
}

function startReception(town: Town, channel: Channel, more: Partial<ReceptionParts> = {}) {
  const connections = { ...town.connections, channel: async () => channel, list: () => town.connections.list(town.account.id) };
  const reception = createReception({
    ...{ database: town.database, connections, rawEvents: town.rawEvents, clock, log: pino({ level: 'silent' }) },
    ...{ health: town.health, webhookCheckMs: 20_000 },
    ...more,
  });
  reception.run();
  return { heard: () => reception.heard(), [Symbol.asyncDispose]: () => reception.stop() };
}

/** A VK event as a long poll brings it. */
const update = (town: Town, text: string) => {
  const { secret: _, ...event } = JSON.parse(town.vkMessage(text)) as Record<string, unknown>;
  return JSON.stringify(event);
};
const textsOf = async (town: Town): Promise<string[]> => {
  const { items } = await town.dialogs.list(town.account.id, { limit: 1 });
  return items.length === 0 ? [] : (await town.history()).map(({ text }) => text);
};

test('a webhook is registered with its secret, and again where the network forgot it', async () => {
  await using town = await startIncomingTown();
  const { network, channel } = fakeNetwork();
  await town.connections.setReceive(town.connectionIds.vk, 'webhook');
  await using _ = startReception(town, channel);
  const url = await town.connections.webhookUrl(town.connectionIds.vk);
  await eventually(() => network.webhooks.get(url) === town.webhookSecret);
  network.webhooks.clear();
  await eventually(() => network.webhooks.has(url));
});

test('an upstream is told our address like a network, and a connection that is off is left alone', async () => {
  await using town = await startIncomingTown();
  const { network, channel } = fakeNetwork();
  await town.connections.setReceive(town.connectionIds.notify, 'webhook');
  await town.connections.setReceive(town.connectionIds.ok, 'webhook');
  await using _ = startReception(town, channel);
  await eventually(() => network.webhooks.size === 2);
  expect(new Set(network.webhooks.keys())).toEqual(
    new Set([
      await town.connections.webhookUrl(town.connectionIds.ok),
      await town.connections.webhookUrl(town.connectionIds.notify),
    ]),
  );
});

test('changed to long poll, the webhook is taken back and nothing is lost or told twice; and the same on the way back', async () => {
  await using town = await startIncomingTown();
  const { network, channel } = fakeNetwork();
  const { vk } = town.connectionIds;
  await town.connections.setReceive(vk, 'webhook');
  await using _ = startReception(town, channel);
  await eventually(() => network.webhooks.size === 1);

  await town.connections.setReceive(vk, 'long-poll');
  await eventually(() => network.polledWith.length > 0);
  const both = update(town, 'дважды');
  await town.post('vk', both.replace('{', `{"secret":"${town.webhookSecret}",`));
  network.queue.push(both, update(town, 'опросом'));
  await eventually(() => network.webhooks.size === 0);
  await eventually(async () => (await textsOf(town)).length === 2);

  await town.connections.setReceive(vk, 'webhook');
  await eventually(() => network.webhooks.size === 1);
  await town.settled();
  expect(await textsOf(town)).toEqual(['дважды', 'опросом']);
});

test('what waits in the long poll when the webhook takes over is fetched', async () => {
  await using town = await startIncomingTown();
  const { network, channel } = fakeNetwork();
  const { vk } = town.connectionIds;
  await town.connections.setReceive(vk, 'long-poll');
  {
    await using _ = startReception(town, channel);
    await eventually(() => network.polledWith.length > 1);
  }
  network.queue.push(update(town, 'между'));
  await town.connections.setReceive(vk, 'webhook');
  await using _ = startReception(town, channel);
  await eventually(async () => (await textsOf(town)).length === 1);
  expect(await textsOf(town)).toEqual(['между']);
});

test('a process that starts anew goes on where the last one stood', async () => {
  await using town = await startIncomingTown();
  const { network, channel } = fakeNetwork();
  network.queue.push('{}', '{}');
  await town.connections.setReceive(town.connectionIds.vk, 'long-poll');
  {
    await using _ = startReception(town, channel);
    await eventually(() => network.polledWith.includes('2'));
  }
  network.queue.push(update(town, 'пока нас не было'));
  network.polledWith.length = 0;
  await using _ = startReception(town, channel);
  await eventually(async () => (await textsOf(town)).length === 1);
  expect(network.polledWith[0]).toBe('2');
  expect(await textsOf(town)).toEqual(['пока нас не было']);
});

test('of two processes one polls, and the other goes on when it stops', async () => {
  await using town = await startIncomingTown();
  const { network, channel } = fakeNetwork();
  await town.connections.setReceive(town.connectionIds.vk, 'long-poll');
  const first = startReception(town, channel);
  await eventually(() => network.polling === 1);
  await using _ = startReception(town, channel);
  await eventually(() => network.polledWith.length >= 5);
  await first[Symbol.asyncDispose]();
  const before = network.polledWith.length;
  await eventually(() => network.polledWith.length > before);
  expect(network.pollingMax).toBe(1);
  expect(network.polledWith.filter((state) => state === null)).toHaveLength(1);
});

test('a network that is away is asked again until it is back', async () => {
  await using town = await startIncomingTown();
  const { network, channel } = fakeNetwork();
  network.isAway = true;
  await town.connections.setReceive(town.connectionIds.vk, 'long-poll');
  await town.connections.setReceive(town.connectionIds.ok, 'webhook');
  await using _ = startReception(town, channel);
  await eventually(() => network.attempts > 5);
  network.isAway = false;
  network.queue.push('{}');
  await eventually(() => network.polledWith.length > 0 && network.webhooks.size > 0);
});

test('everybody is heard only when every network has taken the webhook or been polled', async () => {
  await using town = await startIncomingTown();
  const { network, channel } = fakeNetwork();
  network.isAway = true;
  await town.connections.setReceive(town.connectionIds.vk, 'long-poll');
  await town.connections.setReceive(town.connectionIds.ok, 'webhook');
  await using reception = startReception(town, channel);
  let isHeard = false;
  const heard = reception.heard().then(() => {
    isHeard = true;
  });
  await eventually(() => network.attempts > 5);
  expect(isHeard).toBe(false);
  network.isAway = false;
  await heard;
  expect([network.webhooks.size, network.polledWith.length > 0]).toEqual([1, true]);
});
