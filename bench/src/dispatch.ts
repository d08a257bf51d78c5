import { setTimeout as wait } from 'node:timers/promises';
import { type Arrival, readArrivals } from './arrivals.ts';
import { mostInWindow, paceAfterBurst } from './distribution.ts';
import { createCaller } from './http-caller.ts';
import { GROUPS, KEY, messageJson, setLimits } from './load-world.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';

const PER_SECOND_MAX = 50; // of a group, under the normal limits
const PER_REQUEST_MAX = 1_000;
const LOOK_EVERY_MS = 500;
const LOOKING_SHARE = 20; // the pause after a look, in times of its length
const STALLED_AFTER_MS = 30_000;

/** Messages sent per second over 100 groups: as fast as it goes, and under the limit of 50 a second and group. */
export async function measureDispatch(town: Town, options: { messages: number; say(line: string): void }): Promise<Section> {
  const rows = [];
  for (const limits of ['lifted', 'normal'] as const) rows.push(await run(town, limits, options));
  return {
    name: 'dispatch',
    rows,
    notes: [
      'The messages are accepted first; then a server with every role starts and sends them. Times are the simulator’s: from the first call that came in to the last.',
      'Two statuses of each message come back from the upstream meanwhile, and are called back to the customer’s endpoint, which the simulator plays: all of it on the same cores, with the database.',
      'The pace of the slowest group leaves its first 50 out, which go at once; a group may send 50 in any second.',
    ],
  };
}

async function run(town: Town, limits: 'lifted' | 'normal', options: { messages: number; say(line: string): void }) {
  const { messages, say } = options;
  await town.clear();
  await setLimits(town, limits);
  say(`dispatch: accepting ${messages} messages to ${GROUPS} groups`);
  await acceptAll(town, messages);
  say(`dispatch: sending them, limits ${limits}`);
  const startedAt = performance.now();
  const server = await town.startServer('all');
  await untilNone(town, say, 'to send', `select count(*)::int as left from delivery where state <> 'sent'`);
  await untilNone(town, say, 'without a final status', 'select count(*)::int as left from delivery');
  await untilNone(town, say, 'callbacks to deliver', 'select count(*)::int as left from callback');
  const endedAt = performance.now();
  await server.stop();

  const arrivals = await readArrivals(town);
  if (arrivals.length !== messages) throw new Error(`${messages} were accepted, but ${arrivals.length} came to the simulator`);
  const violations = (await town.control('/violations')) as unknown[];
  const times = arrivals.map(({ at }) => at).sort((a, b) => a - b);
  const tookMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const groups = [...Map.groupBy(arrivals, ({ service }) => service).values()].map((own) => own.map(({ at }) => at));
  const isLimited = limits === 'normal';
  return {
    limits,
    messages,
    groups: groups.length,
    'messages/s': Math.round(((messages - 1) * 1_000) / tookMs),
    'messages per call': messages / callsOf(arrivals),
    'slowest group/s': isLimited ? Math.min(...groups.map((own) => paceAfterBurst(own, PER_SECOND_MAX))) : '-',
    'worst second of a group': isLimited ? Math.max(...groups.map((own) => mostInWindow(own, 1_000))) : '-',
    violations: violations.length,
    'start to last callback s': (endedAt - startedAt) / 1_000,
  };
}

/** What one call brought came in at one moment. */
function callsOf(arrivals: readonly Arrival[]): number {
  return new Set(arrivals.map(({ at }) => at)).size;
}

/** Each request goes to one group; all groups get as many, each person one. */
export async function acceptAll(town: Town, messages: number): Promise<void> {
  const caller = createCaller(town.api.url, { connections: 2 });
  const headers = { Authorization: `Key ${KEY}`, 'Content-Type': 'application/json' };
  try {
    for (let group = 0; group < GROUPS; group += 1) {
      const own = Array.from({ length: Math.ceil((messages - group) / GROUPS) }, (_, index) =>
        messageJson(index * GROUPS + group),
      );
      for (let from = 0; from < own.length; from += PER_REQUEST_MAX) {
        const body = `[${own.slice(from, from + PER_REQUEST_MAX).join(',')}]`;
        const answer = await caller.post('/vk/messages', body, headers);
        if (answer.status !== 200 || answer.body.includes('REJECTED')) throw new Error(`refused: ${answer.body.slice(0, 300)}`);
      }
    }
  } finally {
    caller.close();
  }
}

/** Waits until the query counts none; fails where it counts the same for half a minute. */
export async function untilNone({ database }: Town, say: (line: string) => void, what: string, query: string): Promise<void> {
  let least = Number.POSITIVE_INFINITY;
  let changedAt = performance.now();
  let saidAt = performance.now();
  for (;;) {
    const lookedAt = performance.now();
    const { rows } = await database.query<{ left: number }>(query);
    const left = rows[0]?.left ?? 0;
    if (left === 0) return;
    if (left < least) {
      least = left;
      changedAt = performance.now();
    }
    if (performance.now() - changedAt > STALLED_AFTER_MS) throw new Error(`${left} ${what}, and nothing moves`);
    if (performance.now() - saidAt > 5_000) {
      say(`  ${left} ${what}`);
      saidAt = performance.now();
    }
    // A count of millions takes a second of a core, which is not to be measured.
    await wait(Math.max(LOOK_EVERY_MS, LOOKING_SHARE * (performance.now() - lookedAt)));
  }
}
