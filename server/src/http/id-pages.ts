import { invalid } from './query.ts';

/** The cursor of a list that goes by ids, newest first: ids below it. */
export function readBeforeId(cursor: string | undefined): number {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER;
  if (!/^\d{1,15}$/.test(cursor)) throw invalid('cursor', 'give nextCursor of the page before, unchanged');
  return Number(cursor);
}

/** A page of such a list; `rows` holds one more than it where there is a next one. */
export function pageOf<Row extends { id: number }, Shown>(rows: readonly Row[], limit: number, shown: (row: Row) => Shown) {
  const items = rows.slice(0, limit);
  return { items: items.map(shown), nextCursor: rows.length > limit ? String(items.at(-1)?.id) : null };
}
