import { BotPatch, BotPublication, type Bot as BotShown, BotTrial, NewBot, NewBotVersion } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { BotItem, Bots, Trial, WholeVersion } from '../bots/bots.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { pageOf, readBeforeId } from './id-pages.ts';
import { readFields } from './operator-body.ts';
import { idOf, invalid, readCursor, readLimit, readQuery } from './query.ts';

const newCheck = Compile(NewBot);
const patchCheck = Compile(BotPatch);
const versionCheck = Compile(NewBotVersion);
const publicationCheck = Compile(BotPublication);
const trialCheck = Compile(BotTrial);

const DAYS_DEFAULT = 30;
const DAYS_MAX = 90;

export interface BotRoutesParts {
  bots: Pick<Bots, 'library' | 'try' | 'phrases' | 'traces'>;
}

/** Handlers of /v1/bots by the ids of their operations. */
export function createBotRoutes({ bots }: BotRoutesParts) {
  const { library } = bots;
  const found = async (request: FastifyRequest): Promise<BotItem> => {
    const bot = await library.get(callerOf(request).accountId, idOf(request, 'botId'));
    if (bot === null) throw new AppError('not.found', 'this account has no such bot');
    return bot;
  };

  return {
    async listBots(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send({ items: (await library.list(callerOf(request).accountId)).map(shown), nextCursor: null });
    },
    async addBot(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { kind = 'file', ...bot } = await readFields(request, NewBot, newCheck);
      return reply.send(shown(await library.add(callerOf(request).accountId, { ...bot, kind, name: checkedName(bot.name) })));
    },
    async getBot(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send(shown(await found(request)));
    },
    async patchBot(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = idOf(request, 'botId');
      const { name, ...change } = await readFields(request, BotPatch, patchCheck);
      const named = name === undefined ? {} : { name: checkedName(name) };
      return reply.send(shown(await library.change(callerOf(request).accountId, id, { ...change, ...named })));
    },
    async removeBot(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      if (!(await library.remove(callerOf(request).accountId, idOf(request, 'botId'))))
        throw new AppError('not.found', 'this account has no such bot');
      return reply.send({ removed: 1 });
    },
    async listBotVersions(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { limit, cursor } = readQuery(request.query, ['limit', 'cursor']);
      const page = { limit: readLimit(limit), before: readBeforeId(readCursor(cursor).cursor) };
      const { id } = await found(request);
      const versions = await library.versions(callerOf(request).accountId, id, page);
      const rows = versions.map(({ number, comment, isPublished, createdAt }) => ({
        ...{ id: number, number, comment, isPublished, createdAt: createdAt.toISOString() },
      }));
      return reply.send(pageOf(rows, page.limit, ({ id: _, ...version }) => version));
    },
    async addBotVersion(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = idOf(request, 'botId');
      const version = await readFields(request, NewBotVersion, versionCheck);
      return reply.send(shownVersion(await library.addVersion(callerOf(request).accountId, id, version)));
    },
    async getBotVersion(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const [botId, number] = [idOf(request, 'botId'), idOf(request, 'number')];
      const version = number > INTEGER_MAX ? null : await library.version(callerOf(request).accountId, botId, number);
      if (version === null) throw new AppError('not.found', 'this account has no such bot, or it has no such version');
      return reply.send(shownVersion(version));
    },
    async publishBot(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = idOf(request, 'botId');
      const { version } = await readFields(request, BotPublication, publicationCheck);
      if (version > INTEGER_MAX) throw new AppError('not.found', 'no version has so many digits');
      return reply.send(shown(await library.publish(callerOf(request).accountId, id, version)));
    },
    async tryBot(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = idOf(request, 'botId');
      const {
        channel = 'VK',
        isWorkingHours = true,
        owner = 'bot',
        events,
        ...more
      } = await readFields(request, BotTrial, trialCheck);
      if ((more.version ?? 0) > INTEGER_MAX) throw new AppError('not.found', 'no version has so many digits');
      const network = channel === 'VK' ? 'vk' : 'ok';
      const told = events.map((event) => ({ attachments: [], ...event }) as unknown as Trial['events'][number]);
      const steps = await bots.try(callerOf(request).accountId, id, { ...more, network, isWorkingHours, owner, events: told });
      return reply.send({ steps: steps.map(({ effects, trace, isUnmatched }) => ({ effects, trace, isUnmatched })) });
    },
    async listBotPhrases(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { limit, days } = readQuery(request.query, ['limit', 'days']);
      const [rows, back] = [readLimit(limit), readDays(days)];
      const { id } = await found(request);
      const phrases = await bots.phrases(callerOf(request).accountId, id, back, rows);
      return reply.send({
        items: phrases.map(({ lastAt, ...phrase }) => ({ ...phrase, lastAt: lastAt.toISOString() })),
        nextCursor: null,
      });
    },
    async listBotTraces(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { limit, cursor } = readQuery(request.query, ['limit', 'cursor']);
      const [rows, before] = [readLimit(limit), readBeforeId(readCursor(cursor).cursor)];
      const traces = await bots.traces(callerOf(request).accountId, idOf(request, 'dialogId'), { limit: rows + 1, before });
      return reply.send(pageOf(traces, rows, ({ dialogId: _, at, ...trace }) => ({ ...trace, at: at.toISOString() })));
    },
  };
}

// The column's own limit.
const INTEGER_MAX = 2_147_483_647;

function shown({ createdAt, groups, ...bot }: BotItem): BotShown {
  return { ...bot, groups: [...groups], createdAt: createdAt.toISOString() };
}

function shownVersion({ createdAt, ...version }: WholeVersion) {
  return { ...version, createdAt: createdAt.toISOString() };
}

function checkedName(name: string): string {
  const own = name.trim();
  if (own === '') throw invalid('name', 'must not be empty');
  return own;
}

function readDays(days: string | undefined): number {
  if (days === undefined) return DAYS_DEFAULT;
  const value = /^\d{1,3}$/.test(days) ? Number(days) : 0;
  if (value < 1 || value > DAYS_MAX) throw invalid('days', `must be a whole number from 1 to ${DAYS_MAX}`);
  return value;
}
