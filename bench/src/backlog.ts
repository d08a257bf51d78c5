import { setTimeout as wait } from 'node:timers/promises';
import { type ClaimTime, watchClaims } from './claims.ts';
import { distributionOf } from './distribution.ts';
import { setLimits } from './load-world.ts';
import { fillQueue, QUEUE_GROUPS } from './queue.ts';
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
const MS_PER_SECOND = 1_000;

interface Options {
  seconds: number;
  isQuick: boolean;
  isLarge: boolean;
  say(line: string): void;
}

/** How claims, memory and disk grow with what waits; also while an old snapshot keeps PostgreSQL from cleaning up. */
export async function measureBacklog(town: Town, options: Options): Promise<Section> {
  const rows = [];
  for (const waiting of [...(options.isQuick ? QUICK : WAITING), ...(options.isLarge ? [LARGE] : [])])
    rows.push(...(await run(town, waiting, options)));
  await setLimits(town, 'normal');
  await town.clear();
  const least = rows[0]?.['find p50 ms'] ?? Number.NaN;
  return {
    name: 'backlog',
    rows: rows.map((row) => ({ ...row, 'find p50 to the first': row['find p50 ms'] / least })),
    notes: [
      `At least that many wait, all due, in the queues of ${QUEUE_GROUPS} groups, while a server with every role sends ${PER_SECOND} a second to each. Times are PostgreSQL's, of the server's own statements (its log is on, which costs some): to find the due messages, and the whole transaction of the claim with its commit.`,
      `Pinned: a transaction holds a snapshot as a backup or a report does; the figures are those of the last seconds of ${options.isQuick ? QUICK_PINNED_SECONDS : PINNED_SECONDS}.`,
      'Memory is that of the server process; disk is the tables of messages with their indexes when all of them wait.',
    ],
  };
}

async function run(town: Town, waiting: number, { seconds, isQuick, say }: Options) {
  const pinnedSeconds = isQuick ? QUICK_PINNED_SECONDS : Math.max(PINNED_SECONDS, seconds);
  const sentMeanwhile = QUEUE_GROUPS * PER_SECOND * (WARM_UP_SECONDS + seconds + pinnedSeconds + 5);
  say(`backlog: putting ${waiting} messages into the queue`);
  await town.clear();
  await setLimits(town, 'normal');
  const { bytesEach } = await fillQueue(town, waiting + sentMeanwhile, say);
  await using watch = await watchClaims(town);
  const server = await town.startServer('all');
  try {
    say(`backlog: claims with ${waiting} waiting`);
    await wait(WARM_UP_SECONDS * MS_PER_SECOND);
    const measure = async (measuredSeconds: number): Promise<[readonly ClaimTime[], Usage | null]> => {
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
    const row = (isPinned: boolean, [claims, usage]: [readonly ClaimTime[], Usage | null]) => {
      if (claims.length === 0)
        throw new Error('PostgreSQL logged no claim: have its statements other names than bench/src/claims.ts looks for?');
      const find = distributionOf(claims.map(({ findMs }) => findMs));
      const whole = distributionOf(claims.map(({ wholeMs }) => wholeMs));
      return {
        waiting,
        pinned: isPinned ? 'yes' : 'no',
        claims: claims.length,
        'find p50 ms': find.p50,
        'find p99 ms': find.p99,
        'whole p50 ms': whole.p50,
        'whole p99 ms': whole.p99,
        'memory MiB': usage === null ? '-' : usage.memoryMiB,
        'disk bytes each': bytesEach,
      };
    };
    return [row(false, free), row(true, pinned)];
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
