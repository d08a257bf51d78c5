import { parseArgs } from 'node:util';
import { UsageError } from '../chaos/choice.ts';
import { runProgram, say } from '../chaos/program.ts';
import { describeHere, markdownTable, readLines, writeLines } from '../chaos/results.ts';
import { startTown } from '../town.ts';
import { type DayOutcome, type DaySize, playDay } from './day.ts';

const VISITORS = { usual: 200, min: 48, max: 900 } as const;
const SUBSCRIBERS = { usual: 20_000, min: 100, max: 100_000 } as const;
const LANE_LEASE_MS = '2000';

const HELP = `npm run day [-- flags]

A day of a shop on both networks: people write, press and answer a scenario, some are handed over and answered by an operator; in the
evening a broadcast goes out. A server is killed in the middle of each. At the end everything that the server tells (histories, statuses,
counters, the report) is compared with what stands on the phones of the simulator.

  --visitors N      How many people write. Default: ${VISITORS.usual}
  --subscribers N   How many are subscribed to the broadcast. Default: ${SUBSCRIBERS.usual}: about seven minutes. Fewer are not recorded.
  --help            Print this help.

The result goes to e2e/results/day.jsonl and into docs/proofs.md. The exit code is 0 when both agree, 1 when they differ.
`;

/** One day that was large enough to be kept. */
interface Day extends DaySize {
  takenAt: string;
  commit: string;
  machine: string;
  came: DayOutcome;
}

const COLUMNS = ['date, commit', 'verdict', 'people', 'handed over', 'subscribers', 'server killed', 'lines compared'];
const FIGURES = ['stand twice of those that might', 'dialogs, s', 'broadcast, s'];

function tableOf(days: readonly Day[]): string {
  const rows = days.map(({ takenAt, commit, visitors, subscribers, came }) => [
    `${takenAt.slice(0, 10)}, ${commit}`,
    came.differences.length === 0 ? 'agrees' : 'differs',
    ...[visitors, came.handedOver, subscribers, came.kills, came.lines].map(String),
    `${came.doubled} of ${came.possibleDoubles}`,
    ...[came.seconds.dialogs, came.seconds.mailing].map((seconds) => seconds.toFixed(0)),
  ]);
  const sentences = days.flatMap(({ commit, machine, came }) => [
    `${commit}: ${machine}`,
    ...came.differences.map((difference) => `**${commit} differs**: ${difference}`),
  ]);
  return markdownTable([...COLUMNS, ...FIGURES], rows, { words: 2, sentences });
}

function readSize(words: readonly string[]): DaySize | 'help' {
  const options = { visitors: { type: 'string' }, subscribers: { type: 'string' }, help: { type: 'boolean' } } as const;
  const { values } = asUsage(() => parseArgs({ args: [...words], options }));
  if (values.help === true) return 'help';
  const number = (name: 'visitors' | 'subscribers', { usual, min, max }: { usual: number; min: number; max: number }): number => {
    const value = values[name] === undefined ? usual : Number(values[name]);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not "${values[name]}".`);
  };
  return { visitors: number('visitors', VISITORS), subscribers: number('subscribers', SUBSCRIBERS) };
}

function asUsage<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

await runProgram('day', async (words, unlessStopped) => {
  const size = readSize(words);
  if (size === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  say('Starting the simulator, PostgreSQL and a server');
  await using town = await startTown({ env: { SOROKA_LANE_LEASE_MS: LANE_LEASE_MS } });
  const came = await unlessStopped(playDay(town, size, say));
  const day: Day = { ...size, takenAt: new Date().toISOString(), ...(await describeHere()), came };
  process.stdout.write(`${tableOf([day])}\n`);
  if (size.subscribers >= SUBSCRIBERS.usual) {
    const all = [...(await readLines<Day>('day')), day];
    await writeLines('day', all, tableOf(all));
  }
  return came.differences.length === 0 ? 0 : 1;
});
