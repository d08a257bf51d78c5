import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { type ConnectionFindings, ConnectionPatch, NewConnection, type Connection as ShownConnection } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import {
  type Connection,
  type Connections,
  type Credentials,
  identifyGroup,
  NETWORK_NAMES,
  setUpConnection,
} from '../connections/connections.ts';
import type { Health } from '../intake/intake.ts';
import { AppError } from '../platform/errors.ts';
import type { HttpClient } from '../platform/http-client.ts';
import { callerOf } from './auth.ts';
import { readFields } from './operator-body.ts';
import { idOf, invalid } from './query.ts';

const newCheck = Compile(NewConnection);
const patchCheck = Compile(ConnectionPatch);
const UNSUBSCRIBE_TIMEOUT_MS = 10_000;
const INTAKE_TOKEN_BYTES = 32;

/** What connections are added and looked at with, beside what they are kept in. */
export interface Connecting {
  /** Roots of the networks' APIs. */
  networkUrls: Readonly<Record<'vk' | 'ok', string>>;
  /** How long a network may take to answer one call. */
  timeoutMs: number;
  /** What the doctor finds at one connection, without secrets. */
  examine(connection: Connection): Promise<ConnectionFindings['findings']>;
}

export interface ConnectionRoutesParts {
  connections: Pick<
    Connections,
    'list' | 'add' | 'change' | 'pause' | 'resume' | 'remove' | 'channel' | 'credentials' | 'webhookUrl'
  >;
  health: Pick<Health, 'of'>;
  connecting: Connecting;
  httpClient: Pick<HttpClient, 'refusal'>;
}

/** Handlers of /v1/connections by the ids of their operations. */
export function createConnectionRoutes({ connections, health, connecting, httpClient }: ConnectionRoutesParts) {
  const { networkUrls, timeoutMs } = connecting;
  const find = async (request: FastifyRequest): Promise<Connection> => {
    const id = idOf(request, 'connectionId');
    const connection = (await connections.list(callerOf(request).accountId)).find((one) => one.id === id);
    if (connection === undefined) throw new AppError('not.found', 'this account has no such connection');
    return connection;
  };
  const shown = async (connection: Connection): Promise<ShownConnection> => {
    const [{ token }, known] = await Promise.all([connections.credentials(connection.id), health.of(connection.id)]);
    const { id, kind, groupId, baseUrl, receive, settings, pausedReason } = connection;
    return {
      ...{ id, kind, groupId, baseUrl, receive, settings, token: masked(token), pausedReason },
      health: {
        lastEventAt: known?.lastEventAt?.toISOString() ?? null,
        subscribedAt: known?.subscribedAt?.toISOString() ?? null,
        problem: known?.problem ?? null,
        detail: known?.detail ?? null,
        since: known?.since?.toISOString() ?? null,
      },
    };
  };
  /** The group of the token; throws where the network does not take it, or it is of another group than `wanted`. */
  const groupOf = async (kind: 'vk' | 'ok', baseUrl: string, token: string, wanted: string | undefined): Promise<string> => {
    const identified = await identifyGroup(kind, { baseUrl, token, timeoutMs });
    const name = NETWORK_NAMES[kind];
    if (identified.kind === 'unreachable')
      throw new AppError('network.unreachable', `${name} gave no answer: ${identified.detail}`);
    if (identified.kind === 'refused')
      throw new AppError('token.refused', `${name} does not take it: ${identified.detail}`, { field: 'token' });
    const { groupId } = identified.group;
    if (wanted !== undefined && wanted !== groupId)
      throw new AppError('token.refused', `it is of the group ${groupId}, not of ${wanted}`, { field: 'token' });
    return groupId;
  };
  const upstreamRoot = async (baseUrl: string | undefined): Promise<string> => {
    if (baseUrl === undefined) throw invalid('baseUrl', 'an upstream is reached by its address: give the root of its API');
    const problem = httpClient.refusal(baseUrl) ?? (await refusalOfName(baseUrl, httpClient));
    if (problem !== null) throw invalid('baseUrl', `the address ${problem}`);
    return baseUrl;
  };
  const setUp = (connection: Connection) => setUpConnection({ connections, whyUnreachable: async () => null }, connection);

  return {
    async listConnections(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const all = await connections.list(callerOf(request).accountId);
      return reply.send({ items: await Promise.all(all.map(shown)), nextCursor: null });
    },

    async getConnection(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send(await shown(await find(request)));
    },

    async addConnection(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const given = await readFields(request, NewConnection, newCheck);
      const { accountId } = callerOf(request);
      const { kind, token, groupId: wanted, baseUrl: address, receive = 'off', settings = {} } = given;
      if (kind !== 'notify' && address !== undefined)
        throw invalid('baseUrl', 'a group has the address that the server knows its network by: only an upstream has its own');
      if (kind === 'notify' && wanted !== undefined)
        throw invalid('groupId', 'an upstream has no group: the routes of senders name theirs');
      const baseUrl = kind === 'notify' ? await upstreamRoot(address) : networkUrls[kind];
      const groupId = kind === 'notify' ? null : await groupOf(kind, baseUrl, token, wanted);
      const credentials = { token, ...secretsOf(given) };
      const added = connections.add({ accountId, kind, groupId, baseUrl, credentials, receive, settings });
      const connection = await added.catch(asField);
      const work = await setUp(connection);
      const webhookUrl = await connections.webhookUrl(connection.id);
      return reply.send({ connection: await shown(connection), webhookUrl, ...work });
    },

    async patchConnection(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const before = await find(request);
      const { id, kind, groupId, baseUrl } = before;
      const { isPaused, newWebhookUrl, ...given } = await readFields(request, ConnectionPatch, patchCheck);
      const { token, receive, settings } = given;
      if (token !== undefined && kind !== 'notify') await groupOf(kind, baseUrl, token, groupId ?? undefined);
      const credentials = {
        ...secretsOf(given),
        ...(token !== undefined && { token }),
        ...(newWebhookUrl === true && { intakeToken: randomBytes(INTAKE_TOKEN_BYTES).toString('base64url') }),
      };
      const change = {
        ...(receive !== undefined && { receive }),
        ...(settings !== undefined && { settings }),
        ...(Object.keys(credentials).length > 0 && { credentials }),
      };
      if (Object.keys(change).length > 0) await connections.change(id, change).catch(asField);
      if (isPaused === true) await connections.pause(id, 'it was paused by a person');
      if (isPaused === false) await connections.resume(id);
      const connection = await find(request);
      const isAtNetwork = receive !== undefined || token !== undefined || newWebhookUrl === true;
      const work = isAtNetwork ? await setUp(connection) : { did: [], left: [] };
      const webhookUrl = newWebhookUrl === true ? await connections.webhookUrl(id) : null;
      return reply.send({ connection: await shown(connection), webhookUrl, ...work });
    },

    async checkConnection(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const findings = await connecting.examine(await find(request));
      return reply.send({ isGood: findings.every(({ state }) => state !== 'bad'), findings });
    },

    async removeConnection(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { id, accountId, receive } = await find(request);
      const [channel, url] = await Promise.all([connections.channel(id), connections.webhookUrl(id)]);
      if (!(await connections.remove(accountId, id))) throw new AppError('not.found', 'this account has no such connection');
      // A network that goes on calling finds no such address: that it was told is a courtesy.
      if (receive === 'webhook')
        await channel.unsubscribeWebhook?.(url, AbortSignal.timeout(UNSUBSCRIBE_TIMEOUT_MS)).catch(() => {});
      return reply.send({ removed: 1 });
    },
  };
}

const SHOWN_CHARACTERS = 4;
const masked = (token: string): string =>
  token.length < SHOWN_CHARACTERS * 4 ? '****' : `****${token.slice(-SHOWN_CHARACTERS)}`;

function secretsOf({ webhookSecret, application }: Pick<ConnectionPatch, 'webhookSecret' | 'application'>): Partial<Credentials> {
  return {
    ...(webhookSecret !== undefined && { webhookSecret }),
    ...(application !== undefined && {
      applicationId: application.id,
      applicationKey: application.key,
      applicationSecret: application.secret,
    }),
  };
}

/** Why what a name stands for must not be called; null where it may, or where it stands for nothing yet. */
async function refusalOfName(baseUrl: string, httpClient: Pick<HttpClient, 'refusal'>): Promise<string | null> {
  const { hostname, protocol } = new URL(baseUrl);
  const found = await lookup(hostname.replace(/^\[|\]$/g, ''), { all: true }).catch(() => []);
  const refusals = found.map(({ address, family }) =>
    httpClient.refusal(`${protocol}//${family === 6 ? `[${address}]` : address}`),
  );
  return refusals.find((refusal) => refusal !== null) ?? null;
}

/** What the module calls credentials are fields of their own to customers. */
function asField(error: unknown): never {
  if (error instanceof AppError && error.field?.startsWith('credentials.') === true)
    throw invalid(FIELD_OF_CREDENTIAL[error.field] ?? 'token', error.detail);
  throw error;
}
const FIELD_OF_CREDENTIAL: Readonly<Record<string, string>> = {
  'credentials.webhookSecret': 'webhookSecret',
  'credentials.applicationId': 'application.id',
  'credentials.applicationKey': 'application.key',
  'credentials.applicationSecret': 'application.secret',
};
