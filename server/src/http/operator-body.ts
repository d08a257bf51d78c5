import type { FastifyRequest } from 'fastify';
import type { TObject } from 'typebox';
import { type ObjectCheck, readObject } from './json-object.ts';
import { invalid } from './query.ts';
import { isStorableText, UNSTORABLE } from './storable-text.ts';

/** As `readObject`, of fields whose texts go to the database. */
export async function readFields<Value extends object>(
  request: FastifyRequest,
  schema: TObject,
  check: ObjectCheck<Value>,
): Promise<Value> {
  const fields = await readObject(request, schema, check);
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value === 'string' && !isStorableText(value)) throw invalid(field, UNSTORABLE);
  }
  return fields;
}
