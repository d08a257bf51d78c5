import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';

// OK tries again for 8 hours (contracts: ok.md 4.1), VK's schedule is not known; a week covers either, and the marker of a
// long poll that stood still for days.
const KEEP_DONE_MS = 7 * 86_400_000;
const KEEP_UNMATCHED_MS = 30 * 86_400_000;
const ROWS_MAX = 5_000;

const SQL = {
  done: {
    name: 'inbox_sweep_done',
    text: `
      delete from raw_event
      where id in (select id from raw_event where state = 'done' and received_at < $1 limit ${ROWS_MAX} for update skip locked)`,
  },
  unmatched: {
    name: 'inbox_sweep_unmatched',
    text: 'delete from unmatched_receipt where due_at is null and received_at < $1',
  },
} as const;

/** Removes what was kept long enough; true where there may be more. */
export async function sweep(database: Database, clock: Clock): Promise<boolean> {
  await database.run(SQL.unmatched, [new Date(clock.now() - KEEP_UNMATCHED_MS)]);
  return (await database.run(SQL.done, [new Date(clock.now() - KEEP_DONE_MS)])) === ROWS_MAX;
}
