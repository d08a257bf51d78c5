import type { Readable } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { CONTACT_LIMITS, type Variables } from './directory.ts';
import { type ImportRow, storeRows } from './import.ts';

export interface CsvImportOptions {
  /** Says what would happen, and changes nothing. */
  dryRun: boolean;
  /** Where the permission came from, for lines that do not say. */
  consent: string | undefined;
  /** Digits of E.164 of what people write; null where it is no mobile number. */
  phoneOf(text: string): string | null;
}

export interface CsvImportResult {
  /** Lines with something in them, without the first. */
  lines: number;
  added: number;
  updated: number;
  refused: number;
  /** The first of them. */
  refusals: readonly LineRefusal[];
}

export interface LineRefusal {
  /** From 1; the first one names the columns. */
  line: number;
  column: string | null;
  /** What was wrong and what to do. */
  message: string;
}

const COLUMNS = ['phone', 'name', 'vk', 'ok', 'labels', 'consent', 'consent_at'] as const;
const VARIABLE_COLUMN = /^var\.([\p{L}_][\p{L}\p{N}_-]{0,63})$/u;
const LINES_AT_ONCE = 500;
const REFUSALS_SHOWN = 1_000;
const RECORD_CHARACTERS_MAX = 65_536;
const COLUMNS_MAX = 120;

interface ReadRow extends ImportRow {
  labels: readonly string[];
  variables: Variables;
  consentAt: Date | null;
}

const SQL = {
  describe: {
    name: 'contact_csv_describe',
    text: `
      update contact as c
      set labels = array(select distinct label from unnest(c.labels || array(select jsonb_array_elements_text(r.labels))) as l(label) order by label),
        variables = c.variables || r.variables
      from unnest($2::text[], $3::jsonb[], $4::jsonb[]) as r(phone, labels, variables)
      where c.account_id = $1 and c.phone = r.phone`,
  },
  ids: {
    name: 'contact_csv_ids',
    text: 'select id, phone from contact where account_id = $1 and phone = any($2::text[])',
  },
} as const;

class DryRun extends Error {}

/**
 * Reads a CSV text (RFC 4180; comma, semicolon or tab) as it comes and stores it, some hundred lines in a transaction. A line that
 * cannot be used is refused by itself. Throws `parameter.invalid` for a first line that names no phone or unknown columns, and
 * `csv.broken` for a text that is no CSV from some line on: what stood before it is stored, as the answer to the same text again says.
 */
export async function importCsv(
  parts: { database: Database; clock: Clock },
  accountId: number,
  csv: Readable,
  options: CsvImportOptions,
): Promise<CsvImportResult> {
  const result = { lines: 0, added: 0, updated: 0, refused: 0, refusals: [] as LineRefusal[] };
  const refuse = (refusal: LineRefusal): void => {
    result.refused += 1;
    if (result.refusals.length < REFUSALS_SHOWN) result.refusals.push(refusal);
  };
  let columns: readonly string[] | undefined;
  const rows: { line: number; row: ReadRow }[] = [];
  const store = async (): Promise<void> => {
    const { added, updated } = await storeTogether(parts, accountId, rows.splice(0), options, refuse);
    result.added += added;
    result.updated += updated;
  };
  const parser = csv.pipe(
    parse({
      bom: true,
      delimiter: [',', ';', '\t'],
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      max_record_size: RECORD_CHARACTERS_MAX,
    }),
  );
  csv.once('error', (error) => parser.destroy(error));
  try {
    for await (const item of parser) {
      const { record, info } = item as { record: readonly string[]; info: { lines: number } };
      if (columns === undefined) {
        columns = readColumns(record);
        continue;
      }
      if (record.every((field) => field === '')) continue;
      result.lines += 1;
      const read = readRow(columns, record, options);
      if ('message' in read) refuse({ line: info.lines, ...read });
      else rows.push({ line: info.lines, row: read });
      if (rows.length >= LINES_AT_ONCE) await store();
    }
  } catch (error) {
    const { code } = error as Partial<CsvError>;
    if (typeof code !== 'string' || !code.startsWith('CSV_')) throw error;
    throw new AppError('csv.broken', `after ${result.lines} lines: ${(error as Error).message.slice(0, 200)}`);
  }
  if (columns === undefined) throw new AppError('csv.broken', 'the text is empty: its first line must name the columns');
  await store();
  return { ...result, refusals: result.refusals.sort((a, b) => a.line - b.line) };
}

function readColumns(first: readonly string[]): readonly string[] {
  const columns = first.map((name) => (/^var\./i.test(name) ? name.replace(/^var\./i, 'var.') : name.toLowerCase()));
  const wrong = columns.find((name) => !COLUMNS.includes(name as (typeof COLUMNS)[number]) && !VARIABLE_COLUMN.test(name));
  const known = `${COLUMNS.join(', ')} and var.NAME`;
  if (wrong !== undefined || columns.length > COLUMNS_MAX)
    throw new AppError('parameter.invalid', `the first line must name columns: there are ${known}`, {
      field: (wrong ?? 'columns').slice(0, 64),
    });
  if (new Set(columns).size < columns.length)
    throw new AppError('parameter.invalid', 'the first line names a column twice', { field: 'columns' });
  if (!columns.includes('phone'))
    throw new AppError('parameter.invalid', 'the first line must name the column phone', { field: 'phone' });
  return columns;
}

type Unusable = { column: string | null; message: string };

function readRow(columns: readonly string[], record: readonly string[], options: CsvImportOptions): ReadRow | Unusable {
  if (record.length > columns.length)
    return { column: null, message: `has ${record.length} fields, the first line names ${columns.length} columns` };
  if (record.some((field) => field.includes('\0') || !field.isWellFormed() || field.includes('\uFFFD')))
    return { column: null, message: 'is not UTF-8: save the file as "CSV UTF-8"' };
  const fields = Object.fromEntries(columns.map((column, index) => [column, record[index] ?? '']));
  const { name = '', vk = '', ok = '' } = fields;
  const phone = options.phoneOf(fields['phone'] ?? '');
  if (phone === null) return { column: 'phone', message: 'is no possible mobile number: write it as +7 999 999-99-99' };
  if (name.length > CONTACT_LIMITS.nameCharacters)
    return { column: 'name', message: `has more than ${CONTACT_LIMITS.nameCharacters} characters` };
  for (const [column, id] of Object.entries({ vk, ok })) {
    if (id !== '' && !/^\d{1,20}$/.test(id)) return { column, message: 'must be the digits of an id' };
  }
  const consent = fields['consent'] || options.consent;
  if (consent === undefined) return { column: 'consent', message: 'is empty: say where the permission to write came from' };
  const at = fields['consent_at'] ?? '';
  const consentAt = at === '' ? null : new Date(at);
  if (consentAt !== null && (Number.isNaN(consentAt.getTime()) || !/^\d{4}-\d\d-\d\d/.test(at)))
    return { column: 'consent_at', message: 'must be a time as 2026-01-31T09:00:00+03:00, or a day as 2026-01-31' };
  const labels = (fields['labels'] ?? '')
    .split('|')
    .map((label) => label.trim())
    .filter((label) => label !== '');
  if (labels.length > CONTACT_LIMITS.labels || labels.some((label) => label.length > CONTACT_LIMITS.labelCharacters))
    return {
      column: 'labels',
      message: `takes at most ${CONTACT_LIMITS.labels} labels of ${CONTACT_LIMITS.labelCharacters} characters, separated by |`,
    };
  const variables = Object.fromEntries(
    Object.entries(fields).flatMap(([column, value]) => {
      const [, variable] = VARIABLE_COLUMN.exec(column) ?? [];
      return variable === undefined || value === '' ? [] : [[variable, value]];
    }),
  );
  if (JSON.stringify(variables).length > CONTACT_LIMITS.variablesCharacters)
    return { column: null, message: `has variables of more than ${CONTACT_LIMITS.variablesCharacters} characters` };
  return {
    ...{ phone, consent, labels, variables, consentAt },
    ...(name !== '' && { name }),
    ...(vk !== '' && { vk }),
    ...(ok !== '' && { ok }),
  };
}

/** All of them in one transaction. Of two lines with the same phone or id the first one is taken. */
async function storeTogether(
  { database, clock }: { database: Database; clock: Clock },
  accountId: number,
  lines: readonly { line: number; row: ReadRow }[],
  { dryRun }: CsvImportOptions,
  refuse: (refusal: LineRefusal) => void,
): Promise<{ added: number; updated: number }> {
  const rows = withoutRepeats(lines, refuse);
  if (rows.length === 0) return { added: 0, updated: 0 };
  let counts = { added: 0, updated: 0 };
  try {
    await database.transaction(async (tx) => {
      counts = await storeRows(tx, accountId, rows);
      const phones = rows.map(({ phone }) => phone);
      const [labels, variables] = [
        rows.map((row) => JSON.stringify(row.labels)),
        rows.map((row) => JSON.stringify(row.variables)),
      ];
      await tx.run(SQL.describe, [accountId, phones, labels, variables]);
      await noteConsent(tx, accountId, rows, new Date(clock.now()));
      if (dryRun) throw new DryRun();
    });
  } catch (error) {
    if (!(error instanceof DryRun)) throw error;
  }
  return counts;
}

async function noteConsent(tx: Queryable, accountId: number, rows: readonly ReadRow[], now: Date): Promise<void> {
  const found = await tx.rows<{ id: number; phone: string }>(SQL.ids, [accountId, rows.map(({ phone }) => phone)]);
  const ids = new Map(found.map(({ id, phone }) => [phone, id]));
  const alike = Map.groupBy(rows, ({ consent, consentAt }) => JSON.stringify([consent, consentAt?.getTime() ?? null]));
  for (const [first, ...others] of alike.values()) {
    if (first === undefined) continue;
    const { consent, consentAt } = first;
    const contactIds = [first, ...others].map(({ phone }) => ids.get(phone) as number);
    // An import is the account's word, not the person's: it opens nothing that they closed themselves.
    await tx.run(IMPORTED, [accountId, contactIds, consent, consentAt ?? now]);
  }
}

const IMPORTED = {
  name: 'contact_csv_consent',
  text: `
    insert into consent_entry (account_id, contact_id, allowed, source, detail, at)
    select $1, id, true, 'import', $3, $4 from unnest($2::bigint[]) as c(id) order by id`,
};

function withoutRepeats(
  lines: readonly { line: number; row: ReadRow }[],
  refuse: (refusal: LineRefusal) => void,
): readonly ReadRow[] {
  const seen = new Map<string, number>();
  return lines.flatMap(({ line, row }) => {
    for (const column of ['phone', 'vk', 'ok'] as const) {
      const before = row[column] === undefined ? undefined : seen.get(`${column} ${row[column]}`);
      if (before === undefined) continue;
      refuse({ line, column, message: `is the same as in line ${before}` });
      return [];
    }
    for (const column of ['phone', 'vk', 'ok'] as const)
      if (row[column] !== undefined) seen.set(`${column} ${row[column]}`, line);
    return [row];
  });
}
