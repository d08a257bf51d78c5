import { readArrivals } from './arrivals.ts';
import { untilNone } from './dispatch.ts';
import { type Distribution, distributionOf } from './distribution.ts';
import { createCaller } from './http-caller.ts';
import { KEY, messageJson, phoneOf, setLimits } from './load-world.ts';
import { type Load, openLoop } from './open-loop.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';
import { type Usage, usageOf, usageSince } from './usage.ts';

const RATES = [500, 1_000] as const;
const CONNECTIONS = 64;
const WARM_UP_SECONDS = 3;
const WARM_UP_PHONES_FROM = 5_000_000;

/** How soon an accepted message is at the network: single requests at a fixed rate over 100 groups, under the normal limits. */
export async function measureLatency(town: Town, options: { seconds: number; say(line: string): void }): Promise<Section> {
  const rows = [];
  for (const perSecond of RATES) rows.push(await run(town, perSecond, options));
  return {
    name: 'latency',
    rows,
    notes: [
      'An open loop of single requests: all times count from the moment a request was due, so that waiting for a slow answer is in them.',
      'To the network: until the call with the message came in at the simulator, by the same clock. The server has every role, and the limits are the normal ones.',
    ],
  };
}

async function run(town: Town, perSecond: number, { seconds, say }: { seconds: number; say(line: string): void }) {
  await town.clear();
  await setLimits(town, 'normal');
  say(`latency: ${perSecond} messages a second`);
  const { answer, toNetwork } = await timeToNetwork(town, {
    perSecond,
    seconds,
    requestOf: (index) => ({ key: KEY, body: `[${messageJson(index)}]` }),
  });
  return {
    'messages/s': perSecond,
    messages: answer.count,
    'answer p50 ms': answer.p50,
    'answer p99 ms': answer.p99,
    'to network p50 ms': toNetwork.p50,
    'to network p99 ms': toNetwork.p99,
    'to network max ms': toNetwork.max,
    violations: ((await town.control('/violations')) as unknown[]).length,
  };
}

/** What single requests are made of; the person of `index` must be `phoneOf(index)`. */
export interface LatencyLoad extends Load {
  requestOf(index: number): { key: string; body: string };
}

/** A server with every role, asked in an open loop; times from when a request was due. Before it: a clear town, and its limits. */
export async function timeToNetwork(
  town: Town,
  { perSecond, seconds, requestOf }: LatencyLoad,
): Promise<{ answer: Distribution; toNetwork: Distribution; usage: Usage | null }> {
  const server = await town.startServer('all');
  const caller = createCaller(server.url, { connections: CONNECTIONS });
  const answers: number[] = [];
  const dueAtOfPhone = new Map<string, number>();
  let usage: Usage | null = null;
  const post = async (index: number, dueAt: number): Promise<void> => {
    const { key, body: request } = requestOf(index);
    const headers = { Authorization: `Key ${key}`, 'Content-Type': 'application/json' };
    const { status, body } = await caller.post('/vk/messages', request, headers);
    if (status !== 200 || body.includes('REJECTED')) throw new Error(`refused: ${body.slice(0, 300)}`);
    answers.push(performance.now() - dueAt);
    dueAtOfPhone.set(phoneOf(index), performance.timeOrigin + dueAt);
  };
  try {
    await openLoop({ perSecond, seconds: WARM_UP_SECONDS }, (index, dueAt) => post(WARM_UP_PHONES_FROM + index, dueAt));
    answers.length = 0;
    dueAtOfPhone.clear();
    const before = await usageOf(server.pid);
    await openLoop({ perSecond, seconds }, post);
    await untilNone(town, () => {}, 'to send', `select count(*)::int as left from delivery where state <> 'sent'`);
    usage = usageSince(before, await usageOf(server.pid));
  } finally {
    caller.close();
    await server.stop();
  }
  const waits: number[] = [];
  for (const { phone, at } of await readArrivals(town)) {
    const dueAt = dueAtOfPhone.get(phone);
    if (dueAt !== undefined) waits.push(at - dueAt);
  }
  if (waits.length !== answers.length)
    throw new Error(`${answers.length} were accepted, but ${waits.length} came to the simulator`);
  return { answer: distributionOf(answers), toNetwork: distributionOf(waits), usage };
}
