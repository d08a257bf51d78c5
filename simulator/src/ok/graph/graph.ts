import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseExact } from '../../wire/wire.ts';
import { type OkResult, refuse, writeResult } from '../ok-errors.ts';
import { hasPrefix } from '../ok-ids.ts';
import type { OkNetwork } from '../ok-network.ts';
import { MEMBER_ROUTES } from './chat-control.ts';
import { type GraphCall, type GraphRoute, isObject } from './graph-call.ts';
import { CHAT_ROUTES } from './graph-chats.ts';
import { HISTORY_ROUTES } from './graph-history.ts';
import { MESSAGE_ROUTES } from './graph-messages.ts';
import { SUBSCRIPTION_ROUTES } from './graph-subscriptions.ts';
import { UPLOAD_ROUTES } from './graph-uploads.ts';

/** Every edge that the simulator has. */
export const GRAPH_ROUTES: readonly GraphRoute[] = [
  ...CHAT_ROUTES,
  ...MESSAGE_ROUTES,
  ...HISTORY_ROUTES,
  ...MEMBER_ROUTES,
  ...UPLOAD_ROUTES,
  ...SUBSCRIPTION_ROUTES,
];

/**
 * The Graph API for bots of groups at `graph/{node}/{edge}`: the token in the query, bodies in JSON, errors as in the REST API.
 * Source: contracts/ok.md 3.
 */
export function addGraph(scope: FastifyInstance, network: OkNetwork): void {
  scope.removeAllContentTypeParsers();
  // Whatever the content type says: clients send plain application/json, with a charset, or none.
  scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, readJson(String(body))));
  scope.route<{ Params: { '*': string } }>({
    method: ['GET', 'POST'],
    url: '/graph/*',
    handler: async (request, reply) => {
      const result = await run(request, reply, request.params['*'], network);
      if (!result.ok) request.networkCall.entry.code = String(result.error.error_code);
      return writeResult(reply, result);
    },
  });
}

function readJson(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
}

async function run(request: FastifyRequest, reply: FastifyReply, path: string, network: OkNetwork): Promise<OkResult> {
  const { entry, at } = request.networkCall;
  entry.method = path;
  const query = queryOf(request);
  const token = query['access_token'];
  if (token === undefined || token === '') return refuse('SESSION_REQUIRED', 'access_token is required in the query');
  const group = network.groupTokens.use(token);
  if (group === null) return refuse('PARAM_SESSION_KEY', 'Invalid session key');
  if (group === 'expired') return refuse('PARAM_SESSION_EXPIRED', 'Session expired');
  entry.group = group.id;

  const segments = path.split('/').filter((segment) => segment !== '');
  const found = GRAPH_ROUTES.filter(({ verb }) => verb === request.method).flatMap((route) => {
    const ids = matchPath(route.pattern, segments);
    return ids === null ? [] : [{ route, ids }];
  })[0];
  if (found === undefined) return refuse('METHOD', `${request.method} ${path} does not exist`);
  entry.method = found.route.pattern;
  const { body: given = request.method === 'GET' ? {} : undefined } = request;
  const body = withoutNulls(given);
  if (!isObject(body)) return refuse('REQUEST', 'The body must be a JSON object');
  // On the answer, not on the socket, which outlives many polls.
  const gone = new Promise<void>((resolve) => reply.raw.once('close', resolve));
  const origin = `${request.protocol}://${request.host}`;
  const call: GraphCall = { network, group, at, query, body, path: found.ids, origin, gone };
  return found.route.run(call);
}

/** Of a parameter that comes several times, as `types`, all with commas between. */
function queryOf(request: FastifyRequest): Record<string, string> {
  const query = Object.entries(request.query as Record<string, string | string[]>);
  return Object.fromEntries(query.map(([name, value]) => [name, String(value)]));
}

/** A field that is null counts as not given: clients of typed languages write all that they know. [?] OK's reading of it. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(fields.map(([name, field]) => [name, withoutNulls(field)]));
}

/** The ids in a path that fits the pattern, or null. */
function matchPath(pattern: string, segments: readonly string[]): GraphCall['path'] | null {
  const wanted = pattern.split('/');
  if (wanted.length !== segments.length) return null;
  const ids: GraphCall['path'] = {};
  for (const [index, part] of wanted.entries()) {
    const segment = segments[index] ?? '';
    if (part === '{chat}' && isChatId(segment)) ids.chat = segment;
    else if (part === '{mid}' && hasPrefix(segment, 'mid')) ids.mid = segment;
    else if (part !== segment) return null;
  }
  return ids;
}

/** Whether a path segment can be a chat's id, with its prefix or as its bare `C…`. */
const isChatId = (segment: string): boolean => hasPrefix(segment, 'chat') || /^C[0-9a-f]{6,}$/i.test(segment);
