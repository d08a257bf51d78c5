import type { Database, Queryable } from '../platform/database.ts';

// The queue is empty when the server starts, and then a plan that scans the whole table looks best. PostgreSQL keeps the plan of
// a prepared statement until the next analyze, a minute or more into a backlog of a million rows: leave it only the indexes.
// Not flushing is safe here: a claim or an outcome lost in a crash of PostgreSQL leads to one more delivery, never to one less.
const SETTINGS = {
  name: 'callbacks_settings',
  text: `
  select set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true), set_config('synchronous_commit', 'off', true)`,
};

/** A transaction whose statements are planned for a long queue, however short it is now, and whose commit is not flushed. */
export function withSteadyPlans<Result>(database: Database, work: (tx: Queryable) => Promise<Result>): Promise<Result> {
  return database.transaction(async (tx) => {
    await tx.rows(SETTINGS);
    return work(tx);
  });
}
