import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FoundPerson, Search } from '../search/search.ts';
import { callerOf } from './auth.ts';
import { invalid, readCursor, readId, readQuery } from './query.ts';

const TEXT_CHARACTERS = { min: 2, max: 200 } as const;
const LIMIT = { default: 20, max: 100 } as const;

export interface SearchRoutesParts {
  search: Search;
}

/** Handlers of /v1/search by the ids of their operations. */
export function createSearchRoutes({ search }: SearchRoutesParts) {
  return {
    async searchMessages(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { q, dialogId, limit, cursor } = readQuery(request.query, ['q', 'dialogId', 'limit', 'cursor']);
      const { accountId, groups } = callerOf(request);
      const [beforeId] = readPosition(cursor, 1);
      const inDialog = dialogId === undefined ? undefined : readId('dialogId', dialogId);
      const text = readText(q);
      if (inDialog === null) return reply.send({ items: [], nextCursor: null, isCut: false });
      const { items, nextBeforeId, isCut } = await search.messages({
        ...{ accountId, groups, text, limit: readLimit(limit) },
        ...(beforeId !== undefined && { beforeId }),
        ...(inDialog !== undefined && { dialogId: inDialog }),
      });
      return reply.send({ items, nextCursor: nextBeforeId === null ? null : writePosition([nextBeforeId]), isCut });
    },

    async searchPeople(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { q, limit, cursor } = readQuery(request.query, ['q', 'limit', 'cursor']);
      const { accountId, groups } = callerOf(request);
      const [lastMessageAt, dialogId] = readPosition(cursor, 2);
      const max = readLimit(limit);
      const found = await search.people({
        ...{ accountId, groups, text: readText(q), limit: max },
        ...(lastMessageAt !== undefined && dialogId !== undefined && { after: { lastMessageAt, dialogId } }),
      });
      const items = found.slice(0, max);
      return reply.send({ items, nextCursor: found.length > max ? positionOf(items.at(-1)) : null });
    },
  };
}

function readText(text: string | undefined): string {
  const words = (text ?? '').trim();
  if (words.length >= TEXT_CHARACTERS.min && words.length <= TEXT_CHARACTERS.max) return words;
  throw invalid('q', `give ${TEXT_CHARACTERS.min} to ${TEXT_CHARACTERS.max} characters`);
}

function readLimit(limit: string | undefined): number {
  const value = limit === undefined ? LIMIT.default : /^\d{1,9}$/.test(limit) ? Number(limit) : 0;
  if (value < 1 || value > LIMIT.max) throw invalid('limit', `must be a whole number from 1 to ${LIMIT.max}`);
  return value;
}

const positionOf = (last: FoundPerson | undefined): string | null =>
  last === undefined ? null : writePosition([last.lastMessageAt.getTime(), last.dialogId]);

const writePosition = (numbers: readonly number[]): string => Buffer.from(numbers.join('.')).toString('base64url');

/** What a Date can hold: a cursor made by hand must not reach the database with more. */
const NUMBER_MAX = 8_640_000_000_000_000;

/** So many numbers of a cursor; empty where there is none. */
function readPosition(cursor: string | undefined, count: number): number[] {
  const given = readCursor(cursor).cursor;
  if (given === undefined) return [];
  const numbers = Buffer.from(given, 'base64url').toString('latin1').split('.').map(Number);
  const fits =
    numbers.length === count && numbers.every((value) => Number.isSafeInteger(value) && value >= 0 && value <= NUMBER_MAX);
  if (!fits) throw invalid('cursor', 'give nextCursor of the page before, unchanged');
  return numbers;
}
