import { RIGHTS, type Right, rightsOfScopes } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Accounts, Caller } from '../accounts/accounts.ts';
import { AppError } from '../platform/errors.ts';
import type { RequestRate } from './request-rate.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `requireRight` before the handler runs. */
    caller: Caller | null;
  }
}

export type Authenticator = Pick<Accounts, 'authenticate' | 'authenticateBasic'>;

// An API key is about 60 characters, an account's name at most 100.
const CREDENTIALS_CHARACTERS_MAX = 1_000;

/**
 * A hook that lets only keys pass that have the right. It runs before the body is read: a stranger can make us read nothing.
 * Throws `login.must.be.not.null`, `scope.missing`, and `rate.limit` with the header Retry-After.
 */
export function requireRight(
  right: Right,
  { accounts, requestRate }: { accounts: Authenticator; requestRate: RequestRate | null },
) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const caller = await authenticate(accounts, request.headers.authorization);
    if (caller === null) {
      reply.header('WWW-Authenticate', 'Key realm="soroka"');
      throw new AppError(
        'login.must.be.not.null',
        request.headers.authorization === undefined ? 'no Authorization header was given' : WRONG,
      );
    }
    request.caller = caller;
    if (!rightsOfScopes(caller.scopes).has(right))
      throw new AppError('scope.missing', `this needs a key with the scope ${scopesOf(right)}`);
    const retryAfterSeconds = requestRate?.take(caller.keyId) ?? 0;
    if (retryAfterSeconds > 0) {
      reply.header('Retry-After', String(retryAfterSeconds));
      throw new AppError('rate.limit', `this key makes too many requests; wait ${retryAfterSeconds} s`);
    }
  };
}
// One sentence for every way of being wrong: it must not tell which names and keys exist.
const WRONG = 'the key is unknown or revoked, or the header is neither "Key <api key>" nor "Basic base64(account:api key)"';

const scopesOf = (right: Right): string => RIGHTS[right].scopes.map((scope) => `"${scope}"`).join(' or ');

/** Who is calling; only for routes behind `requireRight`. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error('the route was registered without requireRight');
  return request.caller;
}

async function authenticate(accounts: Authenticator, header: string | undefined): Promise<Caller | null> {
  if (header === undefined || header.length > CREDENTIALS_CHARACTERS_MAX) return null;
  const [, scheme = '', credentials = ''] = /^(\S+) +(\S+) *$/.exec(header) ?? [];
  switch (scheme.toLowerCase()) {
    case 'key':
      return accounts.authenticate(credentials);
    case 'basic': {
      const decoded = Buffer.from(credentials, 'base64').toString('utf8');
      const colon = decoded.indexOf(':');
      // PostgreSQL takes no U+0000 in a text, and no account has it in its name.
      if (colon === -1 || decoded.includes('\0')) return null;
      return accounts.authenticateBasic(decoded.slice(0, colon), decoded.slice(colon + 1));
    }
    default:
      return null;
  }
}
