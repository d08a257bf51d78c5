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
  /** How long trouble was made. */
  seconds: number;
  /** A sentence where it could not be done there; else what came of it. */
  came: { skipped: string } | Outcome;
}
export type Results = Readonly<Record<string, Result>>;

const FOLDER = new URL('../../results/', import.meta.url);
const FILE = fileURLToPath(new URL('chaos.jsonl', FOLDER));
const PAGE = fileURLToPath(new URL('../../../docs/proofs.md', import.meta.url));
const [BEGIN, END] = ['<!-- chaos: written by npm run chaos -->', '<!-- chaos: end -->'];

/** Puts the results among those of earlier runs, and writes the table of docs/proofs.md anew. Kept in the order of `names`. */
export async function record(results: Results, names: readonly string[]): Promise<void> {
  const lines = (await readFile(FILE, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  const earlier: Results = Object.fromEntries(lines.map((line) => JSON.parse(line) as [string, Result]));
  const all = { ...earlier, ...results };
  const ordered = names.flatMap((name): [string, Result][] => (all[name] === undefined ? [] : [[name, all[name]]]));
  await mkdir(FOLDER, { recursive: true });
  await writeFile(FILE, ordered.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await writeFile(PAGE, withTable(await readFile(PAGE, 'utf8'), tableOf(Object.fromEntries(ordered))));
}

/** The page with the table between its two marks. Throws where they are missing. */
export function withTable(page: string, table: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`docs/proofs.md must hold the lines "${BEGIN}" and "${END}".`);
  return `${page.slice(0, begin + BEGIN.length)}\n${table}\n${page.slice(end)}`;
}

const COLUMNS = [
  'scenario',
  'verdict',
  'accepted',
  'lost',
  'doubled',
  'over the limit',
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
  const lines = [COLUMNS, COLUMNS.map((_, column) => (column < 2 ? '---' : '---:')), ...rows].map(
    (row) => `| ${row.join(' | ')} |`,
  );
  return ['', ...lines, '', ...[...sentences, ...machines].map((sentence) => `- ${sentence}`), ''].join('\n');
}

function rowOf(name: string, { came, takenAt, commit }: Result): string[] {
  const when = `${takenAt.slice(0, 10)}, ${commit}`;
  if ('skipped' in came) return [name, 'skipped', ...COLUMNS.slice(2, -1).map(() => ''), when];
  const figures = [came.accepted, came.lost, came.doubled, came.overLimit].map(String);
  const verdict = came.broken.length === 0 ? 'kept' : 'broken';
  return [
    name,
    verdict,
    ...figures,
    came.recoverySeconds.toFixed(1),
    String(came.failedRequests),
    String(came.allowedDoubles),
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
