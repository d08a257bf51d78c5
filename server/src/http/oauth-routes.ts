import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { OAuth } from '../oauth/oauth.ts';
import { AppError } from '../platform/errors.ts';
import { FRAGMENT_PAGE_POLICY, type Outcome, renderFragmentPage, renderOutcomePage } from './pages/oauth-pages.ts';
import { chooseLanguage, PAGE_POLICY } from './pages/page.ts';
import { cookieOf } from './session-cookie.ts';

export interface OAuthRoutesParts {
  oauth: Pick<OAuth, 'leave' | 'comeBack' | 'finish'>;
  /** How browsers reach this server. */
  publicUrl: () => string;
}

const COOKIE = 'soroka_ok_state';
const STATE_LIFE_SECONDS = 1_800;
const BODY_BYTES_MAX = 16_384;
const CALLS_TIMEOUT_MS = 20_000;
const STATUS: Readonly<Record<Outcome['kind'], number>> = {
  connected: 200,
  'unknown-ticket': 404,
  stranger: 403,
  refused: 200, // the person's right
  failed: 502,
  'another-person': 409,
};

/**
 * Routes for browsers that ask a person for access to OK, and for the client that waits for the result. No token is in any
 * address or answer of theirs: what OK writes into a fragment is posted back by a page, and what comes out is the id of a
 * connection. Source: contracts/ok.md 2; PKCE: RFC 7636.
 */
export function registerOAuth(app: FastifyInstance, { oauth, publicUrl }: OAuthRoutesParts): void {
  const path = () => `${new URL(publicUrl()).pathname.replace(/\/$/, '')}/oauth/ok`;
  const cookie = (state: string, lifeSeconds: number) => {
    const secure = publicUrl().startsWith('https:') ? '; Secure' : '';
    // Lax: OK sends the browser back from its own address, and that visit has to bring it.
    return `${COOKIE}=${state}; Path=${path()}; Max-Age=${lifeSeconds}; HttpOnly; SameSite=Lax${secure}`;
  };

  const comeBack = async (request: FastifyRequest, reply: FastifyReply, url: string) => {
    const state = cookieOf(request, COOKIE);
    const outcome = await oauth.comeBack(url, state, AbortSignal.timeout(CALLS_TIMEOUT_MS));
    reply.header('Set-Cookie', cookie('', 0));
    return sendOutcome(request, reply, outcome);
  };

  app.register(async (routes) => {
    routes.removeAllContentTypeParsers();
    const asText = { parseAs: 'string', bodyLimit: BODY_BYTES_MAX } as const;
    routes.addContentTypeParser('application/x-www-form-urlencoded', asText, (_request, body, done) => done(null, body));
    routes.addContentTypeParser('application/json', asText, (_request, body, done) => done(null, body));

    routes.get('/oauth/ok/start', async (request, reply) => {
      const { flow, code_challenge: challenge, code_challenge_method: method } = request.query as Record<string, unknown>;
      if (challenge !== undefined && method !== 'S256') {
        throw new AppError('parameter.invalid', 'code_challenge_method must be S256', { field: 'code_challenge_method' });
      }
      const visit = typeof flow === 'string' ? await oauth.leave(flow, challenge === undefined ? null : String(challenge)) : null;
      if (visit === null) return sendOutcome(request, reply, { kind: 'unknown-ticket' });
      return reply.header('Set-Cookie', cookie(visit.state, STATE_LIFE_SECONDS)).redirect(visit.url, 303);
    });
    routes.get('/oauth/ok/callback', async (request, reply) => {
      const { search } = new URL(request.url, 'http://here');
      const isInQuery = /[?&](?:code|error)=/.test(search);
      if (isInQuery) return comeBack(request, reply, `${publicUrl()}/oauth/ok/callback${search}`);
      const language = chooseLanguage(undefined, request.headers['accept-language']);
      return sendHtml(reply, renderFragmentPage(language)).header('Content-Security-Policy', FRAGMENT_PAGE_POLICY);
    });
    routes.post('/oauth/ok/callback', async (request, reply) => {
      const fragment = new URLSearchParams(textOf(request)).get('fragment') ?? '';
      return comeBack(request, reply, `${publicUrl()}/oauth/ok/callback#${fragment}`);
    });
    routes.post('/oauth/ok/finish', async (request, reply) => {
      const { flow, code_verifier: verifier } = jsonOf(request);
      if (typeof flow !== 'string' || typeof verifier !== 'string') {
        throw new AppError('parameter.invalid', 'flow and code_verifier must be texts', { field: 'code_verifier' });
      }
      const { kind, ...rest } = await oauth.finish(flow, verifier);
      if (kind === 'unknown')
        throw new AppError('not.found', 'there is no such flow, or the verifier is not the one of its challenge');
      return reply.send({ status: kind, ...rest });
    });
  });
}

function sendOutcome(request: FastifyRequest, reply: FastifyReply, outcome: Outcome): FastifyReply {
  const language = chooseLanguage(undefined, request.headers['accept-language']);
  return sendHtml(reply.code(STATUS[outcome.kind]), renderOutcomePage(language, outcome)).header(
    'Content-Security-Policy',
    PAGE_POLICY,
  );
}

function sendHtml(reply: FastifyReply, html: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').header('Vary', 'Accept-Language').send(html);
}

function textOf(request: FastifyRequest): string {
  return typeof request.body === 'string' ? request.body : '';
}

function jsonOf(request: FastifyRequest): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(textOf(request));
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    throw new AppError('invalid.json', 'the body must be a JSON object with flow and code_verifier');
  }
}
