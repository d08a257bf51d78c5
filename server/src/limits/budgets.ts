import type { Queryable, Statement } from '../platform/database.ts';

export interface BudgetWant {
  senderId: number;
  budgetPerDay: number;
  /** Messages. */
  wanted: number;
}

export interface Budgets {
  /** Takes of each sender's budget of this day (Moscow's calendar) as much as is wanted and left; each sender once. How many were granted, by sender. */
  take(tx: Queryable, wants: readonly BudgetWant[], now: Date): Promise<ReadonlyMap<number, number>>;
  /** How much of this day is used, by sender; whose is not, is not in the map. Takes nothing. */
  used(queryable: Queryable, senderIds: readonly number[], now: Date): Promise<ReadonlyMap<number, number>>;
}

// Both in the order of senders: transactions that want the same ones wait for each other instead of locking up.
const OPEN: Statement = {
  name: 'limits.budget.open',
  text: `
    insert into sender_budget_use (sender_id, day, used)
    select sender_id, ($2::timestamptz at time zone 'Europe/Moscow')::date, 0 from unnest($1::bigint[]) as w(sender_id) order by sender_id
    on conflict (sender_id, day) do nothing`,
};
// The row's lock makes concurrent requests of one sender take turns, so the budget cannot be passed.
const TAKE: Statement = {
  name: 'limits.budget.take',
  text: `
    with wants as (select * from unnest($1::bigint[], $3::int[], $4::int[]) as w(sender_id, budget, wanted)),
    before as materialized (
      select b.sender_id, b.day, greatest(0, least(w.budget - b.used, w.wanted)) as granted
      from sender_budget_use as b join wants as w using (sender_id)
      where b.day = ($2::timestamptz at time zone 'Europe/Moscow')::date
      order by b.sender_id
      for update of b
    )
    update sender_budget_use as b set used = b.used + before.granted
    from before
    where b.sender_id = before.sender_id and b.day = before.day
    returning b.sender_id as "senderId", before.granted`,
};

const USED: Statement = {
  name: 'limits.budget.used',
  text: `
    select sender_id as "senderId", used from sender_budget_use
    where sender_id = any($1::bigint[]) and day = ($2::timestamptz at time zone 'Europe/Moscow')::date`,
};

export function createBudgets(): Budgets {
  return {
    async take(tx, wants, now) {
      const senderIds = wants.map(({ senderId }) => senderId);
      await tx.run(OPEN, [senderIds, now]);
      const rows = await tx.rows<{ senderId: number; granted: number }>(TAKE, [
        senderIds,
        now,
        wants.map(({ budgetPerDay }) => budgetPerDay),
        wants.map(({ wanted }) => wanted),
      ]);
      return new Map(rows.map(({ senderId, granted }) => [senderId, granted]));
    },
    async used(queryable, senderIds, now) {
      const rows = await queryable.rows<{ senderId: number; used: number }>(USED, [senderIds, now]);
      return new Map(rows.map(({ senderId, used }) => [senderId, used]));
    },
  };
}
