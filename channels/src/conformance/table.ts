import { EMPTY_CELLS, type SideName } from './empty-cells.ts';
import { OUTCOME_NAMES, OUTCOMES, type Outcome } from './outcomes.ts';

/** What the table has to know of a side. */
interface TableSide {
  name: SideName;
  methods: readonly string[];
  rows: readonly { method: string }[];
}

/** Why this cell has no test; null where it has one. */
export function reasonOf(side: SideName, method: string, outcome: Outcome): string | null {
  const reason = EMPTY_CELLS[side][method];
  if (typeof reason === 'string') return reason;
  return reason?.[outcome] ?? null;
}

/** Rows in the order of the methods; a method may stand in several, as `send, several`. */
function rowsOf({ methods, rows }: TableSide): { method: string; hasCalls: boolean }[] {
  return methods.flatMap((method) => {
    const own = rows.filter((row) => row.method.split(',')[0] === method).map((row) => row.method);
    return (own.length === 0 ? [method] : own).map((name) => ({ method: name, hasCalls: own.length > 0 }));
  });
}

/** Cells with neither a test nor a reason, or with a reason that stands for nothing; in sentences. */
export function problemsOf(side: TableSide): string[] {
  const rows = rowsOf(side);
  const strangers = Object.keys(EMPTY_CELLS[side.name]).filter((method) => !rows.some((row) => row.method === method));
  return [
    ...side.rows.filter(({ method }) => !rows.some((row) => row.method === method)).map(({ method }) => `${method} is no method`),
    ...strangers.map((method) => `a reason is given for ${method}, which is no row`),
    ...rows.flatMap(({ method, hasCalls }) => {
      const isWhole = typeof EMPTY_CELLS[side.name][method] === 'string';
      if (hasCalls) return isWhole ? [`${method} has a row, and a reason why not`] : [];
      return isWhole ? [] : [`${method} has neither a row nor a reason why not`];
    }),
  ];
}

/** One table in Markdown; an empty cell bears the number of its reason, which stands below. */
export function tableOf(side: TableSide): string {
  const reasons: string[] = [];
  const numberOf = (reason: string): number => {
    if (!reasons.includes(reason)) reasons.push(reason);
    return reasons.indexOf(reason) + 1;
  };
  const lines = linesOf(side).map(({ methods, reasonAt }) => {
    const cells = OUTCOME_NAMES.map((outcome) => {
      const reason = reasonAt(outcome);
      return reason === null ? '✓' : `(${numberOf(reason)})`;
    });
    return `| ${[methods.map(nameOf).join(', '), ...cells].join(' | ')} |`;
  });
  const head = `| ${side.name} | ${OUTCOME_NAMES.map((outcome) => OUTCOMES[outcome]).join(' | ')} |`;
  const rule = `| --- |${' :-: |'.repeat(OUTCOME_NAMES.length)}`;
  const notes = reasons.map((reason, index) => `(${index + 1}) ${reason}`).join('; ');
  return [head, rule, ...lines, ...(notes === '' ? [] : ['', `Empty: ${notes}.`])].join('\n');
}

/** Methods that stand in one line of the table: one alone, or all that are missing for one reason. */
function linesOf(side: TableSide): { methods: string[]; reasonAt: (outcome: Outcome) => string | null }[] {
  const rows = rowsOf(side).map(({ method }) => ({ method, whole: EMPTY_CELLS[side.name][method] }));
  const missing = Map.groupBy(
    rows.filter(({ whole }) => typeof whole === 'string'),
    ({ whole }) => String(whole),
  );
  return [
    ...rows
      .filter(({ whole }) => typeof whole !== 'string')
      .map(({ method }) => ({ methods: [method], reasonAt: (outcome: Outcome) => reasonOf(side.name, method, outcome) })),
    ...[...missing].map(([reason, own]) => ({ methods: own.map(({ method }) => method), reasonAt: () => reason })),
  ];
}

function nameOf(method: string): string {
  const [name = '', variant] = method.split(',');
  return variant === undefined ? `\`${name}\`` : `\`${name}\`: ${variant.trim()}`;
}
