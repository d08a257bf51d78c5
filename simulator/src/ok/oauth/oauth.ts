import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { languageOf } from '../../consent/consent.ts';
import { parametersOf } from '../../form/form.ts';
import { OK_APPLICATION, readScopes } from '../application.ts';
import type { OkNetwork } from '../ok-network.ts';
import { consentErrorPage, consentPage } from './consent-page.ts';
import { answerToken } from './token.ts';

const LAYOUTS = ['w', 'm', 'a'] as const;
/** Who is logged in to OK in this browser: the person of the last consent. */
const COOKIE = 'ok_simulator_person';

type Parameters = Readonly<Record<string, string>>;

/** `oauth/authorize` with its consent page, and `oauth/token.do`. Source: contracts/ok.md 2. */
export function addOAuth(scope: FastifyInstance, network: OkNetwork): void {
  scope.get('/oauth/authorize', (request, reply) => {
    const given = note(request, 'oauth/authorize');
    const problem = problemOf(given, network);
    if (problem !== null) return sendPage(reply.code(400), consentErrorPage(problem));
    // What the person has granted already is not asked for again (contracts/ok.md 2.1).
    const person = network.world.people.byPhone(cookieOf(request));
    if (person !== null && network.sessions.hasConsented(person, readScopes(given['scope']))) {
      return reply.redirect(decide({ ...given, person: person.phone, decision: 'allow' }, network));
    }
    const layout = LAYOUTS.find((known) => known === given['layout']) ?? 'w';
    const people = network.world.people.known().filter((person) => person.okId !== null);
    const language = languageOf(request.headers['accept-language']);
    const page = {
      language,
      layout,
      application: OK_APPLICATION.name,
      scopes: readScopes(given['scope']),
      people,
      request: given,
    };
    return sendPage(reply, consentPage(page));
  });
  scope.post('/oauth/authorize', (request, reply) => {
    const given = note(request, 'oauth/authorize');
    const problem = problemOf(given, network);
    if (problem !== null) return sendPage(reply.code(400), consentErrorPage(problem));
    const phone = given['person'] ?? '';
    if (/^\d+$/.test(phone)) void reply.header('set-cookie', `${COOKIE}=${phone}; Path=/ok/oauth; HttpOnly; SameSite=Lax`);
    return reply.redirect(decide(given, network));
  });
  scope.post('/oauth/token.do', (request, reply) => answerToken(note(request, 'oauth/token.do'), reply, network));
}

function note(request: FastifyRequest, method: string): Parameters {
  const given = parametersOf(request);
  Object.assign(request.networkCall.entry, { method, request: given });
  return given;
}

function cookieOf(request: FastifyRequest): string {
  return new RegExp(`(?:^|;\\s*)${COOKIE}=(\\d+)`).exec(request.headers.cookie ?? '')?.[1] ?? '';
}

function sendPage(reply: FastifyReply, html: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(html);
}

/** What makes a request one that OK would not even ask the person about, or null. */
function problemOf(given: Parameters, { redirectUris }: OkNetwork): string | null {
  if (given['client_id'] !== OK_APPLICATION.id) return 'client_id: there is no such application';
  const withoutQuery = (given['redirect_uri'] ?? '').split('?')[0];
  if (withoutQuery === undefined || !redirectUris.has(withoutQuery)) {
    return `redirect_uri: must be one of the registered addresses: ${[...redirectUris].join(', ')}`;
  }
  const type = given['response_type'];
  return type === 'code' || type === 'token' ? null : 'response_type: must be code or token';
}

/** Where the person's browser goes after the decision. */
function decide(given: Parameters, { sessions, world, settings }: OkNetwork): string {
  const state: Record<string, string> = given['state'] === undefined ? {} : { state: given['state'] };
  const person = world.people.byPhone(given['person'] ?? '');
  const target = given['redirect_uri'] ?? '';
  const isClientFlow = given['response_type'] === 'token';
  if (given['decision'] !== 'allow' || person?.okId == null) {
    const refusal = { error: 'access_denied', error_description: 'The user has refused', ...state };
    const isInFragment = isClientFlow || settings.values.oauthErrorsIn === 'fragment';
    return isInFragment ? `${target}#${new URLSearchParams(refusal)}` : withQuery(target, refusal);
  }
  const scopes = readScopes(given['scope']);
  if (!isClientFlow) return withQuery(target, { code: sessions.consent(person, { scopes, redirectUri: target }), ...state });
  const { session, expiresInSeconds } = sessions.grant(person, scopes);
  const fragment = new URLSearchParams({
    access_token: session.accessToken,
    session_secret_key: session.sessionSecretKey,
    expires_in: String(expiresInSeconds),
    ...state,
  });
  return `${target}#${fragment}`;
}

function withQuery(url: string, parameters: Record<string, string>): string {
  return `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams(parameters)}`;
}
