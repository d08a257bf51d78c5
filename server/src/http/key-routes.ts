import { NewApiKey, rightsOfScopes, type ApiKey as ShownKey } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { Accounts, ApiKey } from '../accounts/accounts.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { readFields } from './operator-body.ts';
import { invalid } from './query.ts';

const newCheck = Compile(NewApiKey);

export interface KeyRoutesParts {
  accounts: Pick<Accounts, 'createKey' | 'revokeKey' | 'listKeys'>;
}

/** Handlers of /v1/keys by the ids of their operations. */
export function createKeyRoutes({ accounts }: KeyRoutesParts) {
  const find = async (accountId: number, keyId: string): Promise<ShownKey> => {
    const key = (await accounts.listKeys(accountId)).find(({ id }) => id === keyId);
    if (key === undefined) throw new AppError('not.found', 'this account has no such key');
    return shown(key);
  };

  return {
    async listKeys(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const keys = await accounts.listKeys(callerOf(request).accountId);
      return reply.send({ items: keys.map(shown), nextCursor: null });
    },

    async addKey(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { name, scopes } = await readFields(request, NewApiKey, newCheck);
      const { accountId, rights } = callerOf(request);
      if ([...rightsOfScopes(scopes)].some((right) => !rights.has(right)))
        throw invalid('scopes', 'a key that you make can have no scope that you do not have yourself');
      const { id, key } = await accounts.createKey(accountId, { name, scopes });
      return reply.send({ ...(await find(accountId, id)), key });
    },

    async revokeKey(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const [{ accountId }, { keyId }] = [callerOf(request), request.params as { keyId: string }];
      if (!(await accounts.revokeKey(accountId, keyId))) throw new AppError('not.found', 'this account has no such live key');
      return reply.send(await find(accountId, keyId));
    },
  };
}

const shown = ({ id, name, scopes, createdAt, revokedAt }: ApiKey): ShownKey => ({
  id,
  name,
  scopes: [...scopes],
  masked: `soroka_${id}_****`,
  createdAt: createdAt.toISOString(),
  revokedAt: revokedAt?.toISOString() ?? null,
});
