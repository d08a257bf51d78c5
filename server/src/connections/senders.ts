import type { Route } from '@soroka/api';
import type { Network } from '@soroka/channels';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { checkForbiddenPatterns } from './forbidden-patterns.ts';
import { createRecentSenders } from './recent-senders.ts';

/** Who delivers for a sender on one route. */
export interface SenderRoute {
  route: Route;
  network: Network;
  /** By phone through an upstream, or as a group message to a known contact. */
  provider: 'notify' | 'community';
  /** The upstream's connection, or the community's own. */
  connectionId: number;
  groupId: string;
}
/** Without a group: that of the connection, which an upstream has none of. */
export type NewSenderRoute = Omit<SenderRoute, 'network' | 'groupId'> & { groupId?: string };

/** An approved name that messages are sent under, the `service` of a request. */
export interface Sender {
  id: number;
  accountId: number;
  name: string;
  /** Messages a day; null: as many as come. */
  budgetPerDay: number | null;
  /** RE2; a rendered text that matches one is refused with `is.spam`. */
  forbiddenPatterns: readonly string[];
  routes: readonly SenderRoute[];
}

export interface SenderPatch {
  routes?: readonly NewSenderRoute[];
  budgetPerDay?: number | null;
  forbiddenPatterns?: readonly string[];
}

export interface Senders {
  /** Throws `parameter.invalid` naming the field: a name that is taken, a route over a connection of another account or kind. */
  addSender(
    sender: { accountId: number; name: string; routes: readonly NewSenderRoute[] } & Omit<SenderPatch, 'routes'>,
  ): Promise<Sender>;
  /** Changes what is given; routes are replaced as a whole. Throws `not.found` where there is no such sender. */
  setSender(accountId: number, name: string, patch: SenderPatch): Promise<Sender>;
  /** At most 1 s old. */
  senderByName(accountId: number, name: string): Promise<Sender | null>;
  senderNames(accountId: number, ids: readonly number[]): Promise<ReadonlyMap<number, string>>;
  senders(accountId: number): Promise<readonly Sender[]>;
}

/** Said of a connection on behalf of a user wherever one that carries messages is wanted. */
export const NO_MESSAGES = 'acts for a person of OK: OK lets an application send no messages in the name of a person';

const AGE_MAX_MS = 1_000;
const NAME_CHARACTERS_MAX = 100;
const BUDGET_MAX = 2_147_483_647;

interface SenderRow extends Omit<Sender, 'routes'> {
  routes: Omit<SenderRoute, 'network'>[];
}
const SENDER = `
  select
    s.id, s.account_id as "accountId", s.name, s.budget_per_day as "budgetPerDay", s.forbidden_patterns as "forbiddenPatterns",
    coalesce(
      (
        select jsonb_agg(
          jsonb_build_object('route', r.route, 'provider', r.provider, 'connectionId', r.connection_id, 'groupId', r.group_id)
          order by r.route desc
        )
        from sender_route r
        where r.sender_id = s.id and r.account_id = s.account_id
      ),
      '[]'
    ) as routes
  from sender s
  where s.account_id = $1`;

const SQL = {
  byNames: { name: 'sender_by_names', text: `${SENDER} and s.name = any($2::text[])` },
  list: { name: 'sender_list', text: `${SENDER} order by s.name` },
  names: { name: 'sender_names', text: 'select id, name from sender where account_id = $1 and id = any($2::bigint[])' },
  insert: {
    name: 'sender_insert',
    text: `
      insert into sender (account_id, name, budget_per_day, forbidden_patterns) values ($1, $2, $3, $4)
      on conflict (account_id, name) do nothing
      returning id`,
  },
  update: {
    name: 'sender_update',
    text: `
      update sender
      set
        budget_per_day = case when $3 then $4 else budget_per_day end,
        forbidden_patterns = coalesce($5, forbidden_patterns)
      where account_id = $1 and name = $2
      returning id`,
  },
  removeRoutes: { name: 'sender_route_remove', text: 'delete from sender_route where account_id = $1 and sender_id = $2' },
  kind: { name: 'sender_route_connection_kind', text: 'select kind from connection where account_id = $1 and id = $2' },
  // Writes nothing where the connection is not the account's, is of a kind that cannot serve the route, or is of another group.
  insertRoute: {
    name: 'sender_route_insert',
    text: `
      insert into sender_route (account_id, sender_id, route, provider, connection_id, group_id)
      select $1, $2, $3, $4, c.id, coalesce($6, c.group_id)
      from connection c
      where c.account_id = $1 and c.id = $5 and c.removed_at is null
        and case $4
          when 'notify' then c.kind = 'notify' and $6 is not null
          else c.kind = lower($3) and c.group_id = coalesce($6, c.group_id)
        end`,
  },
} as const;

export function createSenders({ database, clock }: { database: Database; clock: Clock }): Senders {
  const byNames = async (accountId: number, names: readonly string[]): Promise<readonly Sender[]> =>
    (await database.rows<SenderRow>(SQL.byNames, [accountId, names])).map(asSender);
  const recent = createRecentSenders({ clock, maxAgeMs: AGE_MAX_MS, read: byNames });
  const setRoutes = async (
    tx: Queryable,
    accountId: number,
    senderId: number,
    routes: readonly NewSenderRoute[],
  ): Promise<void> => {
    await tx.run(SQL.removeRoutes, [accountId, senderId]);
    for (const [index, { route, provider, connectionId, groupId }] of routes.entries()) {
      const written = await tx.run(SQL.insertRoute, [accountId, senderId, route, provider, connectionId, groupId ?? null]);
      if (written === 1) continue;
      const [found] = await tx.rows<{ kind: string }>(SQL.kind, [accountId, connectionId]);
      const ofGroup = groupId === undefined ? 'of a group' : `of group ${groupId}`;
      const wanted = provider === 'notify' ? 'a notify connection, with the group named,' : `the ${route} connection ${ofGroup}`;
      const problem = found?.kind === 'ok-user' ? NO_MESSAGES : `is not ${wanted} of this account`;
      throw new AppError('parameter.invalid', `connection ${connectionId} ${problem}`, { field: `routes[${index}]` });
    }
  };

  return {
    async addSender({ accountId, name, routes, budgetPerDay = null, forbiddenPatterns = [] }) {
      check({ name, routes, budgetPerDay, forbiddenPatterns });
      await database.transaction(async (tx) => {
        const [made] = await tx.rows<{ id: number }>(SQL.insert, [accountId, name, budgetPerDay, forbiddenPatterns]);
        if (made === undefined)
          throw new AppError('parameter.invalid', `there is a sender named "${name}" already`, { field: 'name' });
        await setRoutes(tx, accountId, made.id, routes);
      });
      recent.clear();
      return (await recent.get(accountId, name)) as Sender;
    },
    async setSender(accountId, name, patch) {
      check({ name, ...patch });
      const { routes, budgetPerDay, forbiddenPatterns } = patch;
      await database.transaction(async (tx) => {
        const values = [accountId, name, budgetPerDay !== undefined, budgetPerDay ?? null, forbiddenPatterns ?? null];
        const [changed] = await tx.rows<{ id: number }>(SQL.update, values);
        if (changed === undefined) throw new AppError('not.found', `the account has no sender named "${name}"`);
        if (routes !== undefined) await setRoutes(tx, accountId, changed.id, routes);
      });
      recent.clear();
      return (await recent.get(accountId, name)) as Sender;
    },
    senderByName: recent.get,
    async senderNames(accountId, ids) {
      const rows = await database.rows<{ id: number; name: string }>(SQL.names, [accountId, ids]);
      return new Map(rows.map(({ id, name }) => [id, name]));
    },
    async senders(accountId) {
      return (await database.rows<SenderRow>(SQL.list, [accountId])).map(asSender);
    },
  };
}

function asSender(row: SenderRow): Sender {
  return { ...row, routes: row.routes.map((route) => ({ ...route, network: route.route === 'VK' ? 'vk' : 'ok' })) };
}

function check({ name, routes, budgetPerDay, forbiddenPatterns }: { name: string } & SenderPatch): void {
  const refuse = (field: string, problem: string): never => {
    throw new AppError('parameter.invalid', problem, { field });
  };
  if (name.trim() === '' || name.length > NAME_CHARACTERS_MAX)
    refuse('name', `a sender's name has 1 to ${NAME_CHARACTERS_MAX} characters`);
  if (routes !== undefined) {
    const networks = new Set(routes.map((route) => route.route));
    if (routes.length === 0 || networks.size !== routes.length)
      refuse('routes', 'a sender has one route or two, each network once');
    for (const [index, { groupId }] of routes.entries()) {
      if (groupId !== undefined && !/^\d{1,20}$/.test(groupId))
        refuse(`routes[${index}]`, `the group "${groupId}" must be the digits of a group's id`);
    }
  }
  if (typeof budgetPerDay === 'number' && !(Number.isInteger(budgetPerDay) && budgetPerDay >= 0 && budgetPerDay <= BUDGET_MAX)) {
    refuse('budgetPerDay', `the budget is a whole number of messages from 0 to ${BUDGET_MAX}`);
  }
  if (forbiddenPatterns !== undefined) checkForbiddenPatterns(forbiddenPatterns);
}
