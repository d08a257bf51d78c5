import { randomUUID } from 'node:crypto';
import { untilNone } from './dispatch.ts';
import { distributionOf } from './distribution.ts';
import { type Load, openLoop } from './open-loop.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';
import { createVkHook, type VkHook } from './vk-hook.ts';

type Limits = 'normal' | 'lifted';

// VK's own limit, 18 calls a second for messages with 25 of them in each, is below 500.
const RUNS: readonly { limits: Limits; perSecond: number }[] = [
  { limits: 'normal', perSecond: 50 },
  { limits: 'normal', perSecond: 200 },
  { limits: 'lifted', perSecond: 50 },
  { limits: 'lifted', perSecond: 200 },
  { limits: 'lifted', perSecond: 500 },
];
const CONNECTIONS = 64;
/** As many seconds of people are there: each speaks so often, and has spoken before it is measured. */
const SPEAKS_EVERY_SECONDS = 3;
/** The simulator keeps the newest 100,000 calls. */
const SECONDS_MAX = 60;
/** Of VK, for a token. */
const CALLS_PER_SECOND = 20;
const LIFTED_CALLS_PER_SECOND = 10_000; // the highest that a connection may have
/** VK's ids of the simulator's load range (simulator/README.md), whoever has allowed every group. */
const FIRST_PERSON = 500_000_000;
/** Known to a rule of the demo's bot (server/src/bots/demo-rules.yaml). */
const QUESTION = 'Здравствуйте, доставка есть?';

/** How soon a bot's answer comes to the network after somebody's word came to the webhook. */
export async function measureBot(town: Town, options: { seconds: number; say(line: string): void }): Promise<Section> {
  const rows = [];
  const broken = [];
  for (const { limits, perSecond } of RUNS) {
    options.say(`bot: ${perSecond} questions a second, limits ${limits}`);
    const load = { perSecond, seconds: Math.min(options.seconds, SECONDS_MAX) };
    const { waits, unpaired } = await run(town, limits, load, options.say);
    const { count, p50, p99, max } = distributionOf(waits);
    rows.push({
      limits,
      'questions/s': perSecond,
      answered: count,
      'to network p50 ms': p50,
      'to network p99 ms': p99,
      'to network max ms': max,
    });
    if (unpaired > 0)
      broken.push(`at ${perSecond} a second, limits ${limits}, ${unpaired} questions did not get one answer each`);
  }
  await setCallLimit(town, 'normal');
  await town.clear();
  return {
    name: 'bot',
    rows,
    broken,
    notes: [
      'An open loop: from the moment a question was due at the webhook to the moment VK, played by the simulator, has the call with the answer. Between them: stored, worked off in its dialog, answered by a rule, queued, claimed, sent.',
      `The demo's bot of seven rules. Each person is known, and asks every ${SPEAKS_EVERY_SECONDS} s. Every question is also called back to the customer, and VK tells the server of every answer: all of it on the same cores.`,
      `\`normal\`: ${CALLS_PER_SECOND} calls a second, as VK allows a token; 18 of them are for messages, with up to 25 in each, so that answers wait for the next call. \`lifted\`: on both sides, what the server itself needs.`,
    ],
  };
}

async function run(town: Town, limits: Limits, load: Load, say: (line: string) => void) {
  await town.clear();
  await setCallLimit(town, limits);
  const server = await town.startServer('all');
  const hook = createVkHook(server.url, { connections: CONNECTIONS });
  const asker = createAsker(hook, load.perSecond * SPEAKS_EVERY_SECONDS);
  try {
    await openLoop({ perSecond: load.perSecond, seconds: SPEAKS_EVERY_SECONDS }, () => asker.ask().told);
    await untilAnswered(town, say);
    const since = Date.now();
    const dueAt = new Map<number, number[]>();
    await openLoop(load, (_, due) => {
      const { person, told } = asker.ask();
      dueAt.set(person, [...(dueAt.get(person) ?? []), performance.timeOrigin + due]);
      return told;
    });
    await untilAnswered(town, say);
    return paired(dueAt, await readAnswers(town, since));
  } finally {
    hook.close();
    await server.stop();
  }
}

/** People who ask in turn. */
function createAsker(hook: VkHook, people: number): { ask(): { person: number; told: Promise<void> } } {
  const id = randomUUID();
  let asked = 0;
  return {
    ask() {
      const person = FIRST_PERSON + (asked % people);
      asked += 1;
      const place = { peerId: person, fromId: person };
      return { person, told: hook.tell({ eventId: `${id}.${asked}`, number: asked, text: QUESTION, ...place }) };
    },
  };
}

async function untilAnswered(town: Town, say: (line: string) => void): Promise<void> {
  await untilNone(town, say, 'events to work off', `select count(*)::int as left from raw_event where state = 'waiting'`);
  await untilNone(town, say, 'answers to send', `select count(*)::int as left from delivery where state <> 'sent'`);
}

/** From each question to its answer, ms: those of one person are answered in their order. `unpaired`: answers too few or too many. */
function paired(asked: ReadonlyMap<number, readonly number[]>, answered: ReadonlyMap<number, readonly number[]>) {
  const waits: number[] = [];
  let unpaired = 0;
  for (const [person, dueAt] of asked) {
    const came = answered.get(person) ?? [];
    unpaired += Math.abs(came.length - dueAt.length);
    for (const [index, due] of dueAt.entries()) {
      const at = came[index];
      if (at !== undefined) waits.push(at - due);
    }
  }
  return { waits, unpaired };
}

interface Call {
  time: number;
  network: string;
  method: string;
  code: string | null;
  request: { peer_id?: string; code?: string };
}

/** When the simulator got the calls with messages to each person, ms since 1970; those that it refused are left out. */
async function readAnswers({ control }: Town, since: number): Promise<Map<number, number[]>> {
  const calls = (await control(`/calls?since=${since}`)) as Call[];
  const answers = new Map<number, number[]>();
  for (const { time, network, method, code, request } of calls) {
    if (network !== 'vk' || code !== null) continue;
    // A single message is a call of its own, several are a script of calls with their parameters as JSON (channels/src/vk/vk-execute.ts).
    const single = method === 'messages.send' ? [request.peer_id] : [];
    const several = method === 'execute' ? (request.code ?? '').matchAll(/API\.messages\.send\(\{"peer_id":"?(\d+)/g) : [];
    for (const person of [...single, ...[...several].map(([, id]) => id)].map(Number))
      answers.set(person, [...(answers.get(person) ?? []), time]);
  }
  return answers;
}

/** Before a server starts; the simulator's side goes back with every `clear`. */
async function setCallLimit({ database, control }: Town, limits: Limits): Promise<void> {
  const isLifted = limits === 'lifted';
  const own = isLifted ? { callsPerSecond: LIFTED_CALLS_PER_SECOND } : {};
  await database.query(`update connection set settings = (settings - 'callsPerSecond') || $1::jsonb where kind = 'vk'`, [own]);
  await control('/limits', { callsPerSecond: isLifted ? null : CALLS_PER_SECOND });
}
