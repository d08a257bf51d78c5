import { AppError } from '../platform/errors.ts';

/** Of a body, both ends included. */
export interface ByteRange {
  first: number;
  last: number;
}

/**
 * The header `Range` over a body of so many bytes; null where the whole is asked for, or several ranges at once, or in another unit:
 * the whole is an answer to all of these. Throws `range.invalid` for a range that begins behind the end. Source: RFC 9110, 14.
 */
export function readRange(header: string | undefined, bytes: number): ByteRange | null {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (from === '' && to === '') return null;
  const first = from === '' ? Math.max(0, bytes - Number(to)) : Number(from);
  const last = from === '' || to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1);
  if (first > last) throw new AppError('range.invalid', `the file has ${bytes} bytes`);
  return { first, last };
}
