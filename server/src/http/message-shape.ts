import { type ErrorCode, Message, OlderMessage } from '@soroka/api';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import { Settings } from 'typebox/system';
import type { Refusal } from '../dispatch/dispatch.ts';

// The default of 8 would hide problems; without any bound one item could ask for an answer larger than itself.
const PROBLEMS_MAX = 32;
Settings.Set({ maxErrors: PROBLEMS_MAX });
const NAME_CHARACTERS_MAX = 64;

/** What a field's own problems are called; a wrong JSON type is always `field.type.invalid`. */
type KeyOfField = (field: string) => ErrorCode;

/** One of the two forms that an item may have. */
export interface ItemForm {
  check(value: unknown): boolean;
  errors(value: unknown): readonly TLocalizedValidationError[];
  keyOf: KeyOfField;
}

const BARE_KEYS: Readonly<Record<string, ErrorCode>> = {
  phone: 'phone.invalid',
  service: 'service.not.found',
  templateId: 'message.contains.invalid.templateId',
  tmpl: 'message.contains.invalid.templateId',
  tmpl_data: 'tmpl_data.invalid',
  routes: 'routes.invalid',
  steps: 'steps.invalid',
  delivery_policy: 'delivery_policy.invalid',
  class: 'class.invalid',
  ttl: 'ttl.invalid',
  status_url: 'status_url.invalid',
  callbackData: 'callbackData.invalid',
  clientMessageId: 'clientMessageId.invalid',
  sendAt: 'sendAt.invalid',
  windows: 'windows.invalid',
};
const OLDER_KEYS: Readonly<Record<string, ErrorCode>> = {
  to: 'phone.invalid',
  service: 'service.not.found',
  templateId: 'message.contains.invalid.templateId',
  templateData: 'tmpl_data.invalid',
  routes: 'routes.invalid',
  deliveryPolicy: 'delivery_policy.invalid',
  validity: 'ttl.invalid',
  callbackData: 'callbackData.invalid',
  callbackUrl: 'status_url.invalid',
  clientMessageId: 'clientMessageId.invalid',
};

const bare = Compile(Message);
const older = Compile(OlderMessage);
export const BARE_FORM: ItemForm = {
  check: (value) => bare.Check(value),
  errors: (value) => bare.Errors(value),
  keyOf: (field) => BARE_KEYS[field] ?? 'field.type.invalid',
};
export const OLDER_FORM: ItemForm = {
  check: (value) => older.Check(value),
  errors: (value) => older.Errors(value),
  keyOf: (field) => OLDER_KEYS[field] ?? 'field.type.invalid',
};

/** Everything that the schema finds wrong with an item, in terms of the contract; empty where it fits. */
export function shapeProblems(form: ItemForm, item: unknown): Refusal[] {
  if (form.check(item)) return [];
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    return [{ key: 'message.invalid', message: 'a message must be an object' }];
  const part = partToExplain(item) as object;
  const byPath = Map.groupBy(form.errors(part), ({ instancePath }) => instancePath);
  return [...byPath].flatMap(([path, errors]) => refusalsAt(form, part, segmentsOf(path), errors));
}

// Errors are looked for at 1 µs per name and element, in 4 MiB of them if somebody likes: what is far too much is cut to
// what is still too much.
const ELEMENTS_MAX = 24;
const OPAQUE: ReadonlySet<string> = new Set(['tmpl_data', 'templateData', 'callbackData']);
const DOCUMENTED: ReadonlySet<string> = namesIn([Message, OlderMessage]);

function partToExplain(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, ELEMENTS_MAX).map(partToExplain);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value);
  const documented = members.filter(([name]) => DOCUMENTED.has(name));
  const others = members.filter(([name]) => !DOCUMENTED.has(name)).slice(0, PROBLEMS_MAX);
  return Object.fromEntries(
    [...documented, ...others].map(([name, member]) => [name, OPAQUE.has(name) ? member : partToExplain(member)]),
  );
}

/** Every property name of some schemas, at any depth. */
function namesIn(schema: unknown): Set<string> {
  if (typeof schema !== 'object' || schema === null) return new Set();
  const below = Object.values(schema).map(namesIn);
  const own = 'properties' in schema ? Object.keys(schema.properties as object) : [];
  return new Set([...own, ...below.flatMap((names) => [...names])]);
}

function refusalsAt(
  form: ItemForm,
  item: object,
  segments: readonly string[],
  errors: readonly TLocalizedValidationError[],
): Refusal[] {
  const key = form.keyOf(segments[0] ?? '');
  const field = fieldPath(segments);
  if (errors.some(isOfUnknownField)) return [{ key: 'field.unknown', field, message: 'this field does not exist' }];
  const missing = errors.flatMap((error) => (error.keyword === 'required' ? error.params.requiredProperties : []));
  const refusals = missing.map((name) => ({
    key: segments.length === 0 ? form.keyOf(name) : key,
    field: fieldPath([...segments, name]),
    message: 'this field is required',
  }));
  const value = valueAt(item, segments);
  const wrongTypes = errors.map((error) => expectedType(error, value)).filter((type) => type !== null);
  const others = errors.filter((error) => expectedType(error, value) === null && COMMENTED.has(error.keyword));
  if (others[0] !== undefined) refusals.push({ key, field, message: problemText(others[0]) });
  else if (wrongTypes.length > 0) {
    refusals.push({ key: 'field.type.invalid', field, message: `must be ${wrongTypes.join(' or ')}, it is ${typeName(value)}` });
  }
  return refusals;
}

const isOfUnknownField = (error: TLocalizedValidationError): boolean =>
  error.keyword === 'boolean' && error.schemaPath.endsWith('/additionalProperties');

/** The JSON type that an error misses, null where the type is right and the value is not. */
function expectedType(error: TLocalizedValidationError, value: unknown): string | null {
  if (error.keyword === 'enum') return typeof value === 'string' ? null : 'a string';
  if (error.keyword !== 'type') return null;
  const type = String(error.params.type);
  if (type === 'integer' && typeof value === 'number') return null;
  return TYPE_NAMES[type] ?? type;
}
const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'a whole number',
  object: 'an object',
  array: 'an array',
  null: 'null',
};
function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return TYPE_NAMES[typeof value] ?? (typeof value === 'number' ? 'a number' : 'true or false');
}

/** Keywords that say what to do; `anyOf` and the summaries of unknown fields repeat others. */
const COMMENTED: ReadonlySet<string> = new Set([
  ...[
    'enum',
    'type',
    'minimum',
    'maximum',
    'minLength',
    'maxLength',
    'minItems',
    'maxItems',
    'minProperties',
    'uniqueItems',
    'pattern',
  ],
]);
function problemText(error: TLocalizedValidationError): string {
  switch (error.keyword) {
    case 'enum':
      return `must be one of ${error.params.allowedValues.join(', ')}`;
    case 'type':
      return 'must be a whole number';
    case 'minimum':
      return `must be at least ${error.params.limit}`;
    case 'maximum':
      return `must be at most ${error.params.limit}`;
    case 'minLength':
    case 'minItems':
    case 'minProperties':
      return 'must not be empty';
    case 'maxLength':
      return `must have at most ${error.params.limit} characters`;
    case 'maxItems':
      return `must have at most ${error.params.limit} elements`;
    case 'uniqueItems':
      return 'must not name anything twice';
    default:
      return 'does not have the documented form';
  }
}

const segmentsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));

/** `steps[0].route`; names that the caller made up are cut. */
export function fieldPath(segments: readonly (string | number)[]): string {
  return segments.reduce<string>((path, segment) => {
    if (/^\d+$/.test(String(segment)) && path !== '') return `${path}[${segment}]`;
    const name = String(segment).slice(0, NAME_CHARACTERS_MAX);
    return path === '' ? name : `${path}.${name}`;
  }, '');
}

function valueAt(item: unknown, segments: readonly string[]): unknown {
  return segments.reduce<unknown>((value, segment) => (value as Record<string, unknown> | undefined)?.[segment], item);
}
