import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import type { PlayedCall } from './play-vk.ts';

/** VK's official schema, read from beside the project; what it says of our calls and of errors. */
export interface VkSchema {
  /** What is wrong with a call, in sentences; empty where VK's schema would take it. Calls within `execute` are looked at too. */
  faultsOf(call: PlayedCall): string[];
  /** Codes of the errors that a method lists. */
  errorsOf(method: string): number[];
  errors: readonly { code: number; text: string; isGlobal: boolean }[];
}

interface Parameter {
  name: string;
  type?: string | readonly string[];
  required?: boolean;
  enum?: readonly unknown[];
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
  items?: Omit<Parameter, 'name'>;
  $ref?: string;
}

interface Method {
  name: string;
  access_token_type?: readonly string[];
  parameters?: readonly Parameter[];
  errors?: readonly { $ref: string }[];
}

const FOLDER = fileURLToPath(new URL('../../../shared/vk-api-schema', import.meta.url));
const SECTIONS = ['messages', 'groups', 'users', 'photos', 'docs', 'execute'];
const KEYBOARD = '../messages/objects.json#/definitions/messages_keyboard';

/** Taken by every method: dev.vk.com/api/api-requests. */
const EVERYWHERE: readonly string[] = ['v', 'access_token', 'lang'];

/** Where VK is known to take what its schema does not say (contracts/vk.md 3.3 and 6). */
const OVERLAY = {
  parameters: {
    execute: [{ name: 'code', type: 'string', required: true }],
    'messages.edit': [{ name: 'keyboard', type: 'string', $ref: KEYBOARD }],
  } as Readonly<Record<string, readonly Parameter[]>>,
  colors: ['secondary'],
  notRequired: ['one_time'],
};

/** null, and a line that says so, where the folder is not there: then these tests say nothing. */
export function readVkSchema(): VkSchema | null {
  if (!existsSync(FOLDER)) {
    console.warn(`VK's schema is not at ${FOLDER}: NOTHING that the VK channel asks for is checked against it`);
    return null;
  }
  const read = (path: string): unknown => JSON.parse(readFileSync(`${FOLDER}/${path}`, 'utf8'));
  const methods = new Map<string, Method>();
  for (const section of SECTIONS) {
    const { methods: found } = read(`${section}/methods.json`) as { methods: Method[] };
    for (const method of found) methods.set(method.name, method);
  }
  const { errors: byName } = read('errors.json') as {
    errors: Record<string, { code: number; description: string; global?: boolean }>;
  };
  const validators = createValidators(read);
  const faultsOf = (call: PlayedCall): string[] => {
    const method = methods.get(call.method);
    if (method === undefined) return [`${call.method} is no method of VK`];
    const faults = faultsOfParameters(call, parametersOf(method), validators);
    if (!(method.access_token_type ?? ['group']).includes('group')) faults.push('takes no token of a community');
    const own = faults.map((fault) => `${call.method}: ${fault}`);
    return call.method === 'execute' ? [...own, ...callsWithin(call.params['code'] ?? '').flatMap(faultsOf)] : own;
  };
  return {
    faultsOf,
    errorsOf: (name) => (methods.get(name)?.errors ?? []).map(({ $ref }) => byName[$ref.split('/').at(-1) ?? '']?.code ?? 0),
    errors: Object.values(byName).map(({ code, description, global = false }) => ({
      code,
      text: description,
      isGlobal: global,
    })),
  };
}

function parametersOf({ name, parameters = [] }: Method): Parameter[] {
  const added = OVERLAY.parameters[name] ?? [];
  return [...parameters.filter((parameter) => !added.some((other) => other.name === parameter.name)), ...added];
}

function faultsOfParameters({ params }: PlayedCall, parameters: readonly Parameter[], validators: Validators): string[] {
  const known = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const missing = parameters.filter(({ name, required }) => required === true && !(name in params));
  const faults = missing.map(({ name }) => `${name} is missing`);
  for (const [name, value] of Object.entries(params)) {
    const parameter = known.get(name);
    if (parameter !== undefined) faults.push(...faultsOfValue(value, parameter, validators).map((fault) => `${name} ${fault}`));
    else if (!EVERYWHERE.includes(name)) faults.push(`${name} is no parameter of it`);
  }
  return faults;
}

function faultsOfValue(value: string, rule: Omit<Parameter, 'name'>, validators: Validators): string[] {
  const { type, items, $ref } = rule;
  if (type === 'array') {
    const values = value === '' ? [] : value.split(',');
    const tooMany = values.length > (rule.maxItems ?? Infinity) ? [`has ${values.length} items, ${rule.maxItems} at most`] : [];
    return [...tooMany, ...values.flatMap((item) => faultsOfValue(item, items ?? {}, validators))];
  }
  if ($ref !== undefined) {
    const named = validators.at($ref);
    return named.isEnum ? named.faults(value) : named.faults(JSON.parse(value));
  }
  const faults: string[] = [];
  if (type === 'integer' && !/^-?\d+$/.test(value)) faults.push('is no integer');
  if (type === 'boolean' && !['0', '1'].includes(value)) faults.push('is neither 0 nor 1');
  if (type === 'integer' && Number(value) < (rule.minimum ?? -Infinity)) faults.push(`is below ${rule.minimum}`);
  if (type === 'integer' && Number(value) > (rule.maximum ?? Infinity)) faults.push(`is above ${rule.maximum}`);
  if (rule.enum !== undefined && !rule.enum.map(String).includes(value)) faults.push('is none of the values');
  if ([...value].length > (rule.maxLength ?? Infinity)) faults.push(`is longer than ${rule.maxLength}`);
  return faults;
}

/** Calls that stand in the code of `execute`, as our channel writes it: a list of calls with JSON objects. */
function callsWithin(code: string): PlayedCall[] {
  const calls: PlayedCall[] = [];
  for (const [, method = '', json = ''] of code.matchAll(/API\.([\w.]+)\((\{.*?\})\)(?=[,\]])/gs)) {
    const params = JSON.parse(json) as Record<string, unknown>;
    calls.push({ method, params: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)])) });
  }
  return calls;
}

interface Validators {
  at(ref: string): { isEnum: boolean; faults(value: unknown): string[] };
}

/** The schema's own dialect is no valid JSON schema: `required` stands on the property, and there are keywords of its own. */
function createValidators(read: (path: string) => unknown): Validators {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  for (const path of globSync('*/objects.json', { cwd: FOLDER })) {
    const name = path.replaceAll('\\', '/');
    const { definitions } = read(name) as { definitions: unknown };
    ajv.addSchema({ $id: idOf(name), definitions: normalize(definitions) as object });
  }
  const compiled = new Map<string, ValidateFunction>();
  return {
    at(ref) {
      const id = idOf(ref.replace(/^(\.\.\/)+/, ''));
      const validate = compiled.get(id) ?? ajv.compile({ $ref: id });
      compiled.set(id, validate);
      const [file = '', pointer = ''] = ref.replace(/^(\.\.\/)+/, '').split('#');
      const definition = pointer.split('/').slice(1).reduce<unknown>(childOf, read(file));
      return {
        isEnum: childOf(definition, 'enum') !== undefined,
        faults: (value) =>
          validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`),
      };
    },
  };
}

const idOf = (path: string): string => `vk://schema/${path}`;

function childOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function normalize(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalize);
  if (typeof value !== 'object' || value === null) return value;
  const {
    entity: _entity,
    enumNames: _names,
    discriminator: _discriminator,
    format: _format,
    ...rest
  } = value as Record<string, unknown>;
  const entries = Object.entries(rest).map(([name, child]) => [name, normalize(child)] as const);
  const node: Record<string, unknown> = Object.fromEntries(entries);
  if (node['required'] === true || node['required'] === false) delete node['required'];
  if (typeof node['$ref'] === 'string') node['$ref'] = idOf(node['$ref'].replace(/^(\.\.\/)+/, ''));
  if (Array.isArray(node['enum']) && node['enum'].includes('positive')) node['enum'] = [...node['enum'], ...OVERLAY.colors];
  const properties = (value as { properties?: Record<string, { required?: unknown }> }).properties;
  if (typeof properties === 'object') {
    const required = Object.keys(properties).filter((name) => properties[name]?.required === true);
    node['required'] = required.filter((name) => !OVERLAY.notRequired.includes(name));
    node['additionalProperties'] = false;
  }
  return node;
}
