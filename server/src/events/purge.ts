import type { Database } from '../platform/database.ts';

const DAY_MS = 86_400_000;
const ROWS_MAX = 5_000;

const SQL = {
  // The lowest ids are the oldest rows, but for moments: looked at from there, a run that finds nothing reads one batch and no more.
  forget: {
    name: 'events.forget',
    text: `
      delete from event_log
      where sequence is not null and id in (
        select id from (select id, created_at from event_log order by id limit $2) as oldest where created_at < $1
      )`,
  },
} as const;

/** Removes one batch of events older than `keepDays`; says whether there may be more. */
export async function forgetEvents(database: Database, now: Date, keepDays: number): Promise<boolean> {
  return (await database.run(SQL.forget, [new Date(now.getTime() - keepDays * DAY_MS), ROWS_MAX])) === ROWS_MAX;
}
