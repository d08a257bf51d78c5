import { setTimeout as wait } from 'node:timers/promises';
import { acceptAll } from './dispatch.ts';
import { type EngineNetwork, startEngineNetwork, type Taken } from './engine-network.ts';
import { GROUPS, messageJson, setLimits } from './load-world.ts';
import { installPeers, type PeerName, type PeerOptions, peerVersions, startPeer } from './peer.ts';
import { type AppendFsync, findRedis, startRedis } from './redis.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';

/** Calls to the network at a time, for each: ours has one under way for each group at most. */
const CALLS = GROUPS;
const PER_ADD_MAX = 1_000;
const LOOK_EVERY_MS = 20;

/** `settledAt`: when the last outcome was written. */
type Settled = Taken & { settledAt: number };

interface Contender {
  peer: PeerName;
  form: string;
  options: Pick<PeerOptions, 'batch' | 'together'>;
  appendFsync?: AppendFsync;
}

/** Each in the forms that its documentation knows; bench/peers says where. */
const CONTENDERS: readonly Contender[] = [
  { peer: 'graphile-worker', form: 'a message a job', options: { batch: 1 } },
  { peer: 'graphile-worker', form: 'batch jobs of 100', options: { batch: 100 } },
  { peer: 'pg-boss', form: 'batches of 200, a call each', options: { batch: 200 } },
  { peer: 'pg-boss', form: 'batches of 200, one call', options: { batch: 200, together: true } },
  { peer: 'bullmq', form: 'Redis, appendfsync everysec', options: { batch: 1 }, appendFsync: 'everysec' },
  { peer: 'bullmq', form: 'Redis, appendfsync always', options: { batch: 1 }, appendFsync: 'always' },
];

/** The engine without limits, beside other queues on the same job: send one message to a network that answers at once. */
export async function measureEngine(town: Town, options: { messages: number; say(line: string): void }): Promise<Section> {
  const { messages, say } = options;
  await installPeers(say);
  const redis = await findRedis();
  if (redis === null)
    say('engine: BullMQ is SKIPPED: there is no redis-server here; install it (Debian: apt-get install redis-server)');
  await using network = await startEngineNetwork();
  say(`engine: ours, ${messages} messages`);
  const rows = [rowOf('soroka', 'batches by group', await runOurs(town, network, messages))];
  for (const contender of CONTENDERS) {
    if (contender.appendFsync !== undefined && redis === null) continue;
    say(`engine: ${contender.peer}, ${contender.form}`);
    rows.push(rowOf(contender.peer, contender.form, await runPeer(town, network, contender, messages)));
  }
  return {
    name: 'engine',
    rows,
    notes: [
      `The job: send one message to a network that answers at once, ${messages} messages to ${GROUPS} groups, all waiting before anybody starts to send. One process each, at most ${CALLS} calls at a time; messages/s is from the first that came to the network until the last outcome is written, at the network/s until the last one came there.`,
      `Written as their documents say: ${versionsOf(redis)}.`,
      ...(redis === null ? ['BullMQ was skipped: there was no redis-server.'] : []),
      'PostgreSQL is the same, durable, for all that use it. Redis keeps an append-only file: with everysec, which its guide proposes, a crash may lose the last second; with always each write is on disk as ours is.',
      'A call carries as many messages as the engine makes of them: a queue with a call for each message pays for each. A batch job of graphile-worker is one row in its queue, put together by whoever adds it; all others keep a row and an outcome for each message. Ours also keeps its attempts and statuses.',
    ],
  };
}

function rowOf(engine: string, form: string, { firstAt, lastAt, settledAt, messages, calls, worstSecond }: Settled) {
  return {
    engine,
    form,
    messages,
    'messages/s': Math.round((messages * 1_000) / (settledAt - firstAt)),
    'at the network/s': Math.round((messages * 1_000) / (lastAt - firstAt)),
    'messages per call': messages / calls,
    'worst second of a group': worstSecond,
  };
}

function versionsOf(redis: string | null): string {
  const versions = Object.entries({ ...peerVersions(), ...(redis === null ? {} : { Redis: redis }) });
  return versions.map(([name, version]) => `${name} ${version}`).join(', ');
}

async function runOurs(town: Town, network: EngineNetwork, messages: number): Promise<Settled> {
  await town.clear();
  await network.reset();
  await setLimits(town, 'lifted');
  await acceptAll(town, messages);
  const server = await town.startServer('all', network.url);
  try {
    await network.untilCame(messages);
    const left = `select count(*)::int as left from delivery where state <> 'sent'`;
    const settledAt = await untilSettled(async () => (await town.database.query<{ left: number }>(left)).rows[0]?.left ?? 0);
    return { ...(await exactly(messages, network)), settledAt };
  } finally {
    await server.stop();
    await setLimits(town, 'normal');
    await town.clear();
  }
}

async function runPeer(town: Town, network: EngineNetwork, contender: Contender, messages: number): Promise<Settled> {
  await network.reset();
  await using store = await openStore(town, contender.appendFsync);
  const { together, batch } = contender.options;
  await using peer = await startPeer(contender.peer, {
    ...store.options,
    networkUrl: network.url,
    calls: CALLS,
    batch,
    ...(together === true && { together }),
  });
  for (let from = 0; from < messages; from += PER_ADD_MAX) {
    const count = Math.min(PER_ADD_MAX, messages - from);
    await peer.add(Array.from({ length: count }, (_, index) => JSON.parse(messageJson(from + index)) as object));
  }
  await peer.start();
  await network.untilCame(messages);
  const settledAt = await untilSettled(peer.left);
  return { ...(await exactly(messages, network)), settledAt };
}

/** When the outcome of the last message was written, ms since 1970. */
async function untilSettled(left: () => Promise<number>): Promise<number> {
  while ((await left()) > 0) await wait(LOOK_EVERY_MS);
  return performance.timeOrigin + performance.now();
}

/** Nobody was sent to twice, which would make a queue faster than it is. */
async function exactly(messages: number, network: EngineNetwork): Promise<Taken> {
  const taken = await network.taken();
  if (taken.messages !== messages) throw new Error(`${messages} messages were queued, but ${taken.messages} came to the network`);
  return taken;
}

/** A database of the peer's own in the same PostgreSQL, or a Redis. */
export async function openStore(
  { database, databaseUrl }: Town,
  appendFsync?: AppendFsync,
): Promise<AsyncDisposable & { options: { databaseUrl?: string; redisUrl?: string } }> {
  if (appendFsync !== undefined) {
    const redis = await startRedis(appendFsync);
    return { options: { redisUrl: redis.url }, [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose]() };
  }
  await database.query('create database bench_peer');
  const url = new URL(databaseUrl);
  url.pathname = '/bench_peer';
  return {
    options: { databaseUrl: url.href },
    async [Symbol.asyncDispose]() {
      await database.query('drop database bench_peer with (force)');
    },
  };
}
