import { type ActionOutcome, createOkOAuth, createOkRest, type OkRest, type OkTokens } from '@soroka/channels';
import type { Connections, UserConnection, UserCredentials, UserTokens } from '../connections/connections.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/telemetry.ts';
import { accessLost, tokenRefreshed } from './events.ts';

export interface Session {
  accessToken: string;
  sessionSecret?: string;
}
/** A call in the name of the person. */
export type Work<Result> = (rest: OkRest, session: Session, signal: AbortSignal) => Promise<ActionOutcome<Result>>;

/** Makes calls in the name of people with tokens that live. */
export interface Access {
  /**
   * Refreshes the token shortly before its end and, once, when OK says that it is over (102, 103); where it cannot be
   * refreshed the connection is paused with the reason. `stopped` then, and for a paused connection. Throws `not.found`.
   */
  use<Result>(connectionId: number, work: Work<Result>, signal: AbortSignal): Promise<ActionOutcome<Result>>;
  /** Gives a long token (LONG_ACCESS_TOKEN) its 30 days again. As `use`. */
  touch(connectionId: number, signal: AbortSignal): Promise<ActionOutcome>;
}

export interface AccessParts {
  connections: Pick<Connections, 'user' | 'userCredentials' | 'replaceTokens' | 'pause'>;
  clock: Clock;
  log: Logger;
  /** How long OK may take to answer one call. */
  timeoutMs: number;
}

// [?] An ordinary token lives 30 minutes by common word (contracts: ok.md 2.2); `expires_in` is believed. A call must not meet its
// end on the way.
const REFRESH_BEFORE_MS = 120_000;
// From the call of auth.touchSession on (contracts: ok.md 2.2).
const LONG_LIFE_MS = 30 * 86_400_000;
// PARAM_SESSION_EXPIRED and PARAM_SESSION_KEY.
const SESSION_IS_OVER: readonly string[] = ['102', '103'];

type Refreshed = { kind: 'refreshed'; credentials: UserCredentials } | Exclude<ActionOutcome<never>, { kind: 'done' }>;

export function createAccess({ connections, clock, log, timeoutMs }: AccessParts): Access {
  // Everybody who needs the same new token waits for the same call.
  const refreshing = new Map<number, Promise<Refreshed>>();

  const refresh = (connection: UserConnection, old: UserCredentials, signal: AbortSignal): Promise<Refreshed> => {
    const { id } = connection;
    const underWay = refreshing.get(id);
    if (underWay !== undefined) return underWay;
    const begun = refreshOnce(connection, old, signal).finally(() => refreshing.delete(id));
    refreshing.set(id, begun);
    return begun;
  };

  const refreshOnce = async ({ id, baseUrl }: UserConnection, old: UserCredentials, signal: AbortSignal): Promise<Refreshed> => {
    const now = await connections.userCredentials(id);
    // Another call, or another process, was quicker.
    if (now.accessToken !== old.accessToken) return { kind: 'refreshed', credentials: now };
    if (now.refreshToken === null) return lose(id, '102', 'the access is over, and OK gave no token to renew it with');
    const oauth = createOkOAuth({ baseUrl, timeoutMs, ...now });
    try {
      const outcome = await oauth.refresh(now.refreshToken, signal);
      tokenRefreshed({ result: outcome.kind });
      if (outcome.kind === 'refused') return lose(id, outcome.error, outcome.detail);
      if (outcome.kind === 'failed')
        return { kind: 'failed', networkCode: 'unanswered', retryAfterMs: 1_000, detail: outcome.detail };
      await connections.replaceTokens(id, now, tokensOf(outcome.tokens, clock.now()));
      return { kind: 'refreshed', credentials: await connections.userCredentials(id) };
    } finally {
      await oauth.close();
    }
  };

  const lose = async (connectionId: number, networkCode: string, detail: string): Promise<Refreshed> => {
    const reason = `${detail}; ask the person again with "soroka connection authorize ${connectionId}"`;
    await connections.pause(connectionId, reason);
    accessLost(log, { connectionId, networkCode });
    return { kind: 'stopped', networkCode, detail: reason };
  };

  const use: Access['use'] = async (connectionId, work, signal) => {
    const connection = await connections.user(connectionId);
    let credentials = await connections.userCredentials(connectionId); // throws where there is none
    const paused = connection?.pausedReason ?? null;
    if (connection === null || paused !== null) return { kind: 'stopped', networkCode: 'paused', detail: paused ?? '' };
    const rest = createOkRest({ baseUrl: connection.baseUrl, timeoutMs, ...credentials });
    try {
      const isNearEnd = credentials.expiresAt !== null && credentials.expiresAt - clock.now() < REFRESH_BEFORE_MS;
      if (isNearEnd && credentials.refreshToken !== null) {
        const refreshed = await refresh(connection, credentials, signal);
        if (refreshed.kind !== 'refreshed') return refreshed;
        credentials = refreshed.credentials;
      }
      const outcome = await work(rest, sessionOf(credentials), signal);
      if (outcome.kind !== 'stopped' || !SESSION_IS_OVER.includes(outcome.networkCode)) return outcome;
      const refreshed = await refresh(connection, credentials, signal);
      return refreshed.kind === 'refreshed' ? await work(rest, sessionOf(refreshed.credentials), signal) : refreshed;
    } finally {
      await rest.close();
    }
  };

  return {
    use,
    async touch(connectionId, signal) {
      const outcome = await use(connectionId, (rest, session, one) => rest.touchSession(session, one), signal);
      if (outcome.kind !== 'done') return outcome;
      const tokens = await connections.userCredentials(connectionId);
      await connections.replaceTokens(connectionId, tokens, { ...tokens, expiresAt: clock.now() + LONG_LIFE_MS });
      return outcome;
    },
  };
}

/** As they are kept. `now` in milliseconds. */
export function tokensOf({ accessToken, refreshToken, expiresInSeconds }: OkTokens, now: number): UserTokens {
  const expiresAt = expiresInSeconds === null ? null : now + expiresInSeconds * 1_000;
  return { accessToken, refreshToken, sessionSecret: null, expiresAt };
}

export function sessionOf({ accessToken, sessionSecret }: Pick<UserTokens, 'accessToken' | 'sessionSecret'>): Session {
  return { accessToken, ...(sessionSecret !== null && { sessionSecret }) };
}
