import type { Queryable } from '../platform/database.ts';
import type { Broadcast, BroadcastPlan, BroadcastState } from './plan.ts';

/** The rows of the broadcasts themselves. */

export interface BroadcastRow extends Broadcast {
  linkKey: Buffer;
  audienceCursor: number;
  audienceDone: boolean;
  throttledUntil: Date | null;
}

const COLUMNS = `
  id, account_id as "accountId", name, plan, state, link_key as "linkKey", starts_at as "startsAt", started_at as "startedAt",
  ended_at as "endedAt", audience_cursor as "audienceCursor", audience_done as "audienceDone", throttled_until as "throttledUntil",
  winner::int as winner, problem, created_at as "createdAt"`;

const SQL = {
  add: {
    name: 'broadcast_add',
    text: `insert into broadcast (account_id, name, plan, link_key, created_at) values ($1, $2, $3::jsonb, $4, $5) returning ${COLUMNS}`,
  },
  get: { name: 'broadcast_get', text: `select ${COLUMNS} from broadcast where account_id = $1 and id = $2` },
  byId: { name: 'broadcast_by_id', text: `select ${COLUMNS} from broadcast where id = $1` },
  list: {
    name: 'broadcast_list',
    text: `select ${COLUMNS} from broadcast where account_id = $1 and id < $2 order by id desc limit $3`,
  },
  lock: { name: 'broadcast_lock', text: `select ${COLUMNS} from broadcast where account_id = $1 and id = $2 for update` },
  change: {
    name: 'broadcast_change',
    text: `update broadcast set name = $3, plan = $4::jsonb where account_id = $1 and id = $2 returning ${COLUMNS}`,
  },
  remove: { name: 'broadcast_remove', text: "delete from broadcast where account_id = $1 and id = $2 and state = 'draft'" },
  move: {
    name: 'broadcast_move',
    text: `
      update broadcast
      set state = $3, starts_at = coalesce($4, starts_at), due_at = $5,
        started_at = case when $3 = 'running' then coalesce(started_at, $5) else started_at end,
        ended_at = case when $3 in ('stopped', 'finished') then $5 end,
        problem = case when $3 in ('scheduled', 'running') then null else problem end
      where account_id = $1 and id = $2
      returning ${COLUMNS}`,
  },
  pauseForProblem: {
    name: 'broadcast_pause_for_problem',
    text: `update broadcast set state = 'paused', problem = $3 where account_id = $1 and id = $2 and state = 'running'`,
  },
  win: {
    name: 'broadcast_win',
    text: `update broadcast set winner = $3, due_at = $4 where account_id = $1 and id = $2 returning ${COLUMNS}`,
  },
  due: {
    name: 'broadcast_due',
    text: `
      select id from broadcast
      where state in ('scheduled', 'running') and due_at <= $1 and (state = 'running' or starts_at <= $1)
      order by due_at limit $2`,
  },
  take: {
    name: 'broadcast_take',
    text: `
      select ${COLUMNS} from broadcast
      where id = $1 and state in ('scheduled', 'running') and due_at <= $2
      for update skip locked`,
  },
  audience: {
    name: 'broadcast_audience',
    text: 'update broadcast set audience_cursor = $2, audience_done = $3 where id = $1',
  },
  next: {
    name: 'broadcast_next',
    text: 'update broadcast set due_at = $2, throttled_until = coalesce($3, throttled_until) where id = $1',
  },
} as const;

const one = async (rows: Promise<BroadcastRow[]>): Promise<BroadcastRow | null> => (await rows)[0] ?? null;

export const addBroadcast = async (
  on: Queryable,
  { accountId, name, plan, linkKey, at }: { accountId: number; name: string; plan: BroadcastPlan; linkKey: Buffer; at: Date },
): Promise<BroadcastRow> =>
  (await one(on.rows<BroadcastRow>(SQL.add, [accountId, name, JSON.stringify(plan), linkKey, at]))) as BroadcastRow;

export const getBroadcast = (on: Queryable, accountId: number, id: number): Promise<BroadcastRow | null> =>
  one(on.rows<BroadcastRow>(SQL.get, [accountId, id]));

/** Of any account: for links, which name no account. */
export const broadcastById = (on: Queryable, id: number): Promise<BroadcastRow | null> =>
  one(on.rows<BroadcastRow>(SQL.byId, [id]));

/** Newest first, of ids below. */
export const listBroadcasts = (
  on: Queryable,
  accountId: number,
  beforeId: number,
  limit: number,
): Promise<readonly BroadcastRow[]> => on.rows<BroadcastRow>(SQL.list, [accountId, beforeId, limit]);

export const lockBroadcast = (tx: Queryable, accountId: number, id: number): Promise<BroadcastRow | null> =>
  one(tx.rows<BroadcastRow>(SQL.lock, [accountId, id]));

export const changeBroadcast = async (
  tx: Queryable,
  { accountId, id, name, plan }: Pick<Broadcast, 'accountId' | 'id' | 'name' | 'plan'>,
): Promise<BroadcastRow> =>
  (await one(tx.rows<BroadcastRow>(SQL.change, [accountId, id, name, JSON.stringify(plan)]))) as BroadcastRow;

/** False where there is no such draft. */
export const removeDraft = async (on: Queryable, accountId: number, id: number): Promise<boolean> =>
  (await on.run(SQL.remove, [accountId, id])) === 1;

export const moveBroadcast = async (
  tx: Queryable,
  { accountId, id }: Pick<Broadcast, 'accountId' | 'id'>,
  state: BroadcastState,
  at: Date,
  startsAt: Date | null = null,
): Promise<BroadcastRow> => (await one(tx.rows<BroadcastRow>(SQL.move, [accountId, id, state, startsAt, at]))) as BroadcastRow;

/** Where it still runs. */
export async function pauseForProblem(
  on: Queryable,
  { accountId, id }: Pick<Broadcast, 'accountId' | 'id'>,
  problem: string,
): Promise<void> {
  await on.run(SQL.pauseForProblem, [accountId, id, problem]);
}

export const setWinner = async (
  tx: Queryable,
  { accountId, id }: Pick<Broadcast, 'accountId' | 'id'>,
  winner: number,
  at: Date,
): Promise<BroadcastRow> => (await one(tx.rows<BroadcastRow>(SQL.win, [accountId, id, winner, at]))) as BroadcastRow;

/** Ids of those that have something to do, the longest due first. */
export const dueBroadcasts = async (on: Queryable, now: Date, limit: number): Promise<readonly number[]> =>
  (await on.rows<{ id: number }>(SQL.due, [now, limit])).map(({ id }) => id);

/** Null where it is not due, or another process is at it. */
export const takeBroadcast = (tx: Queryable, id: number, now: Date): Promise<BroadcastRow | null> =>
  one(tx.rows<BroadcastRow>(SQL.take, [id, now]));

export async function noteAudience(tx: Queryable, id: number, cursor: number, isDone: boolean): Promise<void> {
  await tx.run(SQL.audience, [id, cursor, isDone]);
}

/** When it is looked at again, and what was given out of its pace. */
export async function dueNext(tx: Queryable, id: number, dueAt: Date, throttledUntil: Date | null): Promise<void> {
  await tx.run(SQL.next, [id, dueAt, throttledUntil]);
}
