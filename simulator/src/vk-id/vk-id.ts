import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acceptForms, parametersOf } from '../form/form.ts';
import { watchCalls } from '../wire/wire.ts';
import type { Person, World } from '../world/world.ts';
import { vkIdPage } from './consent-page.ts';

/** The application of VK ID of the demo world. It has no secret: PKCE stands for it. */
export const VK_ID_APPLICATION = {
  id: '51000001',
  name: 'Пиццерия «Сорока»',
  /** Trusted whatever port of this machine it is at: tests begin servers on free ones. */
  redirectPath: '/v1/login/vk/callback',
} as const;

type Parameters = Readonly<Record<string, string>>;

interface Consent {
  person: Person;
  deviceId: string;
  challenge: string;
  redirectUri: string;
  /** Wall time, ms. */
  expiresAt: number;
}

// [?] VK ID's documents do not say how long a code lives; ten minutes is the most that RFC 6749 (4.1.2) allows.
const CODE_LIFE_MS = 600_000;
const TOKEN_SECONDS = 3_600;
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;

/**
 * VK ID as a server sees it that lets people log in, under `/vk-id`: `/authorize` with its page, and `/oauth2/auth`, which takes
 * a code for tokens. Source: contracts/vk.md 4; id.vk.ru/about/business/go/docs, "Справочник методов".
 */
export async function registerVkId(app: FastifyInstance, world: World): Promise<void> {
  const consents = new Map<string, Consent>();
  world.on('reset', () => consents.clear());
  let issued = 0;

  const comeBack = (given: Parameters): string => {
    const state: Record<string, string> = given['state'] === undefined ? {} : { state: given['state'] };
    const target = given['redirect_uri'] ?? '';
    const person = world.people.byPhone(given['person'] ?? '');
    if (given['decision'] !== 'allow' || person?.vkId == null) return withQuery(target, { error: 'access_denied', ...state });
    issued += 1;
    const [code, deviceId] = [`vk2.a.code-${issued}`, `device-${issued}`];
    const challenge = given['code_challenge'] ?? '';
    consents.set(code, { person, deviceId, challenge, redirectUri: target, expiresAt: world.clock.now() + CODE_LIFE_MS });
    return withQuery(target, { code, device_id: deviceId, expires_in: String(CODE_LIFE_MS / 1_000), type: 'code_v2', ...state });
  };

  const exchange = (given: Parameters, reply: FastifyReply): FastifyReply => {
    const refuse = (error: string, description: string) =>
      sendJson(reply.code(400), { error, error_description: description, state: given['state'] ?? '' });
    if (given['client_id'] !== VK_ID_APPLICATION.id) return refuse('invalid_client', 'client_id is unknown');
    if (given['grant_type'] !== 'authorization_code') return refuse('invalid_request', 'grant_type must be authorization_code');
    const consent = consents.get(given['code'] ?? '');
    // One try: a code that somebody else has seen must not be tried again with other verifiers.
    consents.delete(given['code'] ?? '');
    if (consent === undefined || consent.expiresAt <= world.clock.now())
      return refuse('invalid_grant', 'code is invalid or expired');
    if (consent.deviceId !== given['device_id']) return refuse('invalid_request', 'device_id is invalid');
    if (consent.redirectUri !== given['redirect_uri'])
      return refuse('invalid_grant', 'redirect_uri is another than that of the code');
    const verifier = given['code_verifier'] ?? '';
    const made = createHash('sha256').update(verifier, 'utf8').digest('base64url');
    if (!VERIFIER.test(verifier) || made !== consent.challenge) return refuse('invalid_grant', 'code_verifier is invalid');
    const { vkId } = consent.person;
    return sendJson(reply, {
      refresh_token: `vk2.a.refresh-${vkId}-${issued}`,
      access_token: `vk2.a.access-${vkId}-${issued}`,
      token_type: 'Bearer',
      expires_in: TOKEN_SECONDS,
      user_id: vkId,
      state: given['state'] ?? '',
      scope: 'vkid.personal_info',
    });
  };

  await app.register(
    async (scope) => {
      acceptForms(scope);
      watchCalls(scope, world, 'vk');
      scope.get('/authorize', (request, reply) => {
        const given = note(request, 'vk-id/authorize');
        const problem = problemOf(given);
        if (problem !== null)
          return sendHtml(reply.code(400), `<!doctype html><html lang="en"><title>Error</title><p>${problem}</p></html>`);
        const people = world.people.known().filter(({ vkId }) => vkId !== null);
        const acceptLanguage = request.headers['accept-language'];
        return sendHtml(reply, vkIdPage({ acceptLanguage, application: VK_ID_APPLICATION.name, people, request: given }));
      });
      scope.post('/authorize', (request, reply) => {
        const given = note(request, 'vk-id/authorize');
        const problem = problemOf(given);
        return problem === null ? reply.redirect(comeBack(given)) : sendHtml(reply.code(400), problem);
      });
      scope.post('/oauth2/auth', (request, reply) => exchange(note(request, 'vk-id/oauth2/auth'), reply));
    },
    { prefix: '/vk-id' },
  );
}

/** What makes a request one that VK ID would not even ask the person about, or null. */
function problemOf(given: Parameters): string | null {
  if (given['client_id'] !== VK_ID_APPLICATION.id) return 'client_id: there is no such application';
  const { origin, hostname } = URL.parse(given['redirect_uri'] ?? '') ?? { origin: '', hostname: '' };
  const isTrusted =
    ['localhost', '127.0.0.1'].includes(hostname) && given['redirect_uri'] === origin + VK_ID_APPLICATION.redirectPath;
  if (!isTrusted) return `redirect_uri: must be ${VK_ID_APPLICATION.redirectPath} at localhost or 127.0.0.1`;
  if (given['response_type'] !== 'code') return 'response_type: must be code';
  // [?] The table of the documents says s256, their examples S256: both are taken.
  if (given['code_challenge_method']?.toUpperCase() !== 'S256') return 'code_challenge_method: must be S256';
  return /^[\w-]{43}$/.test(given['code_challenge'] ?? '') ? null : 'code_challenge: must be the base64url of a SHA-256';
}

function note(request: FastifyRequest, method: string): Parameters {
  const given = parametersOf(request);
  Object.assign(request.networkCall.entry, { method, request: given });
  return given;
}

const withQuery = (url: string, parameters: Record<string, string>): string => `${url}?${new URLSearchParams(parameters)}`;

function sendHtml(reply: FastifyReply, html: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(html);
}

function sendJson(reply: FastifyReply, body: object): FastifyReply {
  return reply.type('application/json; charset=utf-8').header('cache-control', 'no-store').send(JSON.stringify(body));
}
