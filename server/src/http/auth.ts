import { RIGHTS, type Right, type Role, rightsOfScopes } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Accounts, Caller as KeyCaller } from '../accounts/accounts.ts';
import type { Actor } from '../audit/audit.ts';
import type { Manager, SessionCaller, Sessions } from '../operators/operators.ts';
import { AppError } from '../platform/errors.ts';
import type { RequestRate } from './request-rate.ts';
import type { SessionCookie } from './session-cookie.ts';

/** Who makes a request: an API key, or an operator with a session. */
export interface Caller {
  accountId: number;
  accountName: string;
  rights: ReadonlySet<Right>;
  actor: Actor;
  /** A key stands as an owner: the account gave it the scope. */
  role: Role;
  /** Whose dialogs it may see, as `VK:213243638`; null: all of the account. */
  groups: readonly string[] | null;
  /** Null for a key. */
  session: SessionCaller | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `requireRight` before the handler runs. */
    caller: Caller | null;
  }
}

export interface Authenticator {
  accounts: Pick<Accounts, 'authenticate' | 'authenticateBasic'>;
  sessions: Pick<Sessions, 'find'>;
  cookie: SessionCookie;
}

// An API key is about 60 characters, a session's token less, an account's name at most 100.
const CREDENTIALS_CHARACTERS_MAX = 1_000;

/**
 * A hook that lets only callers pass who have the right. It runs before the body is read: a stranger can make us read nothing.
 * Throws `login.must.be.not.null`, `code.needed`, `second.factor.needed`, `scope.missing`, `origin.foreign`, and `rate.limit` with
 * the header Retry-After.
 */
export function requireRight(right: Right, { requestRate, ...parts }: Authenticator & { requestRate: RequestRate | null }) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const caller = await authenticate(parts, request);
    if (caller === null) {
      reply.header('WWW-Authenticate', 'Key realm="soroka"');
      throw new AppError(
        'login.must.be.not.null',
        request.headers.authorization === undefined ? 'no Authorization header was given, and no session' : WRONG,
      );
    }
    request.caller = caller;
    if (!caller.rights.has(right)) throw refusalOfRight(right, caller);
    const retryAfterSeconds = requestRate?.take(rateKeyOf(caller)) ?? 0;
    if (retryAfterSeconds > 0) {
      reply.header('Retry-After', String(retryAfterSeconds));
      throw new AppError('rate.limit', `this caller makes too many requests; wait ${retryAfterSeconds} s`);
    }
  };
}
// One sentence for every way of being wrong: it must not tell which names and keys exist.
const WRONG =
  'the key or session is unknown or over, or the header is none of "Key <api key>", "Basic base64(account:api key)", "Bearer <session>"';

function refusalOfRight(right: Right, { session }: Caller): AppError {
  if (session?.lacks === 'code') return new AppError('code.needed', 'this session awaits the code of the second factor');
  if (session?.lacks === 'second factor') return new AppError('second.factor.needed', 'set up a second factor first');
  const { may, scopes, roles } = RIGHTS[right];
  if (session === null) {
    const keys = scopes.map((scope) => `"${scope}"`).join(' or ');
    const whoElse = scopes.length === 0 ? 'the session of an operator, not a key' : `a key with the scope ${keys}`;
    return new AppError('scope.missing', `this needs ${whoElse}`);
  }
  const isLimited = session.groups !== null && roles.some((role) => role === session.role);
  return new AppError(
    'scope.missing',
    isLimited ? `who is limited to groups may not ${may}` : `this needs an operator who is ${roles.join(' or ')}`,
  );
}

const rateKeyOf = ({ actor, session }: Caller): string =>
  session !== null ? `session ${session.sessionId}` : 'id' in actor ? `key ${actor.id}` : actor.kind;

/** Who is calling; only for routes behind `requireRight`. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error('the route was registered without requireRight');
  return request.caller;
}

/** The caller as one who changes operators and settings. */
export function managerOf(request: FastifyRequest): Manager {
  const { actor, role } = callerOf(request);
  return { actor, role };
}

/** The operator who is calling; only for routes that need the right `self`, which no key has. */
export function sessionOf(request: FastifyRequest): SessionCaller {
  const { session } = callerOf(request);
  if (session === null) throw new Error('the route was registered without the right self');
  return session;
}

async function authenticate(parts: Authenticator, request: FastifyRequest): Promise<Caller | null> {
  const { authorization } = request.headers;
  if (authorization !== undefined) return ofHeader(parts, authorization, request.ip);
  const session = await findSession(parts, request);
  if (session === null) return null;
  const isSafe = request.method === 'GET' || request.method === 'HEAD';
  if (!isSafe && !parts.cookie.isOurs(request, 'refused')) {
    throw new AppError('origin.foreign', 'the header Origin is missing, or is not of this server');
  }
  return ofSession(session);
}

/** The session of a request, whatever it may do: by its cookie, or by its token. */
export async function findSession(
  { sessions, cookie }: Omit<Authenticator, 'accounts'>,
  request: FastifyRequest,
): Promise<SessionCaller | null> {
  const [, bearer] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? [];
  const token = bearer ?? cookie.read(request);
  return token === null ? null : sessions.find(token, request.ip);
}

async function ofHeader({ accounts, sessions }: Authenticator, header: string, address: string): Promise<Caller | null> {
  if (header.length > CREDENTIALS_CHARACTERS_MAX) return null;
  const [, scheme = '', credentials = ''] = /^(\S+) +(\S+) *$/.exec(header) ?? [];
  switch (scheme.toLowerCase()) {
    case 'key':
      return ofKey(await accounts.authenticate(credentials));
    case 'bearer':
      return ofSession(await sessions.find(credentials, address));
    case 'basic': {
      const decoded = Buffer.from(credentials, 'base64').toString('utf8');
      const colon = decoded.indexOf(':');
      // PostgreSQL takes no U+0000 in a text, and no account has it in its name.
      if (colon === -1 || decoded.includes('\0')) return null;
      return ofKey(await accounts.authenticateBasic(decoded.slice(0, colon), decoded.slice(colon + 1)));
    }
    default:
      return null;
  }
}

function ofKey(key: KeyCaller | null): Caller | null {
  if (key === null) return null;
  const { accountId, accountName, keyId, scopes } = key;
  const actor = { kind: 'key', id: keyId } as const;
  return { accountId, accountName, rights: rightsOfScopes(scopes), actor, role: 'owner', groups: null, session: null };
}

function ofSession(session: SessionCaller | null): Caller | null {
  if (session === null) return null;
  const { accountId, accountName, rights, role, groups, operatorId } = session;
  return { accountId, accountName, rights, actor: { kind: 'operator', id: String(operatorId) }, role, groups, session };
}
