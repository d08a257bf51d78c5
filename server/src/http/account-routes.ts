import { AccountPatch } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { Account, Accounts, QuietHours } from '../accounts/accounts.ts';
import { AppError } from '../platform/errors.ts';
import type { HttpClient } from '../platform/http-client.ts';
import { callerOf } from './auth.ts';
import { readObject } from './json-object.ts';
import { invalid } from './query.ts';
import { isStorableText, UNSTORABLE } from './storable-text.ts';
import { zoneName } from './time-zones.ts';

const patchCheck = Compile(AccountPatch);

export interface AccountRoutesParts {
  accounts: Pick<Accounts, 'get' | 'setUrls' | 'setQuietHours'>;
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
      const { quietHours, ...urls } = await readObject(request, AccountPatch, patchCheck);
      for (const [field, url] of Object.entries(urls)) {
        if (url !== null && !isStorableText(url)) throw invalid(field, UNSTORABLE);
        const problem = url === null ? null : httpClient.refusal(url);
        if (problem !== null) throw invalid(field, problem);
      }
      const hours = quietHours === undefined || quietHours === null ? quietHours : checkedHours(quietHours);
      const { accountId } = callerOf(request);
      const account = await accounts.setUrls(accountId, urls);
      return reply.send(shown(hours === undefined ? account : await accounts.setQuietHours(accountId, hours)));
    },
  };
}

const ZONE_DEFAULT = 'Europe/Moscow';

function checkedHours({ from, to, timeZone = ZONE_DEFAULT }: NonNullable<AccountPatch['quietHours']>): QuietHours {
  const zone = zoneName(timeZone);
  if (zone === null) throw invalid('quietHours.timeZone', 'must be an IANA name as Europe/Moscow');
  if (from === to) throw invalid('quietHours.to', 'must differ from `from`: with a whole day of quiet nothing could be sent');
  return { from, to, timeZone: zone };
}

const shown = ({ id, name, statusUrl, incomingUrl, quietHours, callbackSecret }: Account) => ({
  id,
  name,
  statusUrl,
  incomingUrl,
  quietHours,
  callbackSecret,
});
