import { setTimeout as wait } from 'node:timers/promises';
import { openStore } from './engine.ts';
import { type EngineNetwork, startEngineNetwork, type Taken } from './engine-network.ts';
import { createCaller } from './http-caller.ts';
import { KEY, messageJson, setLimits } from './load-world.ts';
import { installPeers, startPeer } from './peer.ts';
import { findRedis } from './redis.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';

const PER_SECOND = 50;
const ENGINE_GROUPS = 20;
const MESSAGES_PER_GROUP = 250;
const QUICK_MESSAGES_PER_GROUP = 120;
// Late in the window that the first message has opened: a window that begins with a message lets this and the next one meet.
const BURST_AFTER_MS = 900;

/** Hands messages over to an engine that is at work. */
type Add = (indices: readonly number[]) => Promise<void>;

/** The worst second of a group where each engine is asked for 50 a second and group. */
export async function measureLanes(town: Town, options: { isQuick: boolean; say(line: string): void }): Promise<Section> {
  const { isQuick, say } = options;
  const perGroup = isQuick ? QUICK_MESSAGES_PER_GROUP : MESSAGES_PER_GROUP;
  await using network = await startEngineNetwork();
  say(`lanes: ours, ${perGroup} messages to each of ${ENGINE_GROUPS} groups`);
  const rows = [rowOf('soroka', 'a ring of the last 50 sends', await runOurs(town, network, perGroup), perGroup)];
  if ((await findRedis()) === null)
    say('lanes: BullMQ is SKIPPED: there is no redis-server here; install it (Debian: apt-get install redis-server)');
  else {
    await installPeers(say);
    say('lanes: BullMQ with its limiter');
    rows.push(rowOf('bullmq', 'limiter, 50 in 1000 ms', await runBullmq(town, network, perGroup), perGroup));
  }
  return {
    name: 'lanes',
    rows,
    notes: [
      `Asked for: at most ${PER_SECOND} a second to each of ${ENGINE_GROUPS} groups. Each group gets one message, and ${BURST_AFTER_MS} ms after all of these have come the rest at once: late in the window that the first one opened.`,
      'BullMQ has a queue and a worker for each group, since its limiter counts by queue (limits by group are in its paid version). It counts from the first message of a window to its end, and the next window begins anew.',
      'graphile-worker and pg-boss are not here: they have no limit of messages a second (named queues and group concurrency say how many run at once). Their worst second without one stands in the table `engine`.',
    ],
  };
}

function rowOf(engine: string, limit: string, { messages, worstSecond, firstAt, lastAt }: Taken, perGroup: number) {
  if (messages !== perGroup * ENGINE_GROUPS)
    throw new Error(`${engine} sent ${messages} messages of ${perGroup * ENGINE_GROUPS}`);
  return {
    engine,
    limit,
    'worst second of a group': worstSecond,
    'messages per group': perGroup,
    'messages/s of a group': (perGroup * 1_000) / (lastAt - firstAt),
  };
}

async function runOurs(town: Town, network: EngineNetwork, perGroup: number): Promise<Taken> {
  await town.clear();
  await setLimits(town, 'normal');
  const server = await town.startServer('all', network.url);
  const caller = createCaller(server.url, { connections: ENGINE_GROUPS });
  const headers = { Authorization: `Key ${KEY}`, 'Content-Type': 'application/json' };
  const add: Add = async (indices) => {
    const body = `[${indices.map((index) => messageJson(index, ENGINE_GROUPS)).join(',')}]`;
    const answer = await caller.post('/vk/messages', body, headers);
    if (answer.status !== 200 || answer.body.includes('REJECTED')) throw new Error(`refused: ${answer.body.slice(0, 300)}`);
  };
  try {
    return await burst(network, perGroup, add);
  } finally {
    caller.close();
    await server.stop();
    await town.clear();
  }
}

async function runBullmq(town: Town, network: EngineNetwork, perGroup: number): Promise<Taken> {
  await using store = await openStore(town, 'everysec');
  await using peer = await startPeer('bullmq', {
    ...store.options,
    networkUrl: network.url,
    calls: PER_SECOND,
    batch: 1,
    perSecond: PER_SECOND,
  });
  let isStarted = false;
  return await burst(network, perGroup, async (indices) => {
    await peer.add(indices.map((index) => JSON.parse(messageJson(index, ENGINE_GROUPS)) as object));
    if (!isStarted) await peer.start(); // it makes its queues with their first message
    isStarted = true;
  });
}

async function burst(network: EngineNetwork, perGroup: number, add: Add): Promise<Taken> {
  await network.reset();
  const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
  await add(numbers(0, ENGINE_GROUPS));
  await network.untilCame(ENGINE_GROUPS);
  await wait(BURST_AFTER_MS);
  const total = perGroup * ENGINE_GROUPS;
  for (let from = ENGINE_GROUPS; from < total; from += 1_000) await add(numbers(from, Math.min(from + 1_000, total)));
  await network.untilCame(total);
  return network.taken();
}
