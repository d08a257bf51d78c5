import {
  createOkOAuth,
  createOkRest,
  createVkId,
  makeOkAuthorizeUrl,
  makeVkIdAuthorizeUrl,
  readOkRedirect,
  readVkIdRedirect,
} from '@soroka/channels';
import { sha256 } from '../platform/one-use-secrets.ts';

export const NETWORKS = ['vk', 'ok'] as const;
export type Network = (typeof NETWORKS)[number];

/** The applications in whose names people are asked who they are; a network without one is not offered. */
export interface LoginApplications {
  /** `url`: root of VK ID, `https://id.vk.ru`. It has no secret: PKCE stands for it. */
  vk?: { applicationId: string; url: string };
  /** `url`: root of the consent page, `https://connect.ok.ru`; `apiUrl`: of the API, `https://api.ok.ru`. */
  ok?: { applicationId: string; applicationKey: string; applicationSecret: string; url: string; apiUrl: string };
}

/** Who came back from a network. No code or token is in `detail`. */
export type Identified = { kind: 'person'; userId: string } | { kind: 'refused' | 'failed'; detail: string };

/** One network as far as it says who somebody is. */
export interface IdentityProvider {
  authorizeUrl(visit: { state: string; codeVerifier: string; redirectUri: string }): string;
  /** What the browser brought: the state in it, whatever else is wrong. */
  stateOf(url: string): string | null;
  /** Never throws for what the network or the browser did. */
  identify(url: string, visit: { codeVerifier: string; redirectUri: string }, signal: AbortSignal): Promise<Identified>;
}

export function createIdentityProviders(
  applications: LoginApplications,
  timeoutMs: number,
): ReadonlyMap<Network, IdentityProvider> {
  const { vk, ok } = applications;
  return new Map<Network, IdentityProvider>([
    ...(vk === undefined ? [] : ([['vk', vkProvider(vk, timeoutMs)]] as const)),
    ...(ok === undefined ? [] : ([['ok', okProvider(ok, timeoutMs)]] as const)),
  ]);
}

function vkProvider({ applicationId, url: baseUrl }: NonNullable<LoginApplications['vk']>, timeoutMs: number): IdentityProvider {
  return {
    authorizeUrl: ({ state, codeVerifier, redirectUri }) =>
      makeVkIdAuthorizeUrl({ baseUrl, applicationId, redirectUri, state, codeChallenge: challengeOf(codeVerifier) }),
    stateOf(url) {
      const redirect = readVkIdRedirect(url);
      return redirect.kind === 'empty' ? null : redirect.state;
    },
    async identify(url, { codeVerifier, redirectUri }, signal) {
      const redirect = readVkIdRedirect(url);
      if (redirect.kind === 'refused') return { kind: 'refused', detail: `VK ID says ${redirect.error}` };
      if (redirect.kind === 'empty') return { kind: 'failed', detail: 'VK ID sent neither a code nor an error' };
      const { code, deviceId, state } = redirect;
      const vkId = createVkId({ baseUrl, applicationId, timeoutMs });
      return vkId.identify({ code, deviceId, codeVerifier, redirectUri, state: state ?? '' }, signal).finally(() => vkId.close());
    },
  };
}

/** OK knows no PKCE (contracts/ok.md 2.1): the application's secret, which never leaves this server, and the state stand for it. */
function okProvider({ url, apiUrl, ...application }: NonNullable<LoginApplications['ok']>, timeoutMs: number): IdentityProvider {
  const { applicationId } = application;
  return {
    // The least right with which OK says who somebody is (contracts/ok.md 2.3).
    authorizeUrl: ({ state, redirectUri }) =>
      makeOkAuthorizeUrl({ baseUrl: url, applicationId, redirectUri, scopes: ['VALUABLE_ACCESS'], state }),
    stateOf(came) {
      const redirect = readOkRedirect(came);
      return redirect.kind === 'empty' ? null : redirect.state;
    },
    async identify(came, { redirectUri }, signal) {
      const redirect = readOkRedirect(came);
      if (redirect.kind === 'refused') return { kind: 'refused', detail: `OK says ${redirect.error}` };
      if (redirect.kind !== 'code') return { kind: 'failed', detail: 'OK sent neither a code nor an error' };
      const oauth = createOkOAuth({ baseUrl: apiUrl, timeoutMs, ...application });
      const given = { code: redirect.code, redirectUri };
      const outcome = await oauth.exchangeCode(given, signal).finally(() => oauth.close());
      if (outcome.kind !== 'granted') return { kind: outcome.kind, detail: outcome.detail };
      const rest = createOkRest({ baseUrl: apiUrl, timeoutMs, ...application });
      const who = await rest.getCurrentUser({ accessToken: outcome.tokens.accessToken }, signal).finally(() => rest.close());
      return who.kind === 'done' ? { kind: 'person', userId: who.result.userId } : { kind: 'failed', detail: who.detail };
    },
  };
}

/** RFC 7636, method S256. */
const challengeOf = (verifier: string): string => sha256(verifier).toString('base64url');
