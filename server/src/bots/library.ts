import { type Finding, lintBot, readBot, toMermaid } from '@soroka/bot';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { HttpClient } from '../platform/http-client.ts';
import { NETWORK_KNOWLEDGE, parseBot } from './bot-file.ts';
import type { CodeBots } from './code-bots.ts';

export interface BotItem {
  id: number;
  name: string;
  kind: 'file' | 'code' | 'outside';
  module: string | null;
  url: string | null;
  /** `VK:213243638`. */
  groups: readonly string[];
  publishedVersion: number | null;
  latestVersion: number | null;
  createdAt: Date;
}

export interface NewBot {
  name: string;
  kind: BotItem['kind'];
  definition?: string;
  comment?: string;
  module?: string;
  url?: string;
  groups?: readonly string[];
}

export interface VersionItem {
  number: number;
  comment: string | null;
  isPublished: boolean;
  createdAt: Date;
}
export interface WholeVersion extends VersionItem {
  definition: string;
  findings: readonly Finding[];
  diagrams: readonly { scenario: string; mermaid: string }[];
}

/** The bots that accounts keep: their versions never change, and publishing says which of them answers. */
export interface Library {
  /** By name. */
  list(accountId: number): Promise<readonly BotItem[]>;
  get(accountId: number, botId: number): Promise<BotItem | null>;
  /** Throws `bot.taken`, `bot.invalid`, `parameter.invalid`. */
  add(accountId: number, bot: NewBot): Promise<BotItem>;
  /** Groups are taken from the bots that had them. Throws `not.found`, `bot.taken`, `parameter.invalid`. */
  change(accountId: number, botId: number, change: { name?: string; url?: string; groups?: readonly string[] }): Promise<BotItem>;
  /** False where the account has no such bot. */
  remove(accountId: number, botId: number): Promise<boolean>;
  /** Newest first, below `before`; one more than the limit where there is a next page. */
  versions(accountId: number, botId: number, page: { limit: number; before: number }): Promise<readonly VersionItem[]>;
  version(accountId: number, botId: number, number: number): Promise<WholeVersion | null>;
  /** Throws `not.found`, `bot.invalid`. */
  addVersion(accountId: number, botId: number, version: { definition: string; comment?: string }): Promise<WholeVersion>;
  /** Throws `not.found`. */
  publish(accountId: number, botId: number, number: number): Promise<BotItem>;
}

export interface LibraryParts {
  database: Database;
  clock: Clock;
  codeBots: CodeBots;
  httpClient: Pick<HttpClient, 'refusal'>;
}

const BOT = `
  select
    b.id, b.name, b.kind, b.module, b.url, b.published as "publishedVersion", b.created_at as "createdAt",
    array(
      select upper(g.network) || ':' || g.group_id from bot_group as g where g.bot_id = b.id order by g.network desc, g.group_id
    ) as groups,
    (select max(number) from bot_version as v where v.bot_id = b.id) as "latestVersion"
  from bot as b`;
const VERSION = `
  select v.number, v.comment, v.definition, v.created_at as "createdAt", b.published is not distinct from v.number as "isPublished"
  from bot_version as v
  join bot as b on b.id = v.bot_id`;

const SQL = {
  list: { name: 'bot_list', text: `${BOT} where b.account_id = $1 order by b.name` },
  get: { name: 'bot_get', text: `${BOT} where b.account_id = $1 and b.id = $2` },
  lock: { name: 'bot_lock', text: 'select kind from bot where account_id = $1 and id = $2 for update' },
  add: {
    name: 'bot_add',
    text: `
      insert into bot (account_id, name, kind, module, url, created_at) values ($1, $2, $3, $4, $5, $6)
      on conflict (account_id, name) do nothing
      returning id`,
  },
  isTaken: { name: 'bot_is_taken', text: 'select id from bot where account_id = $1 and name = $2 and id <> $3' },
  change: {
    name: 'bot_change',
    text: 'update bot set name = coalesce($3, name), url = coalesce($4, url) where account_id = $1 and id = $2',
  },
  remove: { name: 'bot_remove', text: 'delete from bot where account_id = $1 and id = $2' },
  removeTasks: { name: 'bot_remove_tasks', text: 'delete from bot_task where account_id = $1 and bot_id = $2' },
  leaveGroups: { name: 'bot_leave_groups', text: 'delete from bot_group where account_id = $1 and bot_id = $2' },
  // In one order for everybody: two that take groups from each other wait, and do not lock up.
  takeGroups: {
    name: 'bot_take_groups',
    text: `
      insert into bot_group (account_id, network, group_id, bot_id)
      select $1, lower(split_part(name, ':', 1)), split_part(name, ':', 2), $2 from unnest($3::text[]) as g(name) order by name
      on conflict (account_id, network, group_id) do update set bot_id = excluded.bot_id`,
  },
  versions: {
    name: 'bot_versions',
    text: `${VERSION} where v.account_id = $1 and v.bot_id = $2 and v.number < $3 order by v.number desc limit $4`,
  },
  version: { name: 'bot_version', text: `${VERSION} where v.account_id = $1 and v.bot_id = $2 and v.number = $3` },
  addVersion: {
    name: 'bot_version_add',
    text: `
      insert into bot_version (account_id, bot_id, number, definition, comment, created_at)
      select $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5 from bot_version where bot_id = $2
      returning number`,
  },
  publish: {
    name: 'bot_publish',
    text: `
      update bot set published = $3
      where account_id = $1 and id = $2 and exists (select from bot_version where bot_id = $2 and number = $3)`,
  },
} as const;

const refused = (field: string, problem: string): AppError => new AppError('parameter.invalid', problem, { field });
const noSuchBot = (): AppError => new AppError('not.found', 'this account has no such bot');

export function createLibrary({ database, clock, codeBots, httpClient }: LibraryParts): Library {
  const get = async (on: Queryable, accountId: number, botId: number): Promise<BotItem | null> =>
    (await on.rows<BotItem>(SQL.get, [accountId, botId]))[0] ?? null;

  const addVersion = async (
    tx: Queryable,
    accountId: number,
    botId: number,
    { definition, comment }: { definition: string; comment?: string | undefined },
  ): Promise<number> => {
    const values = [accountId, botId, definition, comment ?? null, new Date(clock.now())];
    const [row] = await tx.rows<{ number: number }>(SQL.addVersion, values);
    return (row as { number: number }).number;
  };

  const checkUrl = (url: string): void => {
    const reason = httpClient.refusal(url);
    if (reason !== null) throw refused('url', `it ${reason}`);
  };

  /** What each kind is made of. */
  const checkParts = ({ kind, definition, module, url }: NewBot): void => {
    const given = { definition, module, url };
    const own = { file: 'definition', code: 'module', outside: 'url' } as const;
    for (const field of ['definition', 'module', 'url'] as const)
      if (given[field] !== undefined && own[kind] !== field) throw refused(field, `means nothing for a bot of the kind ${kind}`);
    if (kind !== 'file' && given[own[kind]] === undefined)
      throw refused(own[kind], `must be given for a bot of the kind ${kind}`);
    if (url !== undefined) checkUrl(url);
    if (module !== undefined && !codeBots.has(module))
      throw refused(
        'module',
        `is not in SOROKA_BOT_MODULES of this server; there is ${[...codeBots.keys()].join(', ') || 'none'}`,
      );
    if (definition !== undefined) checkDefinition(definition);
  };

  return {
    list: (accountId) => database.rows<BotItem>(SQL.list, [accountId]),
    get: (accountId, botId) => get(database, accountId, botId),
    add(accountId, bot) {
      checkParts(bot);
      const { name, kind, definition, comment, module = null, url = null, groups = [] } = bot;
      return database.transaction(async (tx) => {
        const [row] = await tx.rows<{ id: number }>(SQL.add, [accountId, name, kind, module, url, new Date(clock.now())]);
        if (row === undefined) throw taken();
        if (definition !== undefined) await addVersion(tx, accountId, row.id, { definition, comment });
        await tx.run(SQL.takeGroups, [accountId, row.id, [...new Set(groups)]]);
        return (await get(tx, accountId, row.id)) as BotItem;
      });
    },
    change(accountId, botId, { name, url, groups }) {
      if (url !== undefined) checkUrl(url);
      return database.transaction(async (tx) => {
        const [bot] = await tx.rows<Pick<BotItem, 'kind'>>(SQL.lock, [accountId, botId]);
        if (bot === undefined) throw noSuchBot();
        if (url !== undefined && bot.kind !== 'outside') throw refused('url', `means nothing for a bot of the kind ${bot.kind}`);
        if (name !== undefined && (await tx.rows(SQL.isTaken, [accountId, name, botId])).length > 0) throw taken();
        await tx.run(SQL.change, [accountId, botId, name ?? null, url ?? null]);
        if (groups !== undefined) {
          await tx.run(SQL.leaveGroups, [accountId, botId]);
          await tx.run(SQL.takeGroups, [accountId, botId, [...new Set(groups)]]);
        }
        return (await get(tx, accountId, botId)) as BotItem;
      });
    },
    remove: (accountId, botId) =>
      database.transaction(async (tx) => {
        await tx.run(SQL.removeTasks, [accountId, botId]);
        return (await tx.run(SQL.remove, [accountId, botId])) === 1;
      }),
    versions: (accountId, botId, { limit, before }) =>
      database.rows<VersionItem>(SQL.versions, [accountId, botId, Math.min(before, 2_147_483_647), limit + 1]),
    async version(accountId, botId, number) {
      const [row] = await database.rows<VersionItem & { definition: string }>(SQL.version, [accountId, botId, number]);
      return row === undefined ? null : wholeOf(row);
    },
    addVersion(accountId, botId, version) {
      checkDefinition(version.definition);
      return database.transaction(async (tx) => {
        const [bot] = await tx.rows<Pick<BotItem, 'kind'>>(SQL.lock, [accountId, botId]);
        if (bot === undefined) throw noSuchBot();
        if (bot.kind !== 'file') throw refused('definition', `means nothing for a bot of the kind ${bot.kind}`);
        const number = await addVersion(tx, accountId, botId, version);
        const [row] = await tx.rows<VersionItem & { definition: string }>(SQL.version, [accountId, botId, number]);
        return wholeOf(row as VersionItem & { definition: string });
      });
    },
    async publish(accountId, botId, number) {
      if ((await database.run(SQL.publish, [accountId, botId, number])) === 0)
        throw new AppError('not.found', 'this account has no such bot, or it has no such version');
      return (await get(database, accountId, botId)) as BotItem;
    },
  };
}

const taken = (): AppError => new AppError('bot.taken', 'another bot of this account has this name', { field: 'name' });
const PROBLEMS_MAX = 20;

/** Throws `bot.invalid` with everything that is wrong with it. */
function checkDefinition(definition: string): void {
  const read = parseBot(definition);
  if (read.ok) return;
  const more = read.problems.length > PROBLEMS_MAX ? `; and ${read.problems.length - PROBLEMS_MAX} more` : '';
  throw new AppError('bot.invalid', `${read.problems.slice(0, PROBLEMS_MAX).join('; ')}${more}`, { field: 'definition' });
}

function wholeOf(row: VersionItem & { definition: string }): WholeVersion {
  const read = readBot(row.definition);
  const bot = read.ok ? read.bot : null;
  const findings = bot === null ? [] : lintBot(bot, NETWORK_KNOWLEDGE);
  const named = bot === null ? [] : [...bot.scenarios.values()].filter(({ name }) => !name.startsWith('rule:'));
  return { ...row, findings, diagrams: named.map((scenario) => ({ scenario: scenario.name, mermaid: toMermaid(scenario) })) };
}
