import { OPERATIONS, type Operation, type OperationId } from '@soroka/api';
import fc from 'fast-check';
import type { TSchema } from 'typebox';

/** A request drawn from the schemas of one operation: most of it fits, some of it does not. */
export interface DrawnRequest {
  id: OperationId;
  method: string;
  /** With its query. */
  path: string;
  headers: Readonly<Record<string, string>>;
  /** Undefined: none is sent. */
  body: Uint8Array | undefined;
}

/** Keywords of JSON Schema that the schemas of the API use. */
interface Drawable {
  const?: unknown;
  enum?: readonly unknown[];
  examples?: readonly unknown[];
  anyOf?: readonly Drawable[];
  type?: string;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  items?: Drawable;
  minItems?: number;
  maxItems?: number;
  properties?: Readonly<Record<string, Drawable>>;
  required?: readonly string[];
  patternProperties?: Readonly<Record<string, Drawable>>;
}

const FITTING_TO_ODD = [11, 1] as const;
const LONG = 'я'.repeat(5_000);
const ODD: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    1e308,
    2 ** 31,
    2 ** 53,
    '',
    ' ',
    '0',
    '\0',
    '\ud800',
    "'; drop table account; --",
    '%_\\',
    LONG,
  ),
  fc.constantFrom<unknown>(
    [],
    {},
    [[]],
    [null],
    { __proto__: null, constructor: 1 },
    '../..',
    '{{ x }}',
    '(',
    '2026-02-30T25:61:61Z',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.jsonValue({ maxDepth: 2 }),
);

const mixed = (fitting: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: FITTING_TO_ODD[0], arbitrary: fitting }, { weight: FITTING_TO_ODD[1], arbitrary: ODD });

/** Values of a schema, with odd ones among them at every depth. */
function valuesOf(schema: Drawable): fc.Arbitrary<unknown> {
  const { const: constant, enum: values, anyOf, examples = [] } = schema;
  if (constant !== undefined) return mixed(fc.constant(constant));
  if (values !== undefined) return mixed(fc.constantFrom(...values));
  if (anyOf !== undefined) return fc.oneof(...anyOf.map(valuesOf));
  const drawn = drawnOf(schema);
  return mixed(examples.length === 0 ? drawn : fc.oneof(fc.constantFrom(...examples), drawn));
}

function drawnOf(schema: Drawable): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case 'string': {
      const { minLength = 0, maxLength = 40, format, pattern } = schema;
      if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
      const digits = fc.integer({ min: 0, max: 99_999 }).map(String);
      const text = fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, Math.min(maxLength, 40)) });
      return pattern === undefined ? text : fc.oneof(digits, fc.stringMatching(new RegExp(pattern, 'u')), text);
    }
    case 'integer':
    case 'number': {
      const { minimum = -5, maximum = 2 ** 53 - 1 } = schema;
      return fc.oneof(
        fc.integer({ min: minimum, max: Math.max(minimum, Math.min(maximum, minimum + 6)) }),
        fc.constantFrom(minimum, maximum),
      );
    }
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array': {
      const { items = {}, minItems = 0, maxItems = 3 } = schema;
      return fc.array(valuesOf(items), { minLength: minItems, maxLength: Math.max(minItems, Math.min(maxItems, 3)) });
    }
    case 'object':
      return objectsOf(schema);
    default:
      return fc.jsonValue({ maxDepth: 1 });
  }
}

function objectsOf({ properties = {}, required = [], patternProperties }: Drawable): fc.Arbitrary<unknown> {
  const fields = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, valuesOf(one)]));
  const known = fc.record(fields, { requiredKeys: required.filter((name) => name in fields) });
  const more = Object.values(patternProperties ?? {})[0];
  const free = fc.dictionary(fc.string({ maxLength: 10 }), more === undefined ? ODD : valuesOf(more), { maxKeys: 3 });
  if (more !== undefined) return fc.tuple(known, free).map(([a, b]) => ({ ...b, ...a }));
  return fc.oneof(
    { weight: 19, arbitrary: known },
    { weight: 1, arbitrary: fc.tuple(known, free).map(([a, b]) => ({ ...b, ...a })) },
  );
}

// Ids of the world that a test begins with are small.
const pathValue = (schema: TSchema): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 6 }).map(String) },
    { weight: 2, arbitrary: valuesOf(schema as Drawable).map(textOf) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('0', '-1', '9007199254740993', '99999999999999999999', '1e3', '%00', 'a/b', LONG.slice(0, 300)),
    },
  );
const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
const escaped = (text: string): string => encodeURIComponent(text.toWellFormed());

/** Waiting is tried elsewhere: here it would only take time. */
const WAITS = new Set(['wait']);

const JSON_TYPE = fc.oneof(
  { weight: 30, arbitrary: fc.constant('application/json') },
  { weight: 1, arbitrary: fc.constantFrom('text/plain', 'application/json; charset=latin1', '') },
);

function requestsOf(id: OperationId): fc.Arbitrary<DrawnRequest> {
  const { method, path, pathParameters = {}, query = {}, headers = {}, body, bodyType }: Operation = OPERATIONS[id];
  const optional = (schemas: Readonly<Record<string, TSchema>>) =>
    fc.record(Object.fromEntries(Object.entries(schemas).map(([name, one]) => [name, valuesOf(one as Drawable)])), {
      requiredKeys: [],
    });
  const bytes = bodyBytes(body as Drawable | undefined, bodyType);
  const inPath = fc.record(Object.fromEntries(Object.entries(pathParameters).map(([name, one]) => [name, pathValue(one)])));
  return fc
    .record({ inPath, inQuery: optional(query), inHeaders: optional(headers), body: bytes, type: JSON_TYPE })
    .map(({ inPath: ids, inQuery, inHeaders, body: sent, type }) => {
      const parameters = Object.entries(inQuery).filter(([name]) => !WAITS.has(name));
      const search = parameters.map(([name, value]) => `${name}=${escaped(textOf(value))}`).join('&');
      const texts = Object.entries(inHeaders).filter(([, value]) => /^[\x20-\x7e]+$/.test(textOf(value)));
      return {
        id,
        method,
        path:
          path.replaceAll(/\{(\w+)\}/g, (_, name: string) => escaped(String((ids as Record<string, unknown>)[name]))) +
          (search === '' ? '' : `?${search}`),
        headers: {
          ...Object.fromEntries(texts.map(([name, value]) => [name, textOf(value)])),
          ...(sent === undefined ? {} : { 'content-type': bodyType ?? type }),
        },
        body: sent,
      };
    });
}

function bodyBytes(body: Drawable | undefined, bodyType: string | undefined): fc.Arbitrary<Uint8Array | undefined> {
  if (body === undefined) return fc.constant(undefined);
  if (bodyType !== undefined)
    return fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string().map((text) => Buffer.from(text)),
    );
  const whole = valuesOf(body).map((value) => Buffer.from(JSON.stringify(value) ?? 'null'));
  return fc.oneof(
    { weight: 20, arbitrary: whole },
    { weight: 1, arbitrary: fc.tuple(whole, fc.nat(1_000)).map(([bytes, at]) => bytes.subarray(0, at % (bytes.length + 1))) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 50 }) },
  );
}

/** `count` requests over all operations in turn, the same for the same seed. */
export function drawRequests(ids: readonly OperationId[], count: number, seed: number): DrawnRequest[] {
  const each = Math.ceil(count / ids.length);
  const byOperation = ids.map((id) => fc.sample(requestsOf(id), { numRuns: each, seed }));
  return Array.from({ length: each }, (_, round) => byOperation.flatMap((drawn) => drawn[round] ?? []))
    .flat()
    .slice(0, count);
}
