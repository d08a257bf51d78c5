import { LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX } from '@soroka/api';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../platform/errors.ts';
import { isStorableText, UNSTORABLE } from './storable-text.ts';

/** The parameters of a query by name. Throws `parameter.invalid` for a name not in `known`, one given twice, and a text that cannot be stored. */
export function readQuery<Name extends string>(query: unknown, known: readonly Name[]): Partial<Record<Name, string>> {
  for (const [name, value] of Object.entries(query as Record<string, unknown>)) {
    const field = name.slice(0, 64);
    if (!known.includes(name as Name)) throw invalid(field, `there is no such parameter; there are ${known.join(', ')}`);
    if (typeof value !== 'string') throw invalid(field, 'give it once');
    if (!isStorableText(value)) throw invalid(field, UNSTORABLE);
  }
  return { ...(query as Partial<Record<Name, string>>) };
}

/** `limit` of a list; the default where it is absent. */
export function readLimit(limit: string | undefined): number {
  if (limit === undefined) return LIST_LIMIT_DEFAULT;
  const value = /^\d{1,9}$/.test(limit) ? Number(limit) : 0;
  if (value < 1 || value > LIST_LIMIT_MAX) throw invalid('limit', `must be a whole number from 1 to ${LIST_LIMIT_MAX}`);
  return value;
}

/** A parameter that is `true` or `false`; absent: false. */
export function readFlag(name: string, value: string | undefined): boolean {
  if (value !== undefined && value !== 'true' && value !== 'false') throw invalid(name, 'must be true or false');
  return value === 'true';
}

/** A positive id of a path; null where the digits are too many to be one of ours. Throws `parameter.invalid` for anything else. */
export function readId(field: string, text: string): number | null {
  if (!/^\d+$/.test(text)) throw invalid(field, 'must be decimal digits');
  const id = Number(text);
  return Number.isSafeInteger(id) && id > 0 ? id : null;
}

/** An id of a path. Throws `parameter.invalid`, and `not.found` where none of ours has so many digits. */
export function idOf(request: FastifyRequest, parameter: string): number {
  const id = readId(parameter, (request.params as Record<string, string>)[parameter] ?? '');
  if (id === null) throw new AppError('not.found', 'no id has so many digits');
  return id;
}

export function invalid(field: string, message: string): AppError {
  return new AppError('parameter.invalid', message, { field });
}

const CURSOR = /^[A-Za-z0-9_-]{1,200}$/;

/** `cursor` of a list as its room takes it; what it holds is the room's to check. */
export function readCursor(cursor: string | undefined): { cursor?: string } {
  if (cursor === undefined) return {};
  if (!CURSOR.test(cursor)) throw invalid('cursor', 'give nextCursor of the page before, unchanged');
  return { cursor };
}
