import { setTimeout as wait } from 'node:timers/promises';
import { type BacklogCost, brokenBacklogPromises } from './backlog-promises.ts';
import { type ClaimTime, watchClaims } from './claims.ts';
import { distributionOf } from './distribution.ts';
import { setLimits } from './load-world.ts';
import { fillQueue, QUEUE_GROUPS, QUEUE_TABLES } from './queue.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';
import { type Usage, usageOf } from './usage.ts';

const WAITING = [10_000, 1_000_000] as const;
const LARGE = 10_000_000;
const QUICK = [2_000, 20_000] as const;
const PER_SECOND = 50;
const WARM_UP_SECONDS = 3;
const PINNED_SECONDS = 60;
const QUICK_PINNED_SECONDS = 5;
const CLEANED_WITHIN_SECONDS = 600;
const QUICK_CLEANED_WITHIN_SECONDS = 15;
const DEAD_SHARE_MAX = 0.01;
const LOOK_EVERY_MS = 2_000;
const MS_PER_SECOND = 1_000;
const MB_PER_MIB = 1.048_576;

interface Options {
  seconds: number;
  isQuick: boolean;
  isLarge: boolean;
  say(line: string): void;
}

interface Cost extends BacklogCost {
  claims: readonly ClaimTime[];
  usage: Usage | null;
}

/** How claims, memory and disk grow with what waits; also while an old snapshot keeps PostgreSQL from cleaning up. */
export async function measureBacklog(town: Town, options: Options): Promise<Section> {
  const costs: Cost[] = [];
  const sizes = [...(options.isQuick ? QUICK : WAITING), ...(options.isLarge ? [LARGE] : [])];
  for (const waiting of sizes) costs.push(...(await run(town, waiting, { ...options, isLast: waiting === sizes.at(-1) })));
  await setLimits(town, 'normal');
  await town.clear();
  const leastMs = costs[0]?.findP50Ms ?? Number.NaN;
  const { pinnedSeconds, cleanedWithinSeconds } = timesOf(options);
  return {
    name: 'backlog',
    rows: costs.map((cost) => rowOf(cost, leastMs)),
    broken: brokenBacklogPromises(costs),
    notes: [
      `At least that many wait, all due, in the queues of ${QUEUE_GROUPS} groups, while a server with every role sends ${PER_SECOND} a second to each. Times are PostgreSQL's, of the server's own statements (its log is on, which costs some): to find the due messages, and the whole transaction of the claim with its commit.`,
      `Pinned: a transaction holds a snapshot as a backup or a report does; the figures are those of the last seconds of ${pinnedSeconds}. \`clean after s\`: from its end until less than 1 % of the rows of the largest queue were dead, as PostgreSQL counts them; waited for ${cleanedWithinSeconds} s.`,
      'Memory is that of the server process; of a worker, that of one that sends and takes no messages. Disk is the tables of messages with their indexes when all of them wait.',
    ],
  };
}

function rowOf({ waiting, pinned, claims, usage, ...cost }: Cost, leastMs: number) {
  const find = distributionOf(claims.map(({ findMs }) => findMs));
  const whole = distributionOf(claims.map(({ wholeMs }) => wholeMs));
  const { cleanedAfterSeconds: cleaned, workerMemoryMb } = cost;
  return {
    waiting,
    pinned: pinned ? 'yes' : 'no',
    claims: claims.length,
    'find p50 ms': find.p50,
    'find p99 ms': find.p99,
    'whole p50 ms': whole.p50,
    'whole p99 ms': whole.p99,
    'memory MiB': usage === null ? '-' : usage.memoryMiB,
    'worker MiB': workerMemoryMb === null ? '-' : workerMemoryMb / MB_PER_MIB,
    'disk bytes each': cost.diskBytesEach,
    'clean after s': cleaned === null ? '-' : Number.isFinite(cleaned) ? cleaned : 'never',
    'find p50 to the first': find.p50 / leastMs,
  };
}

const timesOf = ({ seconds, isQuick }: Options) => ({
  pinnedSeconds: isQuick ? QUICK_PINNED_SECONDS : Math.max(PINNED_SECONDS, seconds),
  cleanedWithinSeconds: isQuick ? QUICK_CLEANED_WITHIN_SECONDS : CLEANED_WITHIN_SECONDS,
});

async function run(town: Town, waiting: number, options: Options & { isLast: boolean }): Promise<Cost[]> {
  const { seconds, isLast, say } = options;
  const { pinnedSeconds, cleanedWithinSeconds } = timesOf(options);
  const busySeconds = WARM_UP_SECONDS + seconds + pinnedSeconds + (isLast ? cleanedWithinSeconds : 0) + seconds + 5;
  say(`backlog: putting ${waiting} messages into the queue`);
  await town.clear();
  await setLimits(town, 'normal');
  const { bytesEach } = await fillQueue(town, waiting + QUEUE_GROUPS * PER_SECOND * busySeconds, { say });
  const costOf = (pinned: boolean, [claims, usage]: Measured): Cost => {
    if (claims.length === 0)
      throw new Error('PostgreSQL logged no claim: have its statements other names than bench/src/claims.ts looks for?');
    const findP50Ms = distributionOf(claims.map(({ findMs }) => findMs)).p50;
    const unmeasured = { workerMemoryMb: null, cleanedAfterSeconds: null };
    return { waiting, pinned, claims, usage, findP50Ms, diskBytesEach: bytesEach, ...unmeasured };
  };
  const measured = await measureClaims(town, waiting, { ...options, pinnedSeconds });
  say('backlog: the memory of a worker');
  const workerMemoryMb = await workerMemoryOf(town, seconds);
  if (isLast) say(`backlog: until PostgreSQL has cleaned up, ${cleanedWithinSeconds} s at most`);
  const cleanedAfterSeconds = isLast ? await untilClean(town, measured.releasedAt, cleanedWithinSeconds) : null;
  return [
    { ...costOf(false, measured.free), workerMemoryMb },
    { ...costOf(true, measured.pinned), cleanedAfterSeconds },
  ];
}

type Measured = [claims: readonly ClaimTime[], usage: Usage | null];

async function measureClaims(town: Town, waiting: number, options: Options & { pinnedSeconds: number }) {
  const { seconds, pinnedSeconds, say } = options;
  await using watch = await watchClaims(town);
  const server = await town.startServer('all');
  try {
    say(`backlog: claims with ${waiting} waiting`);
    await wait(WARM_UP_SECONDS * MS_PER_SECOND);
    const measure = async (measuredSeconds: number): Promise<Measured> => {
      const end = await watch.begin();
      await wait(measuredSeconds * MS_PER_SECOND);
      return [await end(), await usageOf(server.pid)];
    };
    const free = await measure(seconds);
    const release = await pinSnapshot(town);
    const pinnedMeasured = Math.min(seconds, pinnedSeconds);
    await wait((pinnedSeconds - pinnedMeasured) * MS_PER_SECOND);
    const pinned = await measure(pinnedMeasured);
    await release();
    return { free, pinned, releasedAt: performance.now() };
  } finally {
    await server.stop();
  }
}

/** As a long report does: from now on no row that goes may be cleaned away. The returned function lets go. */
async function pinSnapshot({ database }: Town): Promise<() => Promise<void>> {
  const client = await database.connect();
  await client.query('begin isolation level repeatable read');
  await client.query('select count(*) from lane');
  return async () => {
    await client.query('rollback');
    client.release();
  };
}

/** Of one that has sent from this queue for so long, MB; null where the system does not tell. */
async function workerMemoryOf(town: Town, seconds: number): Promise<number | null> {
  const worker = await town.startServer('worker');
  try {
    await wait((WARM_UP_SECONDS + seconds) * MS_PER_SECOND);
    const usage = await usageOf(worker.pid);
    return usage === null ? null : usage.memoryMiB * MB_PER_MIB;
  } finally {
    await worker.stop();
  }
}

/** Seconds since `from` when less than 1 % of the rows of every table of the queue was dead, while a server goes on sending. */
async function untilClean(town: Town, from: number, withinSeconds: number): Promise<number> {
  const server = await town.startServer('all');
  try {
    while (performance.now() - from < withinSeconds * MS_PER_SECOND) {
      const { rows } = await town.database.query<{ share: number }>(
        `select max(n_dead_tup::float8 / greatest(n_live_tup + n_dead_tup, 1)) as share
        from pg_stat_user_tables where relname = any($1)`,
        [QUEUE_TABLES],
      );
      if ((rows[0]?.share ?? 0) < DEAD_SHARE_MAX) return (performance.now() - from) / MS_PER_SECOND;
      await wait(LOOK_EVERY_MS);
    }
    return Number.POSITIVE_INFINITY;
  } finally {
    await server.stop();
  }
}
