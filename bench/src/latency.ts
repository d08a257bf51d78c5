import { readArrivals } from './arrivals.ts';
import { untilNone } from './dispatch.ts';
import { distributionOf } from './distribution.ts';
import { createCaller } from './http-caller.ts';
import { KEY, messageJson, phoneOf, setLimits } from './load-world.ts';
import { openLoop } from './open-loop.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';

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
  const server = await town.startServer('all');
  const caller = createCaller(server.url, { connections: CONNECTIONS });
  const headers = { Authorization: `Key ${KEY}`, 'Content-Type': 'application/json' };
  const answers: number[] = [];
  const dueAtOfPhone = new Map<string, number>();
  const post = async (index: number, dueAt: number): Promise<void> => {
    const { status, body } = await caller.post('/vk/messages', `[${messageJson(index)}]`, headers);
    if (status !== 200 || body.includes('REJECTED')) throw new Error(`refused: ${body.slice(0, 300)}`);
    answers.push(performance.now() - dueAt);
    dueAtOfPhone.set(phoneOf(index), performance.timeOrigin + dueAt);
  };
  try {
    say(`latency: ${perSecond} messages a second`);
    await openLoop({ perSecond, seconds: WARM_UP_SECONDS }, (index, dueAt) => post(WARM_UP_PHONES_FROM + index, dueAt));
    answers.length = 0;
    dueAtOfPhone.clear();
    await openLoop({ perSecond, seconds }, post);
    await untilNone(town, say, 'to send', `select count(*)::int as left from delivery where state <> 'sent'`);
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
  const [answer, toNetwork] = [distributionOf(answers), distributionOf(waits)];
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
