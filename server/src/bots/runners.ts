import {
  type Bot,
  type BotState,
  type CodeBot,
  namesEvent,
  noReplyTimesMs,
  readBot,
  segmentNames,
  withVersions,
} from '@soroka/bot';
import { createAgedCache } from '../platform/aged-cache.ts';
import type { Clock } from '../platform/clock.ts';
import type { Queryable } from '../platform/database.ts';
import type { CodeBots } from './code-bots.ts';

/** A bot that can be asked: at once within a transaction, or as a turn that takes its time. */
export type Runner =
  /** Rules and scenarios. `botId` null: of the server's own file. */
  | { kind: 'file'; botId: number | null; version: string; bot: Bot }
  | { kind: 'code'; botId: number; version: string; bot: CodeBot }
  | { kind: 'outside'; botId: number; version: string; url: string };

export interface Runners {
  /** Whoever answers in the group's dialogs, at most a second after it was said; null: nobody. */
  of(tx: Queryable, accountId: number, network: string, groupId: string): Promise<Runner | null>;
  /** The bot with the version besides on which this conversation began. */
  forState(tx: Queryable, runner: Runner & { kind: 'file' }, accountId: number, state: BotState | undefined): Promise<Bot>;
}

interface AssignedRow {
  botId: number;
  kind: Runner['kind'];
  module: string | null;
  url: string | null;
  published: number | null;
  definition: string | null;
}

const SQL = {
  assigned: {
    name: 'bot_assigned',
    text: `
      select b.id as "botId", b.kind, b.module, b.url, b.published, v.definition
      from bot_group as g
      join bot as b on b.id = g.bot_id and b.account_id = g.account_id
      left join bot_version as v on v.bot_id = b.id and v.number = b.published
      where g.account_id = $1 and g.network = $2 and g.group_id = $3`,
  },
  version: {
    name: 'bot_version_definition',
    text: 'select definition from bot_version where account_id = $1 and bot_id = $2 and number = $3',
  },
} as const;

// How long a change of bots may stay unseen here.
const AGE_MAX_MS = 1_000;
const READ_MAX = 200;

export function createRunners(parts: { clock: Clock; fileBot: Bot | undefined; codeBots: CodeBots }): Runners {
  const { clock, fileBot, codeBots } = parts;
  const ofFile: Runner | null =
    fileBot === undefined ? null : { kind: 'file', botId: null, version: fileBot.version, bot: fileBot };
  const assigned = createAgedCache<{ runner: Runner | null }>({ clock, maxAgeMs: AGE_MAX_MS });
  /** Versions never change: what was read once is kept. */
  const versions = new Map<string, Bot>();

  const read = (botId: number, number: number | string, definition: string): Bot | undefined => {
    const key = `${botId} ${number}`;
    const known = versions.get(key);
    if (known !== undefined) return known;
    const bot = botOfVersion(definition, String(number));
    if (bot === undefined) return undefined;
    if (versions.size >= READ_MAX) versions.delete(versions.keys().next().value as string);
    versions.set(key, bot);
    return bot;
  };

  const runnerOf = ({ botId, kind, module, url, published, definition }: AssignedRow): Runner | null => {
    if (kind === 'outside') return { kind, botId, version: kind, url: url as string };
    if (kind === 'code') {
      const bot = codeBots.get(module as string);
      return bot === undefined ? null : { kind, botId, version: bot.version, bot };
    }
    const bot = published === null || definition === null ? undefined : read(botId, published, definition);
    return bot === undefined ? null : { kind, botId, version: bot.version, bot };
  };

  return {
    async of(tx, accountId, network, groupId) {
      const found = await assigned.get(`${accountId} ${network} ${groupId}`, async () => {
        const [row] = await tx.rows<AssignedRow>(SQL.assigned, [accountId, network, groupId]);
        return { runner: row === undefined ? ofFile : runnerOf(row) };
      });
      return found?.runner ?? null;
    },
    async forState(tx, { bot, botId }, accountId, state) {
      const version = state?.scenario?.version;
      if (version === undefined || version === bot.version || botId === null || !/^\d{1,9}$/.test(version)) return bot;
      const [row] = await tx.rows<{ definition: string }>(SQL.version, [accountId, botId, Number(version)]);
      const earlier = row === undefined ? undefined : read(botId, version, row.definition);
      return earlier === undefined ? bot : withVersions(bot, [earlier]);
    },
  };
}

/** A stored definition as the bot of this version; undefined where this program cannot read it any more. */
export function botOfVersion(definition: string, version: string): Bot | undefined {
  const read = readBot(definition);
  if (!read.ok) return undefined;
  const bot = { ...read.bot, version };
  return { ...bot, versions: new Map([[version, bot]]) };
}

/** The silences that a bot wants to hear of. */
export function silencesMs(runner: Runner): readonly number[] {
  if (runner.kind === 'outside') return [];
  return noReplyTimesMs(runner.kind === 'file' ? runner.bot : runner.bot.base);
}

/** Whether a bot wants to hear that a person lets the group write, or forbids it. Of one in code, or outside, nobody can tell but itself. */
export function hearsPermissions(runner: Runner): boolean {
  return runner.kind !== 'file' || namesEvent(runner.bot, 'subscribed') || namesEvent(runner.bot, 'unsubscribed');
}

/** The segments that a bot asks for, by name. */
export function segmentsOf(runner: Runner): readonly string[] {
  if (runner.kind === 'outside') return [];
  return segmentNames(runner.kind === 'file' ? runner.bot : runner.bot.base);
}
