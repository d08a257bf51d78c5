import { setTimeout as wait } from 'node:timers/promises';
import { readArrivals } from './arrivals.ts';
import { untilNone } from './dispatch.ts';
import { distributionOf } from './distribution.ts';
import { addLoadAccounts, keyOf } from './growth.ts';
import { createCaller } from './http-caller.ts';
import { messageJson, phoneOf, setLimits } from './load-world.ts';
import { openLoop } from './open-loop.ts';
import { fillQueue } from './queue.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';

const WAITING = 1_000_000;
const QUICK_WAITING = 20_000;
const PER_SECOND = 10;
const CONNECTIONS = 4;
const WARM_UP_MS = 3_000;
const WAIT_P99_MS_MAX = 2_000;
/** The queue begins with the first person, and does not come to these while it is looked at. */
const PEOPLE_FROM = 599_000;

/** How long an account waits for its few messages in a group where another one has very many waiting. */
export async function measureShares(
  town: Town,
  { seconds, isQuick, say }: { seconds: number; isQuick: boolean; say(line: string): void },
): Promise<Section> {
  const waiting = isQuick ? QUICK_WAITING : WAITING;
  await town.clear();
  await setLimits(town, 'normal');
  await addLoadAccounts(town, 1);
  say(`shares: putting ${waiting} messages of one account into the queue of one group`);
  await fillQueue(town, waiting, { groups: 1, say });
  const server = await town.startServer('all');
  const caller = createCaller(server.url, { connections: CONNECTIONS });
  const dueAtOf = new Map<string, number>();
  try {
    await wait(WARM_UP_MS);
    say(`shares: ${PER_SECOND} a second of another account to the same group`);
    const headers = { Authorization: `Key ${keyOf(0)}`, 'Content-Type': 'application/json' };
    await openLoop({ perSecond: PER_SECOND, seconds }, async (index, dueAt) => {
      const { status, body } = await caller.post('/vk/messages', `[${messageJson(PEOPLE_FROM + index, 1)}]`, headers);
      if (status !== 200 || body.includes('REJECTED')) throw new Error(`refused: ${body.slice(0, 300)}`);
      dueAtOf.set(phoneOf(PEOPLE_FROM + index), performance.timeOrigin + dueAt);
    });
    await untilNone(
      town,
      say,
      'of the other account to send',
      `select count(*)::int as left from delivery as d join account as a on a.id = d.account_id where a.name = 'Load_0' and d.state = 'queued'`,
    );
  } finally {
    caller.close();
    await server.stop();
  }
  const arrivals = await readArrivals(town);
  await town.clear();
  const waits = arrivals.flatMap(({ phone, at }) => {
    const dueAt = dueAtOf.get(phone);
    return dueAt === undefined ? [] : [at - dueAt];
  });
  if (waits.length !== dueAtOf.size) throw new Error(`${dueAtOf.size} were accepted, but ${waits.length} came to the simulator`);
  const { count, p50, p99, max } = distributionOf(waits);
  return {
    name: 'shares',
    rows: [{ 'waiting of the one': waiting, 'messages of the other': count, 'p50 ms': p50, 'p99 ms': p99, 'max ms': max }],
    broken:
      p99 <= WAIT_P99_MS_MAX ? [] : [`the other account waited ${Math.round(p99)} ms (p99), not at most ${WAIT_P99_MS_MAX}`],
    notes: [
      `One account has filled the queue of a group, which gets 50 a second. Another one sends ${PER_SECOND} a second to the same group, in an open loop: times are from when each request was due until its message came in at the simulator.`,
    ],
  };
}
