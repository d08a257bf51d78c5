import { refuse, type VkError } from './vk-errors.ts';

/** What a method says about one of its parameters; names, bounds and choices are those of the schema. */
export type ParameterSpec =
  | { type: 'integer'; required?: true; min?: number; max?: number; default?: number }
  | { type: 'text'; required?: true; lengthMax?: number; default?: string }
  /** With a fraction, as degrees of the globe. */
  | { type: 'number'; required?: true; min: number; max: number }
  /** `0`, `1`, `true` or `false`. */
  | { type: 'boolean'; required?: true; default?: boolean }
  | { type: 'choice'; required?: true; values: readonly string[]; default?: string }
  /** Integers separated by commas. */
  | { type: 'integers'; required?: true; itemsMax: number }
  /** Texts separated by commas. */
  | { type: 'texts'; required?: true; itemsMax: number };

export type ParameterSpecs = Readonly<Record<string, ParameterSpec>>;

type ValueOf<S extends ParameterSpec> = S extends { type: 'integer' | 'number' }
  ? number
  : S extends { type: 'boolean' }
    ? boolean
    : S extends { type: 'integers' }
      ? number[]
      : S extends { type: 'texts' }
        ? string[]
        : string;

/** Parameters after reading: those required or with a default are there, the others may be undefined. */
export type ParameterValues<S extends ParameterSpecs> = {
  [K in keyof S]: S[K] extends { required: true } | { default: string | number | boolean }
    ? ValueOf<S[K]>
    : ValueOf<S[K]> | undefined;
};

const INTEGER = /^-?\d{1,19}$/;

/**
 * Reads a call's parameters by the method's table. Unknown parameters are ignored, as VK does; an empty value counts as not
 * given. The first bad one refuses the call with error 100 and its name.
 *
 * The words after the colon are ours after the pattern of VK's own ("group_id is undefined"); [?] they are in no document.
 */
export function readParameters<S extends ParameterSpecs>(
  specs: S,
  given: Readonly<Record<string, string>>,
): { ok: true; values: ParameterValues<S> } | { ok: false; error: VkError } {
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const text = given[name];
    if (text === undefined || text === '') {
      if (spec.required === true) return refuse(100, `${name} is undefined`);
      values[name] = 'default' in spec ? spec.default : undefined;
      continue;
    }
    const read = readOne(spec, text);
    if ('problem' in read) return refuse(100, `${name} ${read.problem}`);
    values[name] = read.value;
  }
  return { ok: true, values: values as ParameterValues<S> };
}

function readOne(spec: ParameterSpec, text: string): { value: unknown } | { problem: string } {
  switch (spec.type) {
    case 'integer':
      return readInteger(text, spec.min, spec.max);
    case 'number': {
      const isWithin = /^-?\d{1,3}(?:\.\d+)?$/.test(text) && Number(text) >= spec.min && Number(text) <= spec.max;
      return isWithin ? { value: Number(text) } : { problem: `should be from ${spec.min} to ${spec.max}` };
    }
    case 'text':
      return spec.lengthMax !== undefined && text.length > spec.lengthMax
        ? { problem: `is too long: at most ${spec.lengthMax} characters` }
        : { value: text };
    case 'boolean':
      if (text === '1' || text === 'true') return { value: true };
      return text === '0' || text === 'false' ? { value: false } : { problem: 'should be 0 or 1' };
    case 'choice':
      return spec.values.includes(text) ? { value: text } : { problem: `should be one of ${spec.values.join(', ')}` };
    case 'integers': {
      const items = text.split(',').map((item) => item.trim());
      if (items.length > spec.itemsMax) return { problem: `should hold at most ${spec.itemsMax} items` };
      return items.every((item) => INTEGER.test(item)) ? { value: items.map(Number) } : { problem: 'should be integers' };
    }
    case 'texts': {
      const items = text.split(',').map((item) => item.trim());
      return items.length > spec.itemsMax ? { problem: `should hold at most ${spec.itemsMax} items` } : { value: items };
    }
  }
}

function readInteger(text: string, min: number | undefined, max: number | undefined): { value: number } | { problem: string } {
  if (!INTEGER.test(text)) return { problem: 'not integer' };
  const value = Number(text);
  if (min !== undefined && value < min) return { problem: `should be greater or equal to ${min}` };
  if (max !== undefined && value > max) return { problem: `should be less or equal to ${max}` };
  return { value };
}
