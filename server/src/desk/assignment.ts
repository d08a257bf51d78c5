import type { Queryable } from '../platform/database.ts';
import type { Conversation } from './conversation.ts';

/** Who is to get the next dialog of a team; null where nobody can take one. */
export type ChooseOperator = (tx: Queryable, conversation: Conversation) => Promise<number | null>;

// Any fixed number: the first half of the advisory lock of an account's assignment.
const ADVISORY_LOCK_CLASS = 720_426_023;
/** Of whoever has no capacity of their own, when loads are compared. */
const USUAL_CAPACITY = 10;

const SQL = {
  // Held to the commit: two processes never fill one place twice, whichever teams an operator is in.
  lock: {
    name: 'desk_assign_lock',
    text: `select pg_advisory_xact_lock(${ADVISORY_LOCK_CLASS}, ($1::bigint % 2147483647)::int)`,
  },
  choose: {
    name: 'desk_assign_choose',
    text: `
      select o.id
      from team_member as m
      join operator as o on o.account_id = m.account_id and o.id = m.operator_id
      cross join lateral (
        select count(*) filter (where c.folder = 'owned')::int as open, max(c.assigned_at) as last
        from conversation as c
        where c.account_id = m.account_id and c.owner = o.id and c.state = 'open'
      ) as load
      where m.account_id = $1 and m.team_id = $2 and o.availability = 'online' and o.disabled_at is null and o.removed_at is null
        and o.role <> 'analyst' and (o.groups is null or $3 = any(o.groups)) and o.id is distinct from $4
        and (o.capacity is null or load.open < o.capacity)
      order by load.open::numeric / coalesce(o.capacity, ${USUAL_CAPACITY}), load.last nulls first, o.id
      limit 1`,
  },
} as const;

/** The least busy, by open dialogs over capacity; of equals, who has waited longest for one. Never whoever it came back from. */
export const chooseLeastBusy: ChooseOperator = async (tx, { accountId, teamId, groupKey, returnedFrom }) => {
  await tx.rows(SQL.lock, [accountId]);
  const [chosen] = await tx.rows<{ id: number }>(SQL.choose, [accountId, teamId, groupKey, returnedFrom]);
  return chosen?.id ?? null;
};
