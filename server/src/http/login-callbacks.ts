import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { NETWORKS, type Network, type NetworkLogin, type NetworkReturn } from '../operators/operators.ts';
import { FRAGMENT_PAGE_POLICY, renderFragmentPage } from './pages/oauth-pages.ts';
import { chooseLanguage } from './pages/page.ts';
import { invalid } from './query.ts';
import { cookieOf, type SessionCookie } from './session-cookie.ts';

export interface LoginCallbacksParts {
  networkLogin: Pick<NetworkLogin, 'comeBack'>;
  cookie: SessionCookie;
  /** How browsers reach this server. */
  publicUrl: () => string;
}

const VISIT_LIFE_SECONDS = 900;
const CALLS_TIMEOUT_MS = 20_000;
const BODY_BYTES_MAX = 16_384;
const cookieName = (network: Network): string => `soroka_login_${network}`;

/** The browser keeps the state, so that only it can bring the network's answer. */
export function setVisitCookie(reply: FastifyReply, visit: { network: Network; state: string; publicUrl: string }): void {
  void reply.header('Set-Cookie', visitCookie(visit.network, visit.state, VISIT_LIFE_SECONDS, visit.publicUrl));
}

function visitCookie(network: Network, state: string, lifeSeconds: number, publicUrl: string): string {
  const { protocol, pathname } = new URL(publicUrl);
  const path = `${pathname.replace(/\/$/, '')}/v1/login/${network}/callback`;
  // Lax: the network sends the browser back from its own address, and that visit has to bring it.
  return `${cookieName(network)}=${state}; Path=${path}; Max-Age=${lifeSeconds}; HttpOnly; SameSite=Lax${protocol === 'https:' ? '; Secure' : ''}`;
}

/** The network of a path. Throws `parameter.invalid`. */
export function readNetwork(request: FastifyRequest): Network {
  const given = (request.params as { network: string }).network;
  const network = NETWORKS.find((known) => known === given);
  if (network === undefined) throw invalid('network', `must be ${NETWORKS.join(' or ')}`);
  return network;
}

/**
 * Where VK ID and OK send browsers back to: not for programs, and so no operations of the API. What OK writes into a fragment is
 * posted back by a page, as for the access on behalf of a user.
 */
export function registerLoginCallbacks(app: FastifyInstance, { networkLogin, cookie, publicUrl }: LoginCallbacksParts): void {
  const comeBack = async (request: FastifyRequest, reply: FastifyReply, tail: string): Promise<FastifyReply> => {
    const network = readNetwork(request);
    const place = { kind: 'web', device: request.headers['user-agent'] ?? null, address: request.ip } as const;
    const url = `${publicUrl()}/v1/login/${network}/callback${tail}`;
    const state = cookieOf(request, cookieName(network));
    const result = await networkLogin.comeBack(network, url, state, place, AbortSignal.timeout(CALLS_TIMEOUT_MS));
    if (result.kind === 'opened') cookie.set(reply, result.session.token, result.session.expiresAt);
    reply.header('Set-Cookie', visitCookie(network, '', 0, publicUrl()));
    return reply.redirect(`${new URL(publicUrl()).pathname.replace(/\/$/, '')}${result.returnTo}${hashOf(result)}`, 303);
  };

  app.register(async (routes) => {
    routes.removeAllContentTypeParsers();
    routes.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: BODY_BYTES_MAX },
      (_request, body, done) => done(null, body),
    );
    routes.get('/v1/login/:network/callback', async (request, reply) => {
      readNetwork(request);
      const { search } = new URL(request.url, 'http://here');
      if (/[?&](?:code|error)=/.test(search)) return comeBack(request, reply, search);
      const language = chooseLanguage(undefined, request.headers['accept-language']);
      return reply
        .type('text/html; charset=utf-8')
        .header('Vary', 'Accept-Language')
        .header('Content-Security-Policy', FRAGMENT_PAGE_POLICY)
        .send(renderFragmentPage(language));
    });
    routes.post('/v1/login/:network/callback', (request, reply) => {
      const fragment = new URLSearchParams(typeof request.body === 'string' ? request.body : '').get('fragment') ?? '';
      return comeBack(request, reply, `#${fragment}`);
    });
  });
}

/** What the page is told, where no server and no log sees it. */
function hashOf(result: NetworkReturn): string {
  if (result.kind !== 'opened') return `#login=${result.kind}`;
  return result.session.awaitsCode ? '#login=code' : '';
}
