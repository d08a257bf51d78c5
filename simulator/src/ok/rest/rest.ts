import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parametersOf } from '../../form/form.ts';
import { OK_APPLICATION } from '../application.ts';
import { explainSignature } from '../explain-signature.ts';
import { type OkResult, type Refused, refuse, writeResult } from '../ok-errors.ts';
import type { OkNetwork } from '../ok-network.ts';
import { sessionSecret, signatureMatches } from '../ok-signature.ts';
import type { Session } from '../sessions.ts';
import { GROUP_METHODS } from './group-methods.ts';
import { MASS_METHODS } from './mass-notifications.ts';
import { NOTIFICATION_METHODS } from './notification-methods.ts';
import type { RestMethod } from './rest-method.ts';
import { SESSION_METHODS } from './session-methods.ts';
import { USER_METHODS } from './user-methods.ts';

/** Every method that the simulator has, by its name. */
export const REST_METHODS: ReadonlyMap<string, RestMethod> = new Map(
  Object.entries({ ...USER_METHODS, ...GROUP_METHODS, ...NOTIFICATION_METHODS, ...MASS_METHODS, ...SESSION_METHODS }),
);

/** One call before anything of it was checked. */
interface Asked {
  /** Such as `users.getInfo`. */
  name: string;
  /** In `api/users/getInfo` the name is no parameter, and so no part of the signature. */
  isNameInPath: boolean;
  given: Readonly<Record<string, string>>;
}

/** `fb.do?method=group.name` and `api/group/name`, GET and POST (contracts/ok.md 1.1). */
export function addRest(scope: FastifyInstance, network: OkNetwork): void {
  scope.route({
    method: ['GET', 'POST'],
    url: '/fb.do',
    handler: (request, reply) => {
      const given = parametersOf(request);
      return answer(request, reply, network, { name: given['method'] ?? '', isNameInPath: false, given });
    },
  });
  scope.route<{ Params: { group: string; method: string } }>({
    method: ['GET', 'POST'],
    url: '/api/:group/:method',
    handler: (request, reply) => {
      const name = `${request.params.group}.${request.params.method}`;
      return answer(request, reply, network, { name, isNameInPath: true, given: parametersOf(request) });
    },
  });
}

async function answer(request: FastifyRequest, reply: FastifyReply, network: OkNetwork, asked: Asked): Promise<string> {
  const { entry } = request.networkCall;
  Object.assign(entry, { method: asked.name, request: asked.given });
  const result = await run(asked, request, reply, network);
  if (!result.ok) entry.code = String(result.error.error_code);
  return writeResult(reply, result);
}

// Key, method, session, signature: the demo world fixes this order; OK's own is not known. What is wrong beyond comes last.
async function run(asked: Asked, request: FastifyRequest, reply: FastifyReply, network: OkNetwork): Promise<OkResult> {
  const { given, name } = asked;
  const key = given['application_key'];
  if (key === undefined) return refuse('PARAM_API_KEY', 'No application key');
  if (key !== OK_APPLICATION.key) return refuse('PARAM_API_KEY', 'Application not exist');
  const method = REST_METHODS.get(name);
  if (method === undefined)
    return refuse('METHOD', name === '' ? 'Missing required parameter method' : `Method ${name} does not exist`);
  const found = findSession(method, given, network);
  if (!found.ok) return found;
  const { session } = found;
  const wrong = signatureProblem(asked, session);
  if (wrong !== null) {
    request.networkCall.entry.note = wrong;
    return refuse('PARAM_SIGNATURE', 'Invalid signature');
  }
  const refused = commonProblem(given) ?? scopeProblem(method, session);
  if (refused !== null) return refused;
  if (session !== null) network.sessions.noteCall(session);
  // On the answer, not on the socket, which outlives many polls.
  const gone = new Promise<void>((resolve) => reply.raw.once('close', resolve));
  const origin = `${request.protocol}://${request.host}`;
  return method.run({ network, world: network.world, given, session, at: request.networkCall.at, origin, gone });
}

function findSession(
  method: RestMethod,
  given: Asked['given'],
  { sessions }: OkNetwork,
): { ok: true; session: Session | null } | Refused {
  const token = given['access_token'] ?? given['session_key'];
  if (token === undefined) {
    return method.session === 'required'
      ? refuse('SESSION_REQUIRED', 'Session is required for this method')
      : { ok: true, session: null };
  }
  if (method.session === 'prohibited') return refuse('NOT_SESSION_METHOD', 'Session is prohibited for this method');
  const session = sessions.byAccessToken(token);
  if (session === null) return refuse('PARAM_SESSION_KEY', 'Invalid session key');
  return session === 'expired' ? refuse('PARAM_SESSION_EXPIRED', 'Session expired') : { ok: true, session };
}

/** What is wrong with the signature, as a note for whoever reads the calls; null where it is right (contracts/ok.md 1.2, rule 1). */
function signatureProblem({ name, isNameInPath, given }: Asked, session: Session | null): string | null {
  const { key, secret } = OK_APPLICATION;
  const token = session === null ? null : (given['access_token'] ?? given['session_key'] ?? '');
  const secrets = session === null || token === null ? [secret] : [sessionSecret(token, secret), session.sessionSecretKey];
  if (secrets.some((one) => signatureMatches(given, one))) return null;
  const { looksLike, shouldSign } = explainSignature({
    given,
    methodInPath: isNameInPath ? name : null,
    applicationKey: key,
    applicationSecret: secret,
    token,
    secrets,
  });
  return `${looksLike ?? 'The signature fits none of the known mistakes'}. To be signed: ${shouldSign}`;
}

const BOOLEANS: readonly string[] = ['true', 'false', '1', '0'];

/** Parameters that every method takes (contracts/ok.md 1.1). */
function commonProblem(given: Asked['given']): Refused | null {
  const { format = 'json', call_id: callId = '0', __online: online = 'true' } = given;
  // XML is of the old days; today's documents know JSON only.
  if (format.toLowerCase() !== 'json') return refuse('PARAM', 'format should be json');
  if (!/^-?\d{1,19}$/.test(callId)) return refuse('PARAM', 'call_id should be a whole number');
  return BOOLEANS.includes(online.toLowerCase()) ? null : refuse('PARAM', '__online should be true or false');
}

function scopeProblem({ scope }: RestMethod, session: Session | null): Refused | null {
  if (scope === null || session === null || session.scopes.includes(scope)) return null;
  return refuse('PERMISSION_DENIED', `User must grant an access to permission '${scope}'`);
}
