import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { DEVIATIONS } from './schema-deviations.ts';

/** VKCOM/vk-api-schema as it stands beside the repository, MIT; not part of it. */
const FOLDER = new URL('../../../../../shared/vk-api-schema/', import.meta.url);
export const isSchemaThere: boolean = existsSync(FOLDER);
/** What the name of a skipped test says. */
export const SCHEMA_ABSENT = 'NOT CHECKED: ../shared/vk-api-schema is absent';

type Json = { [name: string]: Json } | Json[] | string | number | boolean | null;

interface MethodSchema {
  name: string;
  access_token_type: readonly string[];
  parameters?: readonly { name: string }[];
  responses: Readonly<Record<string, { $ref: string }>>;
  errors?: readonly { $ref: string }[];
}

interface ErrorSchema {
  code: number;
  description: string;
  global?: boolean;
}

export interface VkSchema {
  methods: ReadonlyMap<string, MethodSchema>;
  errors: readonly ErrorSchema[];
  /** Codes that this method may answer with: its own and those of all methods. */
  errorCodes(method: string): ReadonlySet<number>;
  /** What is wrong with a whole answer, by the method's best fitting (or the named) response; null where nothing is. */
  responseProblem(method: string, body: unknown, variant?: string): string | null;
  /** What is wrong with a value by a definition, such as `callback/objects.json callback_message_new`. */
  problem(definition: string, value: unknown): string | null;
}

const read = (path: string): Json => JSON.parse(readFileSync(new URL(path, FOLDER), 'utf8'));

/**
 * Reads the schema and makes it a valid draft 07, by the recipe of contracts/vk.md 6: `required: true` goes from the property to its
 * parent, extra keywords and formats go, references become absolute. Then the deviations known from practice are laid over it.
 */
export function loadSchema(): VkSchema {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const sections = readdirSync(FOLDER, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  const methods = new Map<string, MethodSchema>();
  for (const section of sections) {
    for (const file of ['objects.json', 'responses.json']) {
      const path = `${section}/${file}`;
      if (!existsSync(new URL(path, FOLDER))) continue;
      const schema = draft07(read(path), section) as { [name: string]: Json };
      for (const deviation of DEVIATIONS) if (deviation.file === path) applyDeviation(schema, deviation);
      ajv.addSchema({ definitions: schema['definitions'] ?? {} }, `vk://${path}`);
    }
    if (!existsSync(new URL(`${section}/methods.json`, FOLDER))) continue;
    const listed = read(`${section}/methods.json`) as unknown as { methods: MethodSchema[] };
    for (const method of listed.methods) methods.set(method.name, method);
  }
  const named = (read('errors.json') as unknown as { errors: Record<string, ErrorSchema> }).errors;

  const compiled = new Map<string, ValidateFunction>();
  const problemBy = (ref: string, value: unknown): string | null => {
    const validate = compiled.get(ref) ?? ajv.compile({ $ref: ref });
    compiled.set(ref, validate);
    return validate(value) ? null : ajv.errorsText(validate.errors, { separator: '; ' });
  };
  const methodOf = (name: string): MethodSchema => {
    const method = methods.get(name);
    if (method === undefined) throw new Error(`the schema has no method ${name}`);
    return method;
  };
  return {
    methods,
    errors: Object.values(named),
    errorCodes(name) {
      const own = methodOf(name).errors?.map(({ $ref }) => named[$ref.split('/').at(-1) ?? '']) ?? [];
      return new Set([...own, ...Object.values(named).filter(({ global }) => global === true)].map((error) => error?.code ?? 0));
    },
    responseProblem(name, body, variant) {
      const responses = methodOf(name).responses;
      const wanted =
        variant === undefined ? Object.values(responses) : [responses[variant] ?? { $ref: `no response ${variant}` }];
      const problems = wanted.map(({ $ref }) => problemBy($ref.replace('..', 'vk:/'), body));
      return problems.includes(null) ? null : problems.join(' | or ');
    },
    problem(definition, value) {
      const [path, name] = definition.split(' ');
      return problemBy(`vk://${path}#/definitions/${name}`, value);
    },
  };
}

const NOT_OF_DRAFT_07 = new Set(['entity', 'enumNames', 'discriminator', 'format']);

function draft07(node: Json, section: string): Json {
  if (Array.isArray(node)) return node.map((item) => draft07(item, section));
  if (typeof node !== 'object' || node === null) return node;
  const out: { [name: string]: Json } = {};
  for (const [key, value] of Object.entries(node)) {
    if (NOT_OF_DRAFT_07.has(key) && typeof value !== 'object') continue;
    if (key === 'discriminator' || key === 'enumNames' || (key === 'required' && typeof value === 'boolean')) continue;
    out[key] = key === '$ref' ? absolute(String(value), section) : draft07(value, section);
  }
  const { properties } = node;
  if (typeof properties === 'object' && properties !== null && !Array.isArray(properties)) {
    const required = Object.entries(properties).flatMap(([name, property]) =>
      typeof property === 'object' && property !== null && !Array.isArray(property) && property['required'] === true
        ? [name]
        : [],
    );
    if (required.length > 0) out['required'] = required;
  }
  // Draft 07 ignores what stands beside a reference; here it counts.
  if (out['$ref'] === undefined || Object.keys(out).length === 1) return out;
  const { $ref, ...beside } = out;
  return { allOf: [{ $ref }, beside] };
}

function absolute(ref: string, section: string): string {
  if (ref.startsWith('../')) return `vk://${ref.slice(3)}`;
  return ref.startsWith('#') ? ref : `vk://${section}/${ref}`;
}

/** One place where VK, or what is known of it, is not as its schema says. */
export interface Deviation {
  file: string;
  /** Names from `definitions` down to a list that gets more values, or to a type that is replaced. */
  at: string;
  change: { add: readonly string[] } | { set: Json };
  reason: string;
}

function applyDeviation(schema: Json, { file, at, change }: Deviation): void {
  const names = at.split('.');
  const last = names.pop() ?? '';
  let node: Json | undefined = (schema as { [name: string]: Json })['definitions'];
  for (const name of names) node = (node as { [name: string]: Json } | undefined)?.[name];
  const place = node as { [name: string]: Json } | undefined;
  if (place?.[last] === undefined) throw new Error(`${file} has no ${at}: take the deviation out`);
  place[last] = 'set' in change ? change.set : [...(place[last] as Json[]), ...change.add];
}
