import type { TSchema } from 'typebox';

type Described = TSchema & {
  examples?: readonly unknown[];
  const?: unknown;
  enum?: readonly unknown[];
  default?: unknown;
  anyOf?: readonly Described[];
  type?: string;
  properties?: Readonly<Record<string, Described>>;
  required?: readonly string[];
  items?: Described;
  minItems?: number;
  minProperties?: number;
  minimum?: number;
};

/**
 * A value that fits the schema: its own example, else one made of its parts, with all fields that are required and those that have an
 * example. Undefined for a text that has neither an example nor one value that it must have: nobody could tell what to write there.
 */
export function exampleOf(schema: TSchema): unknown {
  const { examples, const: constant, enum: values, default: usual, anyOf, type } = schema as Described;
  const told = examples?.[0] ?? constant ?? values?.[0] ?? usual;
  if (told !== undefined) return told;
  if (anyOf !== undefined) return exampleOf(anyOf[0] as Described);
  switch (type) {
    case 'object':
      return exampleOfObject(schema as Described);
    case 'array': {
      const { items, minItems = 0 } = schema as Described;
      return minItems === 0 || items === undefined ? [] : [exampleOf(items)];
    }
    case 'integer':
    case 'number':
      return (schema as Described).minimum ?? 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return undefined;
  }
}

function exampleOfObject({ properties = {}, required = [], minProperties = 0 }: Described): Record<string, unknown> {
  const all = Object.entries(properties);
  const telling = all.filter(([name, one]) => required.includes(name) || one.examples !== undefined);
  const shown = telling.length < minProperties ? all.slice(0, minProperties) : telling;
  return Object.fromEntries(shown.map(([name, one]) => [name, exampleOf(one)]));
}
