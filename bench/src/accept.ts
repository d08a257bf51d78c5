import { randomUUID } from 'node:crypto';
import { prepareBareInsert, settleDatabase } from './bare-insert.ts';
import type { Choice } from './choice.ts';
import { closedLoop, type Throughput } from './closed-loop.ts';
import { distributionOf } from './distribution.ts';
import { createCaller } from './http-caller.ts';
import { KEY, messageJson } from './load-world.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';

interface Run {
  perRequest: number;
  connections: number;
  /** An Idempotency-Key with every request: one more row, and a transaction around all. */
  isKeyed: boolean;
}

const RUNS: readonly Run[] = [
  { perRequest: 1, connections: 64, isKeyed: false },
  { perRequest: 100, connections: 8, isKeyed: false },
  { perRequest: 1_000, connections: 4, isKeyed: false },
  { perRequest: 1_000, connections: 4, isKeyed: true },
];
type Times = Pick<Choice, 'seconds' | 'warmUpSeconds'>;
const BODIES_MAX = 100; // of one group each, made before the run
const PEOPLE = 100_000;

/** Messages accepted per second, every answer checked, beside a bare insert of the same rows in the same run. */
export async function measureAccept(town: Town, options: Times & { say(line: string): void }): Promise<Section> {
  const { say } = options;
  const rows = [];
  for (const run of RUNS) {
    say(`accept: requests of ${run.perRequest}${run.isKeyed ? ' with an Idempotency-Key' : ''}`);
    const accepted = await runAccept(town, run, options);
    say(`accept: a bare insert of the same rows, ${run.perRequest} at a time`);
    const bare = await runBareInsert(town, run, options);
    const [answer, insert] = [distributionOf(accepted.durations), distributionOf(bare.durations)];
    rows.push({
      'per request': run.perRequest,
      'with key': run.isKeyed ? 'yes' : 'no',
      connections: run.connections,
      'messages/s': Math.round(accepted.perSecond * run.perRequest),
      'p50 ms': answer.p50,
      'p99 ms': answer.p99,
      'bare rows/s': Math.round(bare.perSecond * run.perRequest),
      'bare p50 ms': insert.p50,
      'bare p99 ms': insert.p99,
      'of bare %': (accepted.perSecond * 100) / bare.perSecond,
    });
  }
  await town.clear();
  return {
    name: 'accept',
    rows,
    notes: [
      'A closed loop: every connection sends again as soon as it is answered. Every message was answered OK, and as many rows were stored.',
      'The server takes messages only (SOROKA_ROLES=api): nothing is sent meanwhile. Client, server and database share the cores.',
      'The bare insert writes the same columns of the same rows by unnest() into tables with the same indexes, one commit for each batch, over as many connections; no HTTP, no JSON, no checks, no ids from a sequence.',
    ],
  };
}

async function runAccept(town: Town, { perRequest, connections, isKeyed }: Run, times: Times): Promise<Throughput> {
  await town.clear();
  await settleDatabase(town.database);
  const caller = createCaller(town.api.url, { connections });
  const bodies = bodiesOf(perRequest);
  let sent = 0;
  try {
    const result = await closedLoop({ workers: connections, ...times }, async () => {
      const body = bodies[sent++ % bodies.length] as Buffer;
      const answer = await caller.post('/vk/messages', body, headersOf(isKeyed));
      if (answer.status !== 200 || okCount(answer.body) !== perRequest)
        throw new Error(`a request of ${perRequest} was answered ${answer.status}: ${answer.body.slice(0, 300)}`);
    });
    const { rows } = await town.database.query<{ stored: number }>('select count(*)::int as stored from delivery');
    const stored = rows[0]?.stored ?? 0;
    if (stored !== result.done * perRequest)
      throw new Error(`${result.done * perRequest} messages were answered OK, but ${stored} are stored`);
    return result;
  } finally {
    caller.close();
  }
}

async function runBareInsert(town: Town, { perRequest, connections }: Run, times: Times): Promise<Throughput> {
  const bare = await prepareBareInsert(town, perRequest);
  try {
    await settleDatabase(town.database);
    return await closedLoop({ workers: connections, ...times }, bare.insert);
  } finally {
    await bare.close();
  }
}

/** Requests to all groups in turn, each to one group and to other people. */
function bodiesOf(perRequest: number): Buffer[] {
  return Array.from({ length: BODIES_MAX }, (_, group) => {
    const messages = Array.from({ length: perRequest }, (__, index) => messageJson((index * BODIES_MAX + group) % PEOPLE));
    return Buffer.from(`[${messages.join(',')}]`);
  });
}

function headersOf(isKeyed: boolean): Record<string, string> {
  const headers = { Authorization: `Key ${KEY}`, 'Content-Type': 'application/json' };
  return isKeyed ? { ...headers, 'Idempotency-Key': randomUUID() } : headers;
}

function okCount(answerBody: string): number {
  const { result } = JSON.parse(answerBody) as { result: readonly { code: string }[] };
  return result.filter(({ code }) => code === 'OK').length;
}
