import type { Finding } from '../doctor/doctor.ts';
import type { Answer, Cell, ReportSection } from './command.ts';

export type Form = 'terminal' | 'tsv' | 'json';

/** How an answer is printed: what goes to standard output, and what to people alone (standard error). */
export function present(answer: Answer, form: Form): { out: string; note: string } {
  switch (answer.kind) {
    case 'done':
      return form === 'json' ? { out: json({ done: answer.sentence }), note: '' } : { out: '', note: `${answer.sentence}\n` };
    case 'value':
      return form === 'json' ? { out: json(answer.fields), note: '' } : { out: `${answer.value}\n`, note: `${answer.note}\n` };
    case 'record': {
      const { did = [], left = [] } = answer.work ?? {};
      if (form === 'json') return { out: json({ ...answer.fields, ...(answer.work && { did, left }) }), note: '' };
      const sentences = [
        ...did,
        ...left.map((sentence) => `To do: ${sentence}`),
        ...(answer.note === undefined || answer.note === '' ? [] : [answer.note]),
      ];
      const note = sentences.map((sentence) => `${sentence}\n`).join('');
      const rows = Object.entries(answer.fields).map(([name, cell]) => [name, textOf(cell)]);
      return { out: form === 'tsv' ? tsv(rows) : aligned(rows), note };
    }
    case 'report':
      return presentReport(answer.sections, form);
    case 'list': {
      if (form === 'json') return { out: json(answer.rows), note: '' };
      const rows = answer.rows.map((row) => answer.columns.map((column) => textOf(row[column] ?? null)));
      const all = [[...answer.columns], ...rows];
      if (form === 'tsv') return { out: tsv(all), note: '' };
      return { out: rows.length === 0 ? '' : aligned(all), note: rows.length === 0 ? 'There are none.\n' : '' };
    }
  }
}

const REPORT_COLUMNS = ['state', 'group', 'connection', 'name', 'found', 'advice'] as const;
const STATES: Readonly<Record<Finding['state'], string>> = { good: 'good   ', bad: 'BAD    ', unknown: 'unknown' };

function presentReport(sections: readonly ReportSection[], form: Form): { out: string; note: string } {
  const findings = sections.flatMap((section) => section.findings);
  const rows = findings.map(({ connectionId, ...finding }) => ({ ...finding, connection: connectionId }));
  if (form === 'json') return { out: json(rows), note: '' };
  if (form === 'tsv') {
    return {
      out: tsv([[...REPORT_COLUMNS], ...rows.map((row) => REPORT_COLUMNS.map((column) => textOf(row[column])))]),
      note: '',
    };
  }
  const indent = ' '.repeat(2 + STATES.good.length + 2);
  const blocks = sections.map(({ title, findings: own }) => {
    const lines = own.map(({ state, found, advice }) => {
      const lines = [`  ${STATES[state]}  ${found}`, ...(advice === null ? [] : [`${indent}-> ${advice}`])];
      return lines.map((line) => `${line}\n`).join('');
    });
    return `${title}\n${lines.join('')}`;
  });
  const bad = findings.filter(({ state }) => state === 'bad').length;
  const note = bad === 0 ? 'Nothing is bad.' : bad === 1 ? 'One finding is bad.' : `${bad} findings are bad.`;
  return { out: blocks.join('\n'), note: `${note}\n` };
}

/** Enough of a secret to tell it from another, and no more. */
export function masked(secret: string): string {
  const shown = 4;
  return secret.length < shown * 4 ? '****' : `****${secret.slice(-shown)}`;
}

function textOf(cell: Cell): string {
  if (cell === null) return '-';
  return typeof cell === 'object' ? cell.join(', ') : String(cell);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

// Tabs and line breaks inside a value would move what follows into other columns and rows.
function tsv(rows: readonly (readonly string[])[]): string {
  const escaped = (text: string) =>
    text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return rows.map((row) => `${row.map(escaped).join('\t')}\n`).join('');
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}
