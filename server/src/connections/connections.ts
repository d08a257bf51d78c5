import type { Channel, Network } from '@soroka/channels';
import { createAgedCache } from '../platform/aged-cache.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { Secrets } from '../platform/secrets.ts';
import {
  type Credentials,
  completeCredentials,
  INTAKE_TOKEN_CHARACTERS_MIN,
  intakeTokenSha256,
  type NewCredentials,
} from './credentials.ts';
import { type ChannelSource, createLiveChannels } from './live-channels.ts';
import { createSenders, NO_MESSAGES, type Senders } from './senders.ts';
import { type ConnectionSettings, checkSettings } from './settings.ts';
import { checkedRoot, checkReceive, checkShape } from './shape.ts';
import { createUserConnections, type UserConnections } from './user-connections.ts';

export type { Credentials, NewCredentials } from './credentials.ts';
export type { NewSenderRoute, Sender, SenderPatch, SenderRoute } from './senders.ts';
export {
  type Identified,
  identifyGroup,
  NETWORK_NAMES,
  namedGroup,
  type SetUpParts,
  type SetUpWork,
  setUpConnection,
} from './set-up.ts';
export type { ConnectionSettings } from './settings.ts';
export type {
  Application,
  NewUserConnection,
  UserConnection,
  UserConnections,
  UserCredentials,
  UserTokens,
} from './user-connections.ts';

export type Receive = 'webhook' | 'long-poll' | 'off';

/** A group with its credentials, or an upstream that knows people by phone. */
export interface Connection {
  id: number;
  accountId: number;
  kind: 'vk' | 'ok' | 'notify';
  /** The network's id of the group, no prefix; null for notify. */
  groupId: string | null;
  /** Root of the network's API, no slash at its end. */
  baseUrl: string;
  receive: Receive;
  settings: ConnectionSettings;
  /** A token problem: messages wait, their ttl runs. */
  pausedReason: string | null;
}

export interface NewConnection {
  accountId: number;
  kind: Connection['kind'];
  groupId: string | null;
  baseUrl: string;
  /** An intake token, and VK's webhook secret, are made where they are not given. */
  credentials: NewCredentials;
  receive: Receive;
  settings: ConnectionSettings;
}

/** What is absent stays. */
export interface ConnectionPatch {
  receive?: Receive;
  baseUrl?: string;
  settings?: ConnectionSettings;
  /** A connection paused for its token goes on. */
  credentials?: Partial<Credentials>;
}

/** Groups and upstreams; those on behalf of a user have methods of their own, since they carry no messages. */
export interface Connections extends Senders, UserConnections {
  /** Throws `parameter.invalid` naming the field. */
  add(connection: NewConnection): Promise<Connection>;
  /** All of it or nothing; settings and credentials are changed one by one. Throws `parameter.invalid` or `not.found`. */
  change(id: number, patch: ConnectionPatch): Promise<Connection>;
  setReceive(id: number, receive: Receive): Promise<Connection>;
  setSettings(id: number, patch: ConnectionSettings): Promise<Connection>;
  get(id: number): Promise<Connection | null>;
  list(accountId?: number): Promise<readonly Connection[]>;
  /** Over all accounts, since a group's limits are its own: its community connections, and the notify ones that senders use for it. */
  ofGroup(network: Network, groupId: string): Promise<readonly Connection[]>;
  /** At most 1 s old. */
  byIntakeToken(kind: Connection['kind'], token: string): Promise<{ connection: Connection; credentials: Credentials } | null>;
  credentials(id: number): Promise<Credentials>;
  /** Kept and shared; made anew within 5 s after credentials or settings have changed. Throws `not.found`. */
  channel(connectionId: number): Promise<Channel>;
  /** Where the network sends its events: `…/hooks/{kind}/{token}`; for notify the stem of `/incoming` and `/statuses`. */
  webhookUrl(connectionId: number): Promise<string>;
  /**
   * For a token that a network refuses. Not where another one was given since: `refused` is the channel that spoke with it, absent the
   * last one that this process made.
   */
  pause(id: number, reason: string, refused?: Channel): Promise<void>;
  resume(id: number): Promise<void>;
  /**
   * Closes its address, stops its reception and deletes its secrets; what waits for it expires. False where the account has none that is
   * not removed yet. Throws `connection.used` while a sender has a route over it.
   */
  remove(accountId: number, id: number): Promise<boolean>;
  /** Ends the calls that the channels still keep open. */
  close(): Promise<void>;
}

const INTAKE_AGE_MAX_MS = 1_000;
const REMOVED_TOKEN = 'removed';

interface ConnectionRow extends Connection {
  sealed: Buffer;
}
type AnyRow = Omit<ConnectionRow, 'kind'> & { kind: Connection['kind'] | 'ok-user' };
const CONNECTION = `
  select
    c.id, c.account_id as "accountId", c.kind, c.group_id as "groupId", c.base_url as "baseUrl", c.receive, c.settings,
    c.paused_reason as "pausedReason", c.credentials as sealed
  from connection c`;

const SQL = {
  // The id is part of what the credentials are sealed with, so it is drawn before the row is written.
  nextId: { name: 'connection_next_id', text: "select nextval(pg_get_serial_sequence('connection', 'id')) as id" },
  insert: {
    name: 'connection_insert',
    text: `
      insert into connection (id, account_id, kind, group_id, base_url, credentials, intake_token_sha256, receive, settings)
      overriding system value
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      on conflict do nothing`,
  },
  byId: { name: 'connection_by_id', text: `${CONNECTION} where c.id = $1` },
  lock: { name: 'connection_lock', text: `${CONNECTION} where c.id = $1 for update` },
  list: {
    name: 'connection_list',
    text: `${CONNECTION} where c.kind <> 'ok-user' and c.removed_at is null and ($1::bigint is null or c.account_id = $1) order by c.id`,
  },
  ofGroup: {
    name: 'connection_of_group',
    text: `
      ${CONNECTION}
      where c.removed_at is null and ((c.kind = $1 and c.group_id = $2)
        or exists (
          select from sender_route r
          where r.connection_id = c.id and r.account_id = c.account_id
            and r.provider = 'notify' and r.route = upper($1) and r.group_id = $2
        ))
      order by c.id`,
  },
  byIntakeToken: { name: 'connection_by_intake_token', text: `${CONNECTION} where c.kind = $1 and c.intake_token_sha256 = $2` },
  change: {
    name: 'connection_change',
    text: `
      update connection
      set
        receive = $2, base_url = $3, settings = $4, credentials = $5, intake_token_sha256 = $6,
        paused_reason = case when $7 then null else paused_reason end, paused_at = case when $7 then null else paused_at end
      where id = $1`,
  },
  pause: {
    name: 'connection_pause',
    text: `
      update connection set paused_reason = $2, paused_at = coalesce(paused_at, now())
      where id = $1 and credentials = $3`,
  },
  resume: { name: 'connection_resume', text: 'update connection set paused_reason = null, paused_at = null where id = $1' },
  ofAccount: {
    name: 'connection_of_account',
    text: `${CONNECTION} where c.account_id = $1 and c.id = $2 and c.kind <> 'ok-user' and c.removed_at is null for update`,
  },
  usedBy: {
    name: 'connection_used_by',
    text: `
      select s.name
      from sender_route r
      join sender s on s.id = r.sender_id and s.account_id = r.account_id
      where r.account_id = $1 and r.connection_id = $2
      order by s.name
      limit 1`,
  },
  remove: {
    name: 'connection_remove',
    text: `
      update connection
      set
        removed_at = $3, receive = 'off', credentials = $4, intake_token_sha256 = $5, paused_reason = 'the connection was removed',
        paused_at = coalesce(paused_at, $3)
      where account_id = $1 and id = $2`,
  },
} as const;

/**
 * `publicUrl` is how others reach this server. `allowShortIntakeTokens` is for the demo world alone: its hooks have the
 * well-known token `demo`, which a server without this does not take even where it stands in its database.
 */
export function createConnections(parts: {
  database: Database;
  secrets: Secrets;
  publicUrl: () => string;
  /** How long a network may take to answer one call. */
  sendTimeoutMs: number;
  clock?: Clock;
  allowShortIntakeTokens?: boolean;
}): Connections {
  const { database, secrets, publicUrl, sendTimeoutMs, clock = systemClock, allowShortIntakeTokens = false } = parts;
  const intakeCharactersMin = allowShortIntakeTokens ? 1 : INTAKE_TOKEN_CHARACTERS_MIN;
  const byIntake = createAgedCache<{ connection: Connection; credentials: Credentials }>({ clock, maxAgeMs: INTAKE_AGE_MAX_MS });

  const seal = (id: number, credentials: Credentials): Buffer => secrets.seal(JSON.stringify(credentials), sealContext(id));
  const open = (row: ConnectionRow): Credentials => JSON.parse(secrets.open(row.sealed, sealContext(row.id))) as Credentials;
  const rowOf = async (id: number): Promise<ConnectionRow> => ofMessages(id, (await database.rows<AnyRow>(SQL.byId, [id]))[0]);
  const hookUrl = (kind: Connection['kind'], token: string): string => `${publicUrl()}/hooks/${kind}/${token}`;
  const change = async (id: number, { receive, baseUrl, settings, credentials }: ConnectionPatch): Promise<Connection> => {
    await database.transaction(async (tx) => {
      const row = ofMessages(id, (await tx.rows<AnyRow>(SQL.lock, [id]))[0]);
      if (receive !== undefined) checkReceive(row.kind, receive);
      if (settings !== undefined) checkSettings(row.kind, settings);
      const root = baseUrl === undefined ? row.baseUrl : checkedRoot(baseUrl);
      const old = open(row);
      // An address that stays is no new one: the demo's short ones must not keep its connections from getting a token.
      const charactersMin = credentials?.intakeToken === undefined ? 1 : intakeCharactersMin;
      const next = credentials === undefined ? old : completeCredentials(row.kind, { ...old, ...credentials }, charactersMin);
      const sealed = credentials === undefined ? row.sealed : seal(id, next);
      const values = [receive ?? row.receive, root, JSON.stringify({ ...row.settings, ...settings }), sealed];
      await tx.run(SQL.change, [id, ...values, intakeTokenSha256(next.intakeToken), credentials !== undefined]);
    });
    return changed(id);
  };
  const changed = async (id: number): Promise<Connection> => {
    byIntake.clear();
    live.check();
    return withoutSecrets(await rowOf(id));
  };

  const sourceOf = (row: ConnectionRow): ChannelSource => {
    const credentials = open(row);
    return { connection: withoutSecrets(row), credentials, webhookUrl: hookUrl(row.kind, credentials.intakeToken) };
  };
  const live = createLiveChannels({
    clock,
    sendTimeoutMs,
    read: async (id) => sourceOf(await rowOf(id)),
  });

  return {
    ...createSenders({ database, clock }),
    ...createUserConnections({ database, secrets }),
    async add({ accountId, kind, groupId, baseUrl, credentials: given, receive, settings }) {
      checkShape(kind, groupId, receive);
      checkSettings(kind, settings);
      const root = checkedRoot(baseUrl);
      const credentials = completeCredentials(kind, given, intakeCharactersMin);
      const [next] = await database.rows<{ id: number }>(SQL.nextId);
      const { id } = next as { id: number };
      const values = [accountId, kind, groupId, root, seal(id, credentials), intakeTokenSha256(credentials.intakeToken), receive];
      const written = await database.run(SQL.insert, [id, ...values, JSON.stringify(settings)]);
      if (written === 0) {
        const taken =
          groupId === null ? 'the intake token is used already' : `group ${groupId} or the intake token is connected already`;
        throw new AppError('parameter.invalid', taken, { field: 'groupId' });
      }
      return changed(id);
    },
    change,
    setReceive: (id, receive) => change(id, { receive }),
    setSettings: (id, settings) => change(id, { settings }),
    async get(id) {
      const [row] = await database.rows<AnyRow>(SQL.byId, [id]);
      return row === undefined || !isOfMessages(row) ? null : withoutSecrets(row);
    },
    async list(accountId) {
      return (await database.rows<ConnectionRow>(SQL.list, [accountId ?? null])).map(withoutSecrets);
    },
    async ofGroup(network, groupId) {
      return (await database.rows<ConnectionRow>(SQL.ofGroup, [network, groupId])).map(withoutSecrets);
    },
    async byIntakeToken(kind, token) {
      if (token.length < intakeCharactersMin) return null;
      return byIntake.get(`${kind} ${token}`, async () => {
        const [row] = await database.rows<ConnectionRow>(SQL.byIntakeToken, [kind, intakeTokenSha256(token)]);
        return row === undefined ? null : { connection: withoutSecrets(row), credentials: open(row) };
      });
    },
    credentials: async (id) => open(await rowOf(id)),
    channel: (connectionId) => live.get(connectionId),
    async webhookUrl(connectionId) {
      const row = await rowOf(connectionId);
      return hookUrl(row.kind, open(row).intakeToken);
    },
    async pause(id, reason, refused) {
      const [row] = await database.rows<AnyRow>(SQL.byId, [id]);
      if (row === undefined) return;
      const isKnown = !isOfMessages(row) || live.isMadeOf(sourceOf(row), refused);
      const paused = isKnown ? await database.run(SQL.pause, [id, reason, row.sealed]) : 0;
      if (paused === 0) live.check();
      byIntake.clear();
    },
    async resume(id) {
      await database.run(SQL.resume, [id]);
      byIntake.clear();
    },
    async remove(accountId, id) {
      const isRemoved = await database.transaction(async (tx) => {
        const [row] = await tx.rows<ConnectionRow>(SQL.ofAccount, [accountId, id]);
        if (row === undefined) return false;
        const [user] = await tx.rows<{ name: string }>(SQL.usedBy, [accountId, id]);
        if (user !== undefined) throw new AppError('connection.used', `the sender "${user.name}" has a route over it`);
        const nothing = completeCredentials('notify', { token: REMOVED_TOKEN }, intakeCharactersMin);
        const values = [new Date(clock.now()), seal(id, nothing), intakeTokenSha256(nothing.intakeToken)];
        await tx.run(SQL.remove, [accountId, id, ...values]);
        return true;
      });
      byIntake.clear();
      live.check();
      return isRemoved;
    },
    close: () => live.close(),
  };
}

const sealContext = (id: number): string => `connection.credentials ${id}`;

function withoutSecrets({ sealed: _, ...connection }: ConnectionRow): Connection {
  return connection;
}

function isOfMessages(row: AnyRow): row is ConnectionRow {
  return row.kind !== 'ok-user';
}

function ofMessages(id: number, row: AnyRow | undefined): ConnectionRow {
  if (row === undefined) throw new AppError('not.found', `there is no connection ${id}`);
  if (isOfMessages(row)) return row;
  throw new AppError('parameter.invalid', `connection ${id} ${NO_MESSAGES}`, { field: 'connectionId' });
}
