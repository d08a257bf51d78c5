import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Outcome } from './scenario.ts';

/** The last run of one scenario. */
export interface Result {
  takenAt: string;
  commit: string;
  machine: string;
  /** Such as `120/s in 10 queues`. */
  load: string;
  /** How long trouble was made. */
  seconds: number;
  /** A sentence where it could not be done there; else what came of it. */
  came: { skipped: string } | Outcome;
}
export type Results = Readonly<Record<string, Result>>;

const FOLDER = new URL('../../results/', import.meta.url);
const PAGE = fileURLToPath(new URL('../../../docs/proofs.md', import.meta.url));

/** A command whose results are kept in e2e/results/ and shown in docs/proofs.md. */
type Command = 'chaos' | 'soak' | 'day';

/** Puts the results among those of earlier runs, and writes the table of docs/proofs.md anew. In the order of `names`: they begin theirs. */
export async function record(results: Results, names: readonly string[]): Promise<void> {
  const all = { ...Object.fromEntries(await readLines<[string, Result]>('chaos')), ...results };
  const ordered = names.flatMap((name) => Object.entries(all).filter(([title]) => title.split(', ')[0] === name));
  await writeLines('chaos', ordered, tableOf(Object.fromEntries(ordered)));
}

/** What earlier runs of the command have found, one a line. */
export async function readLines<Line>(command: Command): Promise<Line[]> {
  const text = await readFile(fileOf(command), 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Line);
}

/** Keeps them, and the table of them on the page. */
export async function writeLines(command: Command, lines: readonly unknown[], table: string): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await writeFile(fileOf(command), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await writeFile(PAGE, withTable(await readFile(PAGE, 'utf8'), command, table));
}

const fileOf = (command: Command): string => fileURLToPath(new URL(`${command}.jsonl`, FOLDER));

/** The page with the table between the command's two marks. Throws where they are missing. */
export function withTable(page: string, command: Command, table: string): string {
  const marks = [`<!-- ${command}: written by npm run ${command} -->`, `<!-- ${command}: end -->`] as const;
  const [begin, end] = marks.map((mark) => page.indexOf(mark)) as [number, number];
  if (begin === -1 || end < begin) throw new Error(`docs/proofs.md must hold the lines "${marks[0]}" and "${marks[1]}".`);
  return `${page.slice(0, begin + marks[0].length)}\n${table}\n${page.slice(end)}`;
}

/** Rows under their columns, of which the first `words` are no figures; below it the sentences. */
export function markdownTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  { words, sentences }: { words: number; sentences: readonly string[] },
): string {
  const lines = [columns, columns.map((_, column) => (column < words ? '---' : '---:')), ...rows].map(
    (row) => `| ${row.join(' | ')} |`,
  );
  return ['', ...lines, '', ...sentences.map((sentence) => `- ${sentence}`), ''].join('\n');
}

const COLUMNS = [
  'scenario',
  'verdict',
  'load',
  'accepted',
  'lost',
  'doubled',
  'over the limit',
  'worst second',
  'slowest group/s',
  'recovery, s',
  'failed requests',
  'doubled without a key',
  'date, commit',
] as const;

/** One row for each scenario; below it what was broken, what was skipped and why, and the machines. */
export function tableOf(results: Results): string {
  const entries = Object.entries(results);
  const rows = entries.map(([name, result]) => rowOf(name, result));
  const sentences = entries.flatMap(([name, { came }]) =>
    'skipped' in came
      ? [`**${name} was skipped**: ${came.skipped}`]
      : came.broken.map((sentence) => `**${name} broke a promise**: ${sentence}`),
  );
  const machines = [...new Set(entries.map(([, { machine }]) => machine))].map((machine) => `Machine: ${machine}`);
  return markdownTable(COLUMNS, rows, { words: 3, sentences: [...sentences, ...machines] });
}

function rowOf(name: string, { came, takenAt, commit, load, seconds }: Result): string[] {
  const when = `${takenAt.slice(0, 10)}, ${commit}`;
  const loadFor = `${load}, ${seconds} s`;
  if ('skipped' in came) return [name, 'skipped', loadFor, ...COLUMNS.slice(3, -1).map(() => ''), when];
  return [
    name,
    came.broken.length === 0 ? 'kept' : 'broken',
    loadFor,
    ...[came.accepted, came.lost, came.doubled, came.overLimit, came.worstSecond ?? ''].map(String),
    came.leastPerSecond?.toFixed(1) ?? '',
    came.recoverySeconds.toFixed(2),
    ...[came.failedRequests, came.allowedDoubles].map(String),
    when,
  ];
}

/** Of the sources and the machine that a result was taken with. */
export async function describeHere(): Promise<Pick<Result, 'commit' | 'machine'>> {
  const git = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('git', args, { cwd: import.meta.dirname })).stdout.trim();
  const commit = await Promise.all([
    git('rev-parse', '--short', 'HEAD'),
    git('status', '--porcelain', '--untracked-files=no'),
  ]).then(
    ([head, changed]) => (changed === '' ? head : `${head}-changed`),
    () => 'unknown', // a copy without its history
  );
  const memoryGiB = Math.round(totalmem() / 2 ** 30);
  return {
    commit,
    machine: `${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}, ${memoryGiB} GiB, Node ${process.version}`,
  };
}
