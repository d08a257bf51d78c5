import type { Dialogs } from '../dialogs/dialogs.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';

// OK tries again for 8 hours (contracts: ok.md 4.1), VK's schedule is not known; a week covers either, and the marker of a
// long poll that stood still for days.
const KEEP_DONE_MS = 7 * 86_400_000;
const KEEP_UNMATCHED_MS = 30 * 86_400_000;
// A message lives for a day at most, and learns its network's id within it; two more for servers that stood still.
const KEEP_READ_MARKS_MS = 3 * 86_400_000;
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
export async function sweep(database: Database, dialogs: Pick<Dialogs, 'forgetReadMarks'>, clock: Clock): Promise<boolean> {
  const keptFor = (ms: number) => new Date(clock.now() - ms);
  await database.run(SQL.unmatched, [keptFor(KEEP_UNMATCHED_MS)]);
  const marks = await dialogs.forgetReadMarks(keptFor(KEEP_READ_MARKS_MS), ROWS_MAX);
  const done = await database.run(SQL.done, [keptFor(KEEP_DONE_MS)]);
  return marks === ROWS_MAX || done === ROWS_MAX;
}
