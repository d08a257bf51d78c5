import type { Queryable, Statement } from '../platform/database.ts';

export interface Budgets {
  /** Takes up to `wanted` messages out of what is left of the sender's budget of this day (Moscow's calendar). Returns how many were granted. */
  take(tx: Queryable, senderId: number, budgetPerDay: number, wanted: number, now: Date): Promise<number>;
}

// The row's lock makes concurrent requests of one sender take turns, so the budget cannot be passed.
const OPEN: Statement = {
  name: 'limits.budget.open',
  text: `
    insert into sender_budget_use (sender_id, day, used) values ($1, ($2::timestamptz at time zone 'Europe/Moscow')::date, 0)
    on conflict (sender_id, day) do nothing`,
};
const TAKE: Statement = {
  name: 'limits.budget.take',
  text: `
    with before as (
      select sender_id, day, used from sender_budget_use
      where sender_id = $1 and day = ($2::timestamptz at time zone 'Europe/Moscow')::date
      for update
    )
    update sender_budget_use as b set used = b.used + greatest(0, least($3::int - before.used, $4::int))
    from before
    where b.sender_id = before.sender_id and b.day = before.day
    returning greatest(0, least($3::int - before.used, $4::int)) as granted`,
};

export function createBudgets(): Budgets {
  return {
    async take(tx, senderId, budgetPerDay, wanted, now) {
      await tx.run(OPEN, [senderId, now]);
      const [row] = await tx.rows<{ granted: number }>(TAKE, [senderId, now, budgetPerDay, wanted]);
      return row?.granted ?? 0;
    },
  };
}
