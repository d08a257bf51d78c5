import type { Audit } from '../audit/audit.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { checkedName, type Manager, refused } from './operator.ts';

/** Operators who share a queue. */
export interface Team {
  id: number;
  name: string;
  operatorIds: readonly number[];
}

export interface Teams {
  /** By name. */
  list(accountId: number): Promise<readonly Team[]>;
  /** Throws `parameter.invalid`: the name is taken, an operator is none of the account. */
  add(accountId: number, manager: Manager, team: Omit<Team, 'id'>): Promise<Team>;
  /** Throws as `add`, and `not.found`. */
  change(accountId: number, manager: Manager, id: number, change: Partial<Omit<Team, 'id'>>): Promise<Team>;
  /** Throws `not.found`. */
  remove(accountId: number, manager: Manager, id: number): Promise<void>;
}

const TEAM = `
  select
    t.id, t.name,
    coalesce((select array_agg(m.operator_id order by m.operator_id) from team_member m where m.team_id = t.id), '{}') as "operatorIds"
  from team t`;

const SQL = {
  list: { name: 'team_list', text: `${TEAM} where t.account_id = $1 order by lower(t.name), t.id` },
  get: { name: 'team_get', text: `${TEAM} where t.account_id = $1 and t.id = $2` },
  add: {
    name: 'team_add',
    text: 'insert into team (account_id, name) values ($1, $2) on conflict (account_id, name) do nothing returning id',
  },
  lock: { name: 'team_lock', text: 'select id, name from team where account_id = $1 and id = $2 for update' },
  rename: {
    name: 'team_rename',
    text: `
      update team set name = $3
      where account_id = $1 and id = $2 and not exists (select from team where account_id = $1 and name = $3 and id <> $2)`,
  },
  empty: { name: 'team_empty', text: 'delete from team_member where account_id = $1 and team_id = $2' },
  fill: {
    name: 'team_fill',
    text: `
      insert into team_member (account_id, team_id, operator_id)
      select $1, $2, id from operator where account_id = $1 and id = any($3::bigint[]) and removed_at is null`,
  },
  remove: { name: 'team_remove', text: 'delete from team where account_id = $1 and id = $2' },
} as const;

export function createTeams({ database, audit }: { database: Database; audit: Audit }): Teams {
  const fill = async (tx: Queryable, accountId: number, id: number, operatorIds: readonly number[]): Promise<void> => {
    const wanted = [...new Set(operatorIds)];
    if ((await tx.run(SQL.fill, [accountId, id, wanted])) < wanted.length)
      throw refused('operatorIds', 'must be ids of operators of this account');
  };
  const read = async (tx: Queryable, accountId: number, id: number): Promise<Team> => {
    const [team] = await tx.rows<Team>(SQL.get, [accountId, id]);
    return teamOf(team as Team);
  };
  const note = (
    tx: Queryable,
    accountId: number,
    { actor }: Manager,
    action: string,
    id: number,
    fields: readonly string[] = [],
  ) => audit.note(tx, { accountId, actor, action, object: `team:${id}`, fields });

  return {
    list: async (accountId) => (await database.rows<Team>(SQL.list, [accountId])).map(teamOf),
    add: (accountId, manager, { name, operatorIds }) =>
      database.transaction(async (tx) => {
        const [row] = await tx.rows<{ id: number }>(SQL.add, [accountId, checkedName(name)]);
        if (row === undefined) throw nameTaken();
        await fill(tx, accountId, row.id, operatorIds);
        await note(tx, accountId, manager, 'team.added', row.id);
        return read(tx, accountId, row.id);
      }),
    change: (accountId, manager, id, { name, operatorIds }) =>
      database.transaction(async (tx) => {
        if ((await tx.rows(SQL.lock, [accountId, id])).length === 0) throw notFound();
        if (name !== undefined && (await tx.run(SQL.rename, [accountId, id, checkedName(name)])) === 0) throw nameTaken();
        if (operatorIds !== undefined) {
          await tx.run(SQL.empty, [accountId, id]);
          await fill(tx, accountId, id, operatorIds);
        }
        const fields = [...(name === undefined ? [] : ['name']), ...(operatorIds === undefined ? [] : ['operatorIds'])];
        await note(tx, accountId, manager, 'team.changed', id, fields);
        return read(tx, accountId, id);
      }),
    remove: (accountId, manager, id) =>
      database.transaction(async (tx) => {
        if ((await tx.run(SQL.remove, [accountId, id])) === 0) throw notFound();
        await note(tx, accountId, manager, 'team.removed', id);
      }),
  };
}

// The driver leaves the elements of bigint[] as texts.
const teamOf = ({ operatorIds, ...team }: Team): Team => ({ ...team, operatorIds: operatorIds.map(Number) });
const nameTaken = () => refused('name', 'is the name of another team of this account');
const notFound = () => new AppError('not.found', 'this account has no such team');
