import type { Database, Statement } from '../platform/database.ts';

/** Forgets what no limit can ask for any more; each call removes one batch and says whether there may be more. */
export interface LimitsPurge {
  /** People whose last notification from a group is older than the window of the day's limit. */
  forgetPlaces(now: Date): Promise<boolean>;
  forgetBudgets(now: Date): Promise<boolean>;
}

const BUDGET_DAYS_KEPT = 2;

const FORGET_PLACES: Statement = {
  name: 'limits.purge.places',
  // A walk along the primary key: an index by time would have to be kept up with every notification. A row that a claim holds
  // is in use.
  text: `
    with page as materialized (
      select lane_id, person from day_window where (lane_id, person) > ($1, $2) order by lane_id, person limit $4
    ), old as materialized (
      select w.lane_id, w.person from page join day_window as w using (lane_id, person)
      where not exists (select 1 from unnest(w.sent_at) as sent(at) where sent.at > $3)
      for update of w skip locked
    ), gone as (
      delete from day_window as w using old where w.lane_id = old.lane_id and w.person = old.person
    )
    select lane_id as "laneId", person, (select count(*) from page)::int as count from page order by lane_id desc, person desc limit 1`,
};
const FORGET_BUDGETS: Statement = {
  name: 'limits.purge.budgets',
  text: `delete from sender_budget_use where day < ($1::timestamptz at time zone 'Europe/Moscow')::date - ${BUDGET_DAYS_KEPT}`,
};
const BEFORE_ALL = { laneId: 0, person: '' };

export function createLimitsPurge(parts: { database: Database; windowMs: number; batchMax: number }): LimitsPurge {
  const { database, windowMs, batchMax } = parts;
  let after = BEFORE_ALL;

  return {
    async forgetPlaces(now) {
      const since = new Date(now.getTime() - windowMs);
      const values = [after.laneId, after.person, since, batchMax];
      const [last] = await database.rows<{ laneId: number; person: string; count: number }>(FORGET_PLACES, values);
      after = last?.count === batchMax ? last : BEFORE_ALL;
      return last?.count === batchMax;
    },
    async forgetBudgets(now) {
      await database.run(FORGET_BUDGETS, [now]); // a few rows per sender
      return false;
    },
  };
}
