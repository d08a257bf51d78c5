import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parametersOf } from '../../form/form.ts';
import { OK_APPLICATION, type Session } from '../application.ts';
import { type OkErrorBody, type OkResult, refuse, writeResult } from '../ok-errors.ts';
import type { OkNetwork } from '../ok-network.ts';
import { sessionSecret, signatureMatches } from '../ok-signature.ts';
import { REST_METHODS, type RestMethod } from './rest-methods.ts';

/** `fb.do?method=group.name` and `api/group/name`, GET and POST (contracts/ok.md 1.1). */
export function addRest(scope: FastifyInstance, network: OkNetwork): void {
  scope.route({
    method: ['GET', 'POST'],
    url: '/fb.do',
    handler: (request, reply) => {
      const given = parametersOf(request);
      return answer(request, reply, network, given['method'] ?? '', given);
    },
  });
  scope.route<{ Params: { group: string; method: string } }>({
    method: ['GET', 'POST'],
    url: '/api/:group/:method',
    // Here the name is no parameter, and so no part of the signature.
    handler: (request, reply) =>
      answer(request, reply, network, `${request.params.group}.${request.params.method}`, parametersOf(request)),
  });
}

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  network: OkNetwork,
  name: string,
  given: Readonly<Record<string, string>>,
): string {
  const { entry, at } = request.networkCall;
  Object.assign(entry, { method: name, request: given });
  const result = run(name, given, network, at);
  if (!result.ok) entry.code = String(result.error.error_code);
  return writeResult(reply, result);
}

// Key, method, session, signature: the demo world fixes this order; OK's own is not known.
function run(
  name: string,
  given: Readonly<Record<string, string>>,
  network: OkNetwork,
  at: FastifyRequest['networkCall']['at'],
): OkResult {
  const key = given['application_key'];
  if (key === undefined) return refuse('PARAM_API_KEY', 'No application key');
  if (key !== OK_APPLICATION.key) return refuse('PARAM_API_KEY', 'Application not exist');
  const method = REST_METHODS.get(name);
  if (method === undefined) return refuse('METHOD', `Method ${name} does not exist`);
  const found = findSession(method, given, network);
  if (!found.ok) return found;
  const { session } = found;
  if (!secretsOf(session, given).some((secret) => signatureMatches(given, secret))) {
    return refuse('PARAM_SIGNATURE', 'Invalid signature');
  }
  return method.run(given, { world: network.world, sessions: network.sessions, session, at });
}

function findSession(
  method: RestMethod,
  given: Readonly<Record<string, string>>,
  { sessions, world }: OkNetwork,
): { ok: true; session: Session | null } | { ok: false; error: OkErrorBody } {
  const token = given['access_token'] ?? given['session_key'];
  if (token === undefined) {
    return method.session === 'required'
      ? refuse('SESSION_REQUIRED', 'Session is required for this method')
      : { ok: true, session: null };
  }
  if (method.session === 'prohibited') return refuse('NOT_SESSION_METHOD', 'Session is prohibited for this method');
  const session = sessions.byAccessToken(token);
  if (session === null) return refuse('PARAM_SESSION_KEY', 'Invalid session key');
  const isOver = session.expiresAt !== null && session.expiresAt <= world.clock.now();
  return isOver ? refuse('PARAM_SESSION_EXPIRED', 'Session expired') : { ok: true, session };
}

/** What a call may be signed with (contracts/ok.md 1.2, rule 1). */
function secretsOf(session: Session | null, given: Readonly<Record<string, string>>): string[] {
  if (session === null) return [OK_APPLICATION.secret];
  const token = given['access_token'] ?? given['session_key'] ?? '';
  return [sessionSecret(token, OK_APPLICATION.secret), session.sessionSecretKey];
}
