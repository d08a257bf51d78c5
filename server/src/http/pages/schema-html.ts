import { escapeHtml } from './page.ts';

/** The parts of JSON Schema that our own schemas use. */
interface Schema {
  $ref?: string;
  type?: string;
  const?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly Schema[];
  items?: Schema;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  description?: string;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  maxLength?: number;
  format?: string;
  examples?: readonly unknown[];
}

const asSchema = (schema: unknown): Schema => schema as Schema;
const code = (text: string): string => `<code>${escapeHtml(text)}</code>`;

/** What a value looks like, in words and links to the named schemas. */
export function typeHtml(given: unknown): string {
  const schema = asSchema(given);
  if (schema.$ref !== undefined) {
    const name = escapeHtml(schema.$ref.split('/').at(-1) ?? '');
    return `<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(' ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeHtml).join(' or ');
  if (schema.type === 'array') return `array${range(schema.minItems, schema.maxItems)} of ${typeHtml(schema.items ?? {})}`;
  if (schema.properties !== undefined && Object.keys(schema.properties).length > 0) {
    const members = Object.entries(schema.properties).map(([name, member]) => `${code(name)}: ${typeHtml(member)}`);
    return `object { ${members.join(', ')} }`;
  }
  const length = schema.maxLength === undefined ? '' : `, at most ${schema.maxLength} characters`;
  return `${escapeHtml(schema.format ?? schema.type ?? 'anything')}${range(schema.minimum, schema.maximum)}${length}`;
}

function range(min: number | undefined, max: number | undefined): string {
  if (min === undefined && max === undefined) return '';
  return ` ${min ?? '…'}–${max ?? '…'}`;
}

/** The fields of an object as a table; the type alone where the schema is no object. */
export function fieldsHtml(given: unknown): string {
  const schema = asSchema(given);
  if (schema.properties === undefined || Object.keys(schema.properties).length === 0) return `<p>${typeHtml(given)}</p>`;
  return tableHtml(
    Object.entries(schema.properties).map(([name, field]) => ({
      name,
      required: schema.required?.includes(name) === true,
      schema: field,
    })),
  );
}

/** Named values with their types. */
export function tableHtml(fields: readonly { name: string; required: boolean; schema: unknown }[]): string {
  const rows = fields.map(({ name, required, schema }) => {
    const { description, examples } = asSchema(schema);
    const example =
      examples?.[0] === undefined ? '' : ` <span class="soft">For example</span> ${code(JSON.stringify(examples[0]))}`;
    return `<tr><td>${code(name)}${required ? ' <span title="required">*</span>' : ''}</td><td>${typeHtml(schema)}</td><td>${escapeHtml(description ?? '')}${example}</td></tr>`;
  });
  return `<div class="wide"><table><tbody>${rows.join('')}</tbody></table></div>`;
}
