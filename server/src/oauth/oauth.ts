import {
  type ActionOutcome,
  createOkOAuth,
  createOkRest,
  makeOkAuthorizeUrl,
  type OkMembership,
  readOkRedirect,
  type UserProfile,
} from '@soroka/channels';
import type { Connections, UserTokens } from '../connections/connections.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { isPkceText, isSame, newSecret, verifierFits } from '../platform/one-use-secrets.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Logger } from '../platform/telemetry.ts';
import { createAccess, sessionOf, tokensOf } from './access.ts';
import { visitEnded } from './events.ts';
import { type AccessRequest, createFlows, type Flow } from './flows.ts';
import { beginUpkeep, createUpkeep, type Upkeep } from './upkeep.ts';

export type { AccessRequest } from './flows.ts';

/** What somebody who came back from OK is told. */
export type Return =
  | { kind: 'connected'; connectionId: number; name: string }
  /** `stranger`: no visit of this browser is under way. `detail` is a sentence in English, with OK's own words; no secrets. */
  | { kind: 'stranger' | 'refused' | 'failed' | 'another-person'; detail: string };

/** What a client that started a visit with a challenge is told. */
export type Finish =
  | { kind: 'connected'; connectionId: number }
  | { kind: 'waiting' }
  | { kind: 'refused'; detail: string }
  /** No such ticket, or the verifier is not the one of the challenge. */
  | { kind: 'unknown' };

/**
 * Access to OK in the name of people (OAuth 2, contracts: ok.md 2). Tokens stay on this server: who asks for access gets the
 * id of a connection, and uses it through here.
 */
export interface OAuth extends Upkeep {
  /** Prepares asking a person. The address opens the consent page, for about half an hour. Throws `not.found`, `parameter.invalid`. */
  begin(request: AccessRequest & { accountId: number }): Promise<Invitation>;
  /** Asks the person of a connection again: after a revocation, a changed password, or for other rights. */
  beginAnew(accountId: number, connectionId: number): Promise<Invitation>;
  /**
   * A browser opened the address. `codeChallenge` (S256) is of a client that will ask for the result. Gives the address of
   * the consent page, and the state that the browser has to keep; null for a ticket that opens nothing.
   */
  leave(ticket: string, codeChallenge: string | null): Promise<{ url: string; state: string } | null>;
  /** The browser came back with `url`, fragment included, and the state that it kept. Never throws for what OK or the browser did. */
  comeBack(url: string, keptState: string | null, signal: AbortSignal): Promise<Return>;
  /** The client that started the visit asks for its result, once. */
  finish(ticket: string, codeVerifier: string): Promise<Finish>;

  // What a connection on behalf of a user can do. None of these sends messages: OK has no right for that.
  profile(connectionId: number, signal: AbortSignal): Promise<ActionOutcome<UserProfile>>;
  /** Names and pictures, at most 100. */
  profiles(connectionId: number, userIds: readonly string[], signal: AbortSignal): Promise<ActionOutcome<readonly UserProfile[]>>;
  /** What people, at most 100, are in a group. */
  memberships(
    connectionId: number,
    groupId: string,
    userIds: readonly string[],
    signal: AbortSignal,
  ): Promise<ActionOutcome<readonly { userId: string; membership: OkMembership }[]>>;
}

export interface Invitation {
  /** To be opened by the person, in a browser. */
  url: string;
  /** Must stand in the settings of the application at OK, character by character. */
  redirectUri: string;
  expiresAt: Date;
}

export interface OAuthParts {
  database: Database;
  connections: Pick<Connections, 'keepUser' | 'user' | 'userCredentials' | 'replaceTokens' | 'pause'>;
  secrets: Secrets;
  /** How browsers reach this server. */
  publicUrl: () => string;
  clock: Clock;
  log: Logger;
  timeoutMs: number;
}

const LIFE_MS = 1_800_000;
const BEGIN_AGAIN = 'begin again with the address that was given to you, or ask for a new one';

export function createOAuth(parts: OAuthParts): OAuth {
  const { database, connections, secrets, publicUrl, clock, log, timeoutMs } = parts;
  const flows = createFlows({ database, secrets, now: () => new Date(clock.now()) });
  const access = createAccess({ connections, clock, log, timeoutMs });
  const redirectUri = () => `${publicUrl()}/oauth/ok/callback`;

  const invite = async (accountId: number, renewsId: number | null, request: AccessRequest): Promise<Invitation> => {
    const expiresAt = new Date(clock.now() + LIFE_MS);
    const ticket = await flows.add({ accountId, renewsId, request, expiresAt });
    return { url: `${publicUrl()}/oauth/ok/start?flow=${ticket}`, redirectUri: redirectUri(), expiresAt };
  };

  const connect = async (flow: Flow, tokens: UserTokens, signal: AbortSignal): Promise<Return> => {
    const { accountId, renewsId, application, baseUrl, consentUrl, scopes } = flow;
    const rest = createOkRest({ baseUrl, timeoutMs, ...application });
    const who = await rest.getCurrentUser(sessionOf(tokens), signal).finally(() => rest.close());
    if (who.kind !== 'done') return { kind: 'failed', detail: `OK gave a token, but not whose it is: ${who.detail}` };
    const { userId, name } = who.result;
    const before = renewsId === null ? null : await connections.user(renewsId);
    if (before !== null && before.userId !== userId) {
      const detail = `connection ${before.id} belongs to another person of OK: sign in there as that person, then ${BEGIN_AGAIN}`;
      return { kind: 'another-person', detail };
    }
    const credentials = { ...application, ...tokens };
    const kept = await connections.keepUser({ accountId, userId, baseUrl, consentUrl, scopes, credentials });
    await beginUpkeep(database, kept, clock.now());
    return { kind: 'connected', connectionId: kept.id, name };
  };

  const settle = async (flow: Flow, redirect: ReturnType<typeof readOkRedirect>, signal: AbortSignal): Promise<Return> => {
    const { application, baseUrl } = flow;
    switch (redirect.kind) {
      case 'empty':
        return { kind: 'failed', detail: 'OK sent neither a code nor an error' };
      case 'refused': {
        const said = redirect.description === null ? redirect.error : `${redirect.error}: ${redirect.description}`;
        return { kind: 'refused', detail: `OK says ${said}` };
      }
      case 'token': {
        const { accessToken, sessionSecretKey: sessionSecret, expiresInSeconds } = redirect;
        const tokens = tokensOf({ accessToken, refreshToken: null, expiresInSeconds }, clock.now());
        return connect(flow, { ...tokens, sessionSecret }, signal);
      }
      case 'code': {
        const oauth = createOkOAuth({ baseUrl, timeoutMs, ...application });
        const given = { code: redirect.code, redirectUri: redirectUri() };
        const outcome = await oauth.exchangeCode(given, signal).finally(() => oauth.close());
        if (outcome.kind !== 'granted') return { kind: 'failed', detail: outcome.detail };
        return connect(flow, tokensOf(outcome.tokens, clock.now()), signal);
      }
    }
  };

  return {
    ...createUpkeep({ database, access, clock, log }),
    async begin({ accountId, ...request }) {
      checkRequest(request);
      return invite(accountId, null, request);
    },
    async beginAnew(accountId, connectionId) {
      const connection = await connections.user(connectionId);
      if (connection === null || connection.accountId !== accountId)
        throw new AppError('not.found', `there is no connection ${connectionId} on behalf of a user`);
      const { baseUrl, consentUrl, scopes } = connection;
      const { applicationId, applicationKey, applicationSecret } = await connections.userCredentials(connectionId);
      const application = { applicationId, applicationKey, applicationSecret };
      return invite(accountId, connectionId, { application, baseUrl, consentUrl, scopes, layout: 'w' });
    },
    async leave(ticket, codeChallenge) {
      const flow = await flows.byTicket(ticket);
      if (flow === null || flow.connectionId !== null) return null;
      if (codeChallenge !== null && !isPkceText(codeChallenge)) {
        const problem = 'code_challenge must be the S256 challenge of RFC 7636: 43 letters, digits, "-" and "_"';
        throw new AppError('parameter.invalid', problem, { field: 'code_challenge' });
      }
      const state = newSecret();
      await flows.leave(flow.id, { state, codeChallenge });
      const { application, consentUrl, scopes, layout } = flow;
      const { applicationId } = application;
      const url = makeOkAuthorizeUrl({
        baseUrl: consentUrl,
        applicationId,
        redirectUri: redirectUri(),
        scopes,
        layout,
        state,
      });
      return { url, state };
    },
    async comeBack(url, keptState, signal) {
      const redirect = readOkRedirect(url);
      const state = redirect.kind === 'empty' ? null : redirect.state;
      // The state shows that the answer is to a question of ours, the kept one that this browser was asked.
      const isOurs = state !== null && keptState !== null && isSame(state, keptState);
      const flow = isOurs ? await flows.comeBack(state) : null;
      if (flow === null) {
        visitEnded(log, { result: 'stranger' });
        return { kind: 'stranger', detail: `no visit of this browser is under way: ${BEGIN_AGAIN}` };
      }
      const result = await settle(flow, redirect, signal);
      const isConnected = result.kind === 'connected';
      await flows.end(flow.id, isConnected ? { connectionId: result.connectionId } : { problem: result.detail });
      const { accountId } = flow;
      visitEnded(log, { result: result.kind, accountId, ...(isConnected && { connectionId: result.connectionId }) });
      return result;
    },
    async finish(ticket, codeVerifier) {
      const flow = await flows.byTicket(ticket);
      if (flow === null || flow.codeChallenge === null || !verifierFits(codeVerifier, flow.codeChallenge)) {
        return { kind: 'unknown' };
      }
      if (flow.problem !== null) return { kind: 'refused', detail: flow.problem };
      if (flow.connectionId === null) return { kind: 'waiting' };
      await flows.remove(flow.id);
      return { kind: 'connected', connectionId: flow.connectionId };
    },
    profile: (id, signal) => access.use(id, (rest, session, one) => rest.getCurrentUser(session, one), signal),
    profiles: (id, userIds, signal) => access.use(id, (rest, session, one) => rest.getUsers(userIds, one, session), signal),
    memberships: (id, groupId, userIds, signal) =>
      access.use(id, (rest, _, one) => rest.getMemberships(groupId, userIds, one), signal),
  };
}

function checkRequest({ application, baseUrl, consentUrl, scopes }: AccessRequest): void {
  const refuse = (field: string, problem: string): never => {
    throw new AppError('parameter.invalid', problem, { field });
  };
  if (!/^\d{1,20}$/.test(application.applicationId)) refuse('applicationId', "the application's id must be digits");
  for (const field of ['applicationKey', 'applicationSecret'] as const) {
    if (!/^[\x21-\x7e]{1,200}$/.test(application[field]))
      refuse(field, `${field} must be printable ASCII without spaces, and not empty`);
  }
  for (const [field, address] of Object.entries({ baseUrl, consentUrl })) {
    if (!['http:', 'https:'].includes(URL.parse(address)?.protocol ?? '')) refuse(field, `${field} must be an http or https URL`);
  }
  const wrong = scopes.find((scope) => !/^[A-Z_]{1,50}$/.test(scope));
  if (wrong !== undefined || scopes.length === 0)
    refuse('scopes', `scopes are names such as VALUABLE_ACCESS${wrong === undefined ? '' : `, not "${wrong}"`}`);
}
