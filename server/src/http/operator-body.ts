import type { FastifyRequest } from 'fastify';
import type { TObject } from 'typebox';
import { type ObjectCheck, readObject } from './json-object.ts';
import { fieldPath } from './message-shape.ts';
import { invalid } from './query.ts';
import { isStorableText, UNSTORABLE } from './storable-text.ts';

/** As `readObject`, of fields whose texts go to the database. */
export async function readFields<Value extends object>(
  request: FastifyRequest,
  schema: TObject,
  check: ObjectCheck<Value>,
  bytesMax?: number,
): Promise<Value> {
  const fields = await readObject(request, schema, check, bytesMax);
  const path = whereUnstorable(fields);
  if (path !== null) throw invalid(fieldPath(path), UNSTORABLE);
  return fields;
}

/** The path of the first text that the database cannot keep, names of fields included; null where there is none. */
function whereUnstorable(value: unknown): string[] | null {
  if (typeof value === 'string') return isStorableText(value) ? null : [];
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, inner] of Object.entries(value)) {
    const below = isStorableText(name) ? whereUnstorable(inner) : [];
    if (below !== null) return [name, ...below];
  }
  return null;
}
