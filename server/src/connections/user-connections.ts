import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { Secrets } from '../platform/secrets.ts';

/** The access of an application to OK in the name of a person: names, memberships and the profile, never messages. */
export interface UserConnection {
  id: number;
  accountId: number;
  /** OK's id of the person in this application, no prefix. */
  userId: string;
  /** Root of the network's API, no slash at its end. */
  baseUrl: string;
  /** Root before `/oauth/authorize`. */
  consentUrl: string;
  /** Rights that the person was asked for. */
  scopes: readonly string[];
  /** The access is over: the person has to allow it again. */
  pausedReason: string | null;
}

export interface Application {
  applicationId: string;
  applicationKey: string;
  applicationSecret: string;
}

export interface UserTokens {
  accessToken: string;
  /** Of client OAuth; signs in place of the application's secret. */
  sessionSecret: string | null;
  refreshToken: string | null;
  /** Milliseconds since 1970; null where the network does not say. */
  expiresAt: number | null;
}
export type UserCredentials = Application & UserTokens;

export type NewUserConnection = Omit<UserConnection, 'id' | 'pausedReason'> & { credentials: UserCredentials };

export interface UserConnections {
  /** One connection for each person of an account: where there is one it gets the new access and goes on. */
  keepUser(connection: NewUserConnection): Promise<UserConnection>;
  user(id: number): Promise<UserConnection | null>;
  users(accountId?: number): Promise<readonly UserConnection[]>;
  /** Throws `not.found`. */
  userCredentials(id: number): Promise<UserCredentials>;
  /** Only where the access token is still the one that these came for; else another process was quicker, and its tokens stay. */
  replaceTokens(id: number, old: Pick<UserTokens, 'accessToken'>, tokens: UserTokens): Promise<void>;
}

const KIND = 'ok-user';

interface UserRow {
  id: number;
  accountId: number;
  userId: string;
  baseUrl: string;
  settings: { consentUrl: string; scopes: readonly string[] };
  pausedReason: string | null;
  sealed: Buffer;
}
const USER = `
  select
    id, account_id as "accountId", user_id as "userId", base_url as "baseUrl", settings, paused_reason as "pausedReason",
    credentials as sealed
  from connection
  where kind = '${KIND}'`;

const SQL = {
  ofPerson: {
    name: 'user_connection_of_person',
    text: `${USER} and account_id = $1 and user_id = $2 for update`,
  },
  byId: { name: 'user_connection_by_id', text: `${USER} and id = $1` },
  lock: { name: 'user_connection_lock', text: `${USER} and id = $1 for update` },
  list: { name: 'user_connection_list', text: `${USER} and ($1::bigint is null or account_id = $1) order by id` },
  nextId: { name: 'user_connection_next_id', text: "select nextval(pg_get_serial_sequence('connection', 'id')) as id" },
  insert: {
    name: 'user_connection_insert',
    text: `
      insert into connection (id, account_id, kind, user_id, base_url, settings, credentials)
      overriding system value
      values ($1, $2, '${KIND}', $3, $4, $5, $6)`,
  },
  renew: {
    name: 'user_connection_renew',
    text: `
      update connection
      set base_url = $2, settings = $3, credentials = $4, paused_reason = null, paused_at = null
      where id = $1`,
  },
  seal: { name: 'user_connection_seal', text: 'update connection set credentials = $2 where id = $1' },
} as const;

export function createUserConnections({ database, secrets }: { database: Database; secrets: Secrets }): UserConnections {
  const seal = (id: number, credentials: UserCredentials) => secrets.seal(JSON.stringify(credentials), sealContext(id));
  const open = ({ id, sealed }: UserRow) => JSON.parse(secrets.open(sealed, sealContext(id))) as UserCredentials;
  const rowOf = async (on: Queryable, id: number, statement: (typeof SQL)['byId' | 'lock']): Promise<UserRow> => {
    const [row] = await on.rows<UserRow>(statement, [id]);
    if (row === undefined) throw new AppError('not.found', `there is no connection ${id} on behalf of a user`);
    return row;
  };

  return {
    async keepUser({ accountId, userId, baseUrl, consentUrl, scopes, credentials }) {
      const settings = JSON.stringify({ consentUrl, scopes });
      const id = await database.transaction(async (tx) => {
        const [known] = await tx.rows<UserRow>(SQL.ofPerson, [accountId, userId]);
        if (known !== undefined) {
          await tx.run(SQL.renew, [known.id, baseUrl, settings, seal(known.id, credentials)]);
          return known.id;
        }
        // The id is part of what the credentials are sealed with, so it is drawn before the row is written.
        const [next] = await tx.rows<{ id: number }>(SQL.nextId);
        const { id: drawn } = next as { id: number };
        await tx.run(SQL.insert, [drawn, accountId, userId, baseUrl, settings, seal(drawn, credentials)]);
        return drawn;
      });
      return shown(await rowOf(database, id, SQL.byId));
    },
    async user(id) {
      const [row] = await database.rows<UserRow>(SQL.byId, [id]);
      return row === undefined ? null : shown(row);
    },
    async users(accountId) {
      return (await database.rows<UserRow>(SQL.list, [accountId ?? null])).map(shown);
    },
    userCredentials: async (id) => open(await rowOf(database, id, SQL.byId)),
    async replaceTokens(id, old, tokens) {
      await database.transaction(async (tx) => {
        const now = open(await rowOf(tx, id, SQL.lock));
        if (now.accessToken === old.accessToken) await tx.run(SQL.seal, [id, seal(id, { ...now, ...tokens })]);
      });
    },
  };
}

const sealContext = (id: number): string => `connection.credentials ${id}`;

function shown({ settings, sealed: _, ...row }: UserRow): UserConnection {
  return { ...row, consentUrl: settings.consentUrl, scopes: settings.scopes };
}
