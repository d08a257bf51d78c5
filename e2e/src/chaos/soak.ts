import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { connect } from './administrator.ts';
import { readSoakSeconds } from './choice.ts';
import { loadText, type ManyGroups, MESSAGES_MAX } from './lanes.ts';
import { prepareBase } from './prepare.ts';
import { runProgram, say } from './program.ts';
import { describeHere, markdownTable, readLines, writeLines } from './results.ts';
import { type Outcome, runScenario, type Scenario, type Trouble } from './scenario.ts';
import { type Sample, type Steadiness, steadinessOf, unsteady } from './steadiness.ts';

/** Below it memory and tables have not settled yet: they are shown, and held against nothing. */
const JUDGED_FROM_SECONDS = 1_800;
const WARM_UP_SECONDS = 600;
const GROUPS = 100;
const MESSAGES_PER_SECOND = 300;
const SECONDS = { usual: 3_600, min: 60, max: MESSAGES_MAX / MESSAGES_PER_SECOND } as const;
/** A week of five a day passes for everybody in one run: places of the day are taken all the time, and nobody runs out of them. */
const PER_DAY = 35;
const MESSAGES_PER_PERSON = 30;
/** No queue is silent for longer, although nothing is broken. */
const SILENT_AT_MOST_MS = 6_000;
const SAMPLES_MIN = 24;
const SAMPLE_EVERY_MS = 10_000;
/** All that a message passes through. What is kept of it afterwards grows, until its days are over (docs/operations.md). */
const QUEUE_TABLES = ['delivery', 'callback', 'lane', 'worker', 'sender_pause'];

const HELP = `npm run soak [-- flags]

An hour under load with nothing broken: ${MESSAGES_PER_SECOND} messages a second to ${GROUPS} groups by two servers, with the limits of a week passing in it for
everybody. Nothing may be lost, doubled or over a limit, the servers' memory and the tables of the queues must stay as they are.

  --seconds N   How long. Default: ${SECONDS.usual}. What is shorter than that is not recorded, and below ${JUDGED_FROM_SECONDS} memory and tables
                are shown and not held against anything.
  --help        Print this help.

The result goes to e2e/results/soak.jsonl and into docs/proofs.md. The exit code is 0 when every promise was kept, 1 when one was
broken, 3 when this machine does not tell what a process takes (it must be Linux).
`;

/** One run that was long enough to be kept. */
interface Soak {
  takenAt: string;
  commit: string;
  machine: string;
  load: string;
  seconds: number;
  came: Outcome & Steadiness;
}

function soakScenario(load: ManyGroups, samples: Sample[]): Scenario {
  return {
    summary: 'load, and nothing is broken',
    recoverWithinMs: SILENT_AT_MOST_MS,
    load,
    async run(trouble) {
      await using administrator = await connect(trouble.cluster.url);
      await compressDays(trouble, administrator.client);
      const servers = [await trouble.startServer(), await trouble.startServer()];
      const { orders } = await trouble.beginLoad();
      const everyMs = Math.min(SAMPLE_EVERY_MS, (trouble.seconds * 1_000) / SAMPLES_MIN);
      const startedAt = performance.now();
      const sampling = async (): Promise<void> => {
        while (performance.now() - startedAt < trouble.seconds * 1_000) {
          await wait(everyMs);
          const pids = servers.map((server) => server.pid());
          const sample = await takeSample(administrator.client, pids, performance.now() - startedAt);
          samples.push(sample);
          trouble.say(progressText(sample, orders.length));
        }
      };
      await trouble.recover(sampling());
    },
  };
}

/** Both sides count to as many a day, as long as a week has. */
async function compressDays({ control }: Trouble, client: pg.Client): Promise<void> {
  await control('/limits', { notificationsPerDay: PER_DAY });
  await client.query(`update connection set settings = settings || $1::jsonb where kind = 'notify'`, [{ perDay: PER_DAY }]);
}

async function takeSample(client: pg.Client, pids: readonly number[], at: number): Promise<Sample> {
  const { rows } = await client.query<{ name: string; bytes: string; dead: string }>(
    `select relname as name, pg_total_relation_size(relid) as bytes, n_dead_tup as dead
    from pg_stat_user_tables where relname = any($1)`,
    [QUEUE_TABLES],
  );
  return {
    at,
    memoryMb: await Promise.all(pids.map(memoryMbOf)),
    tables: Object.fromEntries(rows.map(({ name, bytes, dead }) => [name, { bytes: Number(bytes), deadRows: Number(dead) }])),
  };
}

/** In RAM, proc(5). */
async function memoryMbOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024) / 1e6;
}

function progressText({ at, memoryMb, tables }: Sample, messages: number): string {
  const largest = Object.entries(tables).map(
    ([name, { bytes, deadRows }]) => `${name} ${(bytes / 1e6).toFixed(1)} MB, ${deadRows} dead`,
  );
  const memory = memoryMb.map((mb) => mb.toFixed(0)).join(' and ');
  return `${Math.round(at / 1_000)} s: ${messages} messages, servers ${memory} MB, ${largest.join(', ')}`;
}

const COLUMNS = [
  ...['date, commit', 'verdict', 'load', 'accepted', 'lost', 'doubled', 'over the limit', 'worst second', 'longest silence, s'],
  ...['memory, MB in 10 min', 'largest growth of a table', 'dead rows at most'],
];

function tableOf(soaks: readonly Soak[]): string {
  const rows = soaks.map(({ takenAt, commit, load, seconds, came }) => [
    `${takenAt.slice(0, 10)}, ${commit}`,
    came.broken.length === 0 ? 'kept' : 'broken',
    `${load}, ${seconds} s`,
    ...[came.accepted, came.lost, came.doubled, came.overLimit, came.worstSecond].map(String),
    came.recoverySeconds.toFixed(2),
    came.memoryMbPer10Min.toFixed(2),
    `${came.growth.times.toFixed(2)} (${came.growth.table})`,
    String(came.deadRowsMax),
  ]);
  const sentences = soaks.flatMap(({ commit, machine, came }) => [
    `${commit}: ${machine}`,
    ...came.broken.map((sentence) => `**${commit} broke a promise**: ${sentence}`),
  ]);
  return markdownTable(COLUMNS, rows, { words: 3, sentences });
}

async function soak(seconds: number, unlessStopped: <Value>(waited: Promise<Value>) => Promise<Value>): Promise<Soak> {
  const people = Math.max(GROUPS, Math.ceil((MESSAGES_PER_SECOND * seconds) / MESSAGES_PER_PERSON));
  const load = { groups: GROUPS, messagesPerSecond: MESSAGES_PER_SECOND, people };
  const here = { takenAt: new Date().toISOString(), ...(await describeHere()), load: loadText(load), seconds };
  say(`Preparing a database and the networks for ${seconds} s of ${here.load}`);
  await using base = await prepareBase(GROUPS);
  const samples: Sample[] = [];
  const running = runScenario(base, soakScenario(load, samples), { seconds, say: (line) => say(`  ${line}`) });
  const outcome = await unlessStopped(running);
  const steadiness = steadinessOf(samples, Math.min(WARM_UP_SECONDS, seconds / 4) * 1_000);
  const broken = [...outcome.broken, ...(seconds < JUDGED_FROM_SECONDS ? [] : unsteady(steadiness))];
  return { ...here, came: { ...outcome, ...steadiness, broken } };
}

await runProgram('soak', async (words, unlessStopped) => {
  const seconds = readSoakSeconds(words, SECONDS);
  if (seconds === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (process.platform !== 'linux') {
    say('SKIPPED: what a process takes is read from /proc, as Linux has it.');
    return 3;
  }
  const result = await soak(seconds, unlessStopped);
  process.stdout.write(`${tableOf([result])}\n`);
  if (seconds >= SECONDS.usual) {
    const all = [...(await readLines<Soak>('soak')), result];
    await writeLines('soak', all, tableOf(all));
  }
  return result.came.broken.length === 0 ? 0 : 1;
});
