/** Rows of a CSV text (RFC 4180) as fields by the names of the first line; `line` is where the row begins, from 1. */
export interface CsvRow {
  line: number;
  fields: Readonly<Record<string, string>>;
}

/**
 * Comma, semicolon or tab, whichever the first line has more of: Excel writes semicolons in Russia. Quotes may hold
 * separators, line breaks and doubled quotes. Empty lines are skipped, white space around a field goes. Throws a sentence
 * with the line for a quoted field that does not end and for rows longer than the first line.
 */
export function parseCsv(text: string): { columns: readonly string[]; rows: readonly CsvRow[] } {
  const body = text.replace(/^\uFEFF/, '');
  const firstLine = /^[^\r\n]*/.exec(body)?.[0] ?? '';
  const separator = [',', ';', '\t'].sort((a, b) => firstLine.split(b).length - firstLine.split(a).length)[0] as string;
  const [header, ...records] = recordsOf(body, separator);
  if (header === undefined) throw new Error('The file is empty.');
  const columns = header.fields.map((column) => column.toLowerCase());
  const rows = records.map(({ line, fields }) => {
    if (fields.length > columns.length)
      throw new Error(`Line ${line} has ${fields.length} fields, the first line ${columns.length}.`);
    return { line, fields: Object.fromEntries(columns.map((column, index) => [column, fields[index] ?? ''])) };
  });
  return { columns, rows };
}

function recordsOf(text: string, separator: string): { line: number; fields: string[] }[] {
  const records: { line: number; fields: string[] }[] = [];
  // A field is quoted or runs to the next separator or line end; sticky, so that nothing is skipped unseen.
  const field = new RegExp(
    `[ ]*(?:"((?:[^"]|"")*)"[ ]*|([^${separator}\\r\\n"][^${separator}\\r\\n]*|))(${separator}|\\r\\n|\\n|\\r|$)`,
    'y',
  );
  let line = 1;
  let current = { line, fields: [] as string[] };
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    if (match === null)
      throw new Error(`Line ${line}: a field that begins with a quote must end with one; double a quote inside it.`);
    const [whole, quoted, plain = '', end = ''] = match;
    current.fields.push((quoted?.replaceAll('""', '"') ?? plain).trim());
    line += whole.match(/\r\n|\n|\r/g)?.length ?? 0;
    if (end === separator && field.lastIndex < text.length) continue;
    if (end === separator) current.fields.push('');
    if (current.fields.some((value) => value !== '')) records.push(current);
    current = { line, fields: [] };
  }
  return records;
}
