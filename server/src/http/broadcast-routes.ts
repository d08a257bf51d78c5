import {
  BroadcastPatch,
  type Broadcast as BroadcastShown,
  BroadcastStart,
  BroadcastTest,
  BroadcastWinner,
  NewBroadcast,
} from '@soroka/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { Broadcast, BroadcastPlan, Broadcasts } from '../broadcasts/broadcasts.ts';
import type { Contacts } from '../contacts/contacts.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { pageOf, readBeforeId } from './id-pages.ts';
import { readFields } from './operator-body.ts';
import { mobileNumber } from './phone.ts';
import { idOf, invalid, readCursor, readLimit, readQuery } from './query.ts';
import { checkedDefinition } from './segment-routes.ts';
import { zoneName } from './time-zones.ts';

const newCheck = Compile(NewBroadcast);
const patchCheck = Compile(BroadcastPatch);
const startCheck = Compile(BroadcastStart);
const testCheck = Compile(BroadcastTest);
const winnerCheck = Compile(BroadcastWinner);

// A list of 100,000 phones.
const BODY_BYTES_MAX = 4 * 1024 * 1024;

export interface BroadcastRoutesParts {
  broadcasts: Omit<Broadcasts, 'contactOf' | 'showPictures' | 'noteStatuses' | 'noteWords' | 'run' | 'stopRunning'>;
  contacts: Pick<Contacts, 'ensurePhones'>;
}

/** Handlers of /v1/broadcasts by the ids of their operations. */
export function createBroadcastRoutes({ broadcasts, contacts }: BroadcastRoutesParts) {
  const planOf = async (
    accountId: number,
    { audience, ...plan }: Omit<NewBroadcast, 'name'>,
    at: string,
  ): Promise<BroadcastPlan> => {
    for (const [index, { timeZone, from, to }] of (plan.windows ?? []).entries()) {
      if (timeZone !== undefined && zoneName(timeZone) === null)
        throw invalid(`${at}windows[${index}].timeZone`, 'must be a name as Europe/Moscow');
      if (from >= to) throw invalid(`${at}windows[${index}].to`, 'must be later than from');
    }
    if (plan.timeZone !== undefined && zoneName(plan.timeZone) === null)
      throw invalid(`${at}timeZone`, 'must be a name as Europe/Moscow');
    if ('segment' in audience) return { ...plan, audience: { segment: checkedDefinition(audience.segment) } };
    if (!('phones' in audience)) return { ...plan, audience };
    const phones = audience.phones.map((written, index) => {
      const phone = mobileNumber(written);
      if (phone === null)
        throw invalid(`${at}audience.phones[${index}]`, 'must be a possible mobile number, for example 79999999999');
      return phone;
    });
    return { ...plan, audience: { contactIds: await contacts.ensurePhones(accountId, phones) } };
  };
  const act =
    (action: (accountId: number, id: number) => Promise<Broadcast>) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
      reply.send(shown(await action(callerOf(request).accountId, idOf(request, 'broadcastId'))));

  return {
    async listBroadcasts(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const given = readQuery(request.query, ['limit', 'cursor']);
      const [limit, beforeId] = [readLimit(given.limit), readBeforeId(readCursor(given.cursor).cursor)];
      return reply.send(pageOf(await broadcasts.list(callerOf(request).accountId, { beforeId, limit }), limit, shown));
    },
    async addBroadcast(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { name, ...given } = await readFields(request, NewBroadcast, newCheck, BODY_BYTES_MAX);
      const { accountId } = callerOf(request);
      return reply.send(shown(await broadcasts.add(accountId, { name, plan: await planOf(accountId, given, '') })));
    },
    async getBroadcast(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const broadcast = await broadcasts.get(callerOf(request).accountId, idOf(request, 'broadcastId'));
      if (broadcast === null) throw new AppError('not.found', 'this account has no such broadcast');
      return reply.send(shown(broadcast));
    },
    async patchBroadcast(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = idOf(request, 'broadcastId');
      const { name, plan } = await readFields(request, BroadcastPatch, patchCheck, BODY_BYTES_MAX);
      const { accountId } = callerOf(request);
      const change = {
        ...(name !== undefined && { name }),
        ...(plan !== undefined && { plan: await planOf(accountId, plan, 'plan.') }),
      };
      return reply.send(shown(await broadcasts.change(accountId, id, change)));
    },
    async removeBroadcast(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      await broadcasts.remove(callerOf(request).accountId, idOf(request, 'broadcastId'));
      return reply.send({ removed: 1 });
    },
    async previewBroadcast(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send(await broadcasts.preview(callerOf(request).accountId, idOf(request, 'broadcastId')));
    },
    async testBroadcast(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = idOf(request, 'broadcastId');
      const { contactId, variant = 0 } = await readFields(request, BroadcastTest, testCheck);
      return reply.send(await broadcasts.test(callerOf(request).accountId, id, { contactId, variant }));
    },
    async startBroadcast(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = idOf(request, 'broadcastId');
      const { startAt, confirmed } = await readFields(request, BroadcastStart, startCheck);
      const at = startAt === undefined ? undefined : new Date(startAt);
      if (at !== undefined && Number.isNaN(at.getTime())) throw invalid('startAt', 'must be a time as 2026-01-31T09:00:00+03:00');
      const options = { ...(at !== undefined && { startAt: at }), ...(confirmed !== undefined && { confirmed }) };
      return reply.send(shown(await broadcasts.start(callerOf(request).accountId, id, options)));
    },
    pauseBroadcast: act(broadcasts.pause),
    resumeBroadcast: act(broadcasts.resume),
    stopBroadcast: act(broadcasts.stop),
    async chooseWinner(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = idOf(request, 'broadcastId');
      const { variant } = await readFields(request, BroadcastWinner, winnerCheck);
      return reply.send(shown(await broadcasts.choose(callerOf(request).accountId, id, variant)));
    },
    async getBroadcastReport(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send(await broadcasts.report(callerOf(request).accountId, idOf(request, 'broadcastId')));
    },
    async listBroadcastRecipients(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const given = readQuery(request.query, ['reason', 'limit', 'cursor']);
      const [limit, { cursor }] = [readLimit(given.limit), readCursor(given.cursor)];
      const afterId = cursor === undefined ? 0 : readBeforeId(cursor);
      const page = { afterId, limit, ...(given.reason !== undefined && { reason: given.reason }) };
      const rows = await broadcasts.recipients(callerOf(request).accountId, idOf(request, 'broadcastId'), page);
      const items = rows.slice(0, limit);
      return reply.send({ items, nextCursor: rows.length > limit ? String(items.at(-1)?.contactId) : null });
    },
  };
}

/** GET /l/{token}: where a person goes who presses a short link. Not for programs, and so no operation of the API. */
export function registerShortLinks(app: FastifyInstance, { broadcasts }: { broadcasts: Pick<Broadcasts, 'follow'> }): void {
  app.get('/l/:token', async (request, reply) => {
    const url = await broadcasts.follow((request.params as { token: string }).token);
    if (url === null) throw new AppError('not.found', 'this link leads nowhere');
    return reply.redirect(url, 302);
  });
}

function shown({ accountId: _, plan, startsAt, startedAt, endedAt, createdAt, ...broadcast }: Broadcast): BroadcastShown {
  const { audience, ...rest } = plan;
  return {
    ...broadcast,
    ...(rest as Omit<BroadcastShown, 'audience'>),
    audience: 'contactIds' in audience ? { contacts: audience.contactIds.length } : (audience as BroadcastShown['audience']),
    startsAt: startsAt?.toISOString() ?? null,
    startedAt: startedAt?.toISOString() ?? null,
    endedAt: endedAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
  };
}
