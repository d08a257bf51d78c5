import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from './machine.ts';

export type Cell = string | number;

/** What one measurement found. */
export interface Section {
  name: string;
  /** One line for each run; all have the same names of columns, with units in them. */
  rows: readonly Readonly<Record<string, Cell>>[];
  /** What the reader must know to read the figures. */
  notes: readonly string[];
  /** What is promised and was not so in this run, a sentence each. */
  broken?: readonly string[];
}

export interface Results {
  takenAt: string;
  machine: Machine;
  /** What a message of the load is. */
  payload: string;
  sections: readonly Section[];
}

/** The results as Markdown, which also reads well in a terminal. */
export function tableOf(results: Results): string {
  const { takenAt, sections } = results;
  return `${[`# Soroka, measured ${takenAt}`, factsText(results), ...sections.map(sectionText)].join('\n\n')}\n`;
}

/** The machine, the versions and the payload, one line each. */
export function factsText({ machine, payload }: Pick<Results, 'machine' | 'payload'>): string {
  return Object.entries({ ...machine, payload })
    .map(([name, value]) => `- ${name}: ${value}`)
    .join('\n');
}

export function sectionText({ name, rows, notes, broken = [] }: Section): string {
  const columns = Object.keys(rows[0] ?? {});
  const lines = [columns, ...rows.map((row) => columns.map((column) => cellText(row[column] ?? '')))];
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const written = lines.map((line) => `| ${line.map((cell, column) => cell.padStart(widths[column] ?? 0)).join(' | ')} |`);
  const rule = `|${widths.map((width) => `${'-'.repeat(width + 1)}:`).join('|')}|`;
  const remarks = [...broken.map((sentence) => `**A promise was broken**: ${sentence}`), ...notes].map((remark) => `- ${remark}`);
  return [`## ${name}`, '', written[0], rule, ...written.slice(1), '', ...remarks].join('\n').trimEnd();
}

/** Figures as they are read: whole from 100 up, with two digits after the point below 10. */
function cellText(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  if (Number.isInteger(cell)) return cell.toLocaleString('en');
  return cell.toLocaleString('en', { maximumFractionDigits: cell >= 100 ? 0 : cell >= 10 ? 1 : 2 });
}

/** Writes `<time>-<commit>.json` and `.md` into the folder; their path without the ending. */
export async function writeResults(folder: string, results: Results): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${results.takenAt.slice(0, 16).replaceAll(':', '')}-${results.machine.commit}`);
  await writeFile(`${path}.json`, `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(`${path}.md`, tableOf(results));
  return path;
}
