import { AccountPatch, SEND_LIMITS } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { Account, Accounts } from '../accounts/accounts.ts';
import { AppError } from '../platform/errors.ts';
import type { HttpClient } from '../platform/http-client.ts';
import { callerOf } from './auth.ts';
import { fieldPath } from './message-shape.ts';
import { invalid } from './query.ts';
import { parseBody, readBody, requireJson } from './request-body.ts';
import { isStorableText, UNSTORABLE } from './storable-text.ts';

const PATCH_BYTES_MAX = 64 * 1024;
const patchCheck = Compile(AccountPatch);

export interface AccountRoutesParts {
  accounts: Pick<Accounts, 'get' | 'setUrls'>;
  httpClient: Pick<HttpClient, 'refusal'>;
}

/** Handlers of /v1/account by the ids of their operations. */
export function createAccountRoutes({ accounts, httpClient }: AccountRoutesParts) {
  return {
    async getAccount(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const account = await accounts.get(callerOf(request).accountId);
      if (account === null) throw new AppError('not.found', 'the account of this key does not exist any more');
      return reply.send(shown(account));
    },

    async patchAccount(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      requireJson(request.headers);
      const { value } = parseBody(await readBody(request.raw, PATCH_BYTES_MAX), SEND_LIMITS.jsonDepthMax);
      const patch = readPatch(value);
      for (const [field, url] of Object.entries(patch)) {
        if (url !== null && !isStorableText(url)) throw invalid(field, UNSTORABLE);
        const problem = url === null ? null : httpClient.refusal(url);
        if (problem !== null) throw invalid(field, problem);
      }
      return reply.send(shown(await accounts.setUrls(callerOf(request).accountId, patch)));
    },
  };
}

function readPatch(value: unknown): AccountPatch {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AppError('parameter.invalid', 'the body must be an object with statusUrl or incomingUrl');
  }
  if (patchCheck.Check(value)) return value;
  const unknown = Object.keys(value).find((name) => !(name in AccountPatch.properties));
  if (unknown !== undefined)
    throw invalid(fieldPath([unknown]), 'this field does not exist; there are statusUrl and incomingUrl');
  const [wrong] = Object.keys(value);
  if (wrong === undefined) throw new AppError('parameter.invalid', 'give statusUrl or incomingUrl');
  const field = patchCheck.Errors(value)[0]?.instancePath.slice(1) ?? wrong;
  throw invalid(field, 'must be a URL of at most 2048 characters, or null to remove it');
}

const shown = ({ id, name, statusUrl, incomingUrl, callbackSecret }: Account) => ({
  id,
  name,
  statusUrl,
  incomingUrl,
  callbackSecret,
});
