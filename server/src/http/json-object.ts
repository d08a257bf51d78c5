import { SEND_LIMITS } from '@soroka/api';
import type { FastifyRequest } from 'fastify';
import type { TObject } from 'typebox';
import type { TLocalizedValidationError } from 'typebox/error';
import { AppError } from '../platform/errors.ts';
import { fieldPath } from './message-shape.ts';
import { invalid } from './query.ts';
import { parseBody, readBody, requireJson } from './request-body.ts';

const BYTES_MAX = 64 * 1024;

/** A compiled schema of an object. */
export interface ObjectCheck<Value> {
  Check(value: unknown): value is Value;
  Errors(value: unknown): readonly TLocalizedValidationError[];
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Names of the fields that a change was asked with, for the audit log. */
    givenFields: readonly string[] | null;
  }
}

/** The body of a request to /v1 that is one object, a small one unless told. Throws `parameter.invalid` with the field that does not fit. */
export async function readObject<Value>(
  request: FastifyRequest,
  schema: TObject,
  check: ObjectCheck<Value>,
  bytesMax = BYTES_MAX,
): Promise<Value> {
  requireJson(request.headers);
  const { value } = parseBody(await readBody(request.raw, bytesMax), SEND_LIMITS.jsonDepthMax);
  const names = Object.keys(schema.properties);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AppError('parameter.invalid', `the body must be an object with ${names.join(', ')}`);
  if (check.Check(value)) {
    request.givenFields = Object.keys(value);
    return value;
  }
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined) throw invalid(fieldPath([unknown]), `this field does not exist; there are ${names.join(', ')}`);
  const error = check.Errors(value)[0];
  const path = error?.instancePath.split('/').slice(1) ?? [];
  if (path.length === 0)
    throw new AppError('parameter.invalid', `the body must be an object with ${names.join(', ')}: ${error?.message ?? ''}`);
  throw invalid(fieldPath(path), error?.message ?? 'does not have the documented form');
}
