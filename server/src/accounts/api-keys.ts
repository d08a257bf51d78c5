import { createAgedCache } from '../platform/aged-cache.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { newApiKey, parseApiKey, secretMatches } from './api-key.ts';

export const SCOPES = ['send', 'read', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who makes a request, known by its API key. */
export interface Caller {
  accountId: number;
  accountName: string;
  keyId: string;
  scopes: readonly Scope[];
}

export interface ApiKey {
  id: string;
  name: string;
  scopes: readonly Scope[];
  createdAt: Date;
  revokedAt: Date | null;
}

export interface ApiKeys {
  /** The key is in the answer and nowhere else: only the SHA-256 of its secret is stored. */
  createKey(accountId: number, key: { name: string; scopes: readonly Scope[] }): Promise<{ id: string; key: string }>;
  /** False where the account has no such live key. The key is refused everywhere within a second. */
  revokeKey(accountId: number, keyId: string): Promise<boolean>;
  listKeys(accountId: number): Promise<readonly ApiKey[]>;
  /** Null where the key is unknown, wrong or revoked. */
  authenticate(key: string): Promise<Caller | null>;
  /** Login is the account's name, the password one of its keys. */
  authenticateBasic(login: string, password: string): Promise<Caller | null>;
}

const KEY_AGE_MAX_MS = 1_000;

const SQL = {
  insert: {
    name: 'api_key_insert',
    text: 'insert into api_key (id, account_id, name, secret_sha256, scopes) values ($1, $2, $3, $4, $5)',
  },
  revoke: {
    name: 'api_key_revoke',
    text: 'update api_key set revoked_at = now() where account_id = $1 and id = $2 and revoked_at is null',
  },
  list: {
    name: 'api_key_list',
    text: `
      select id, name, scopes, created_at as "createdAt", revoked_at as "revokedAt"
      from api_key
      where account_id = $1
      order by created_at, id`,
  },
  live: {
    name: 'api_key_live',
    text: `
      select k.account_id as "accountId", a.name as "accountName", k.scopes, k.secret_sha256 as "secretSha256"
      from api_key k
      join account a on a.id = k.account_id
      where k.id = $1 and k.revoked_at is null`,
  },
} as const;

interface LiveKey {
  accountId: number;
  accountName: string;
  scopes: Scope[];
  secretSha256: Buffer;
}

/** `accountExists` throws `not.found` where there is no such account. */
export function createApiKeys({
  database,
  clock,
  keyAliases,
  accountExists,
}: {
  database: Database;
  clock: Clock;
  keyAliases: ReadonlyMap<string, Caller> | undefined;
  accountExists(id: number): Promise<void>;
}): ApiKeys {
  const liveKeys = createAgedCache<LiveKey>({ clock, maxAgeMs: KEY_AGE_MAX_MS });
  const authenticate = async (key: string): Promise<Caller | null> => {
    const alias = keyAliases?.get(key);
    if (alias !== undefined) return alias;
    const given = parseApiKey(key);
    if (given === null) return null;
    const live = await liveKeys.get(given.id, async () => (await database.rows<LiveKey>(SQL.live, [given.id]))[0] ?? null);
    if (live === null || !secretMatches(given.secret, live.secretSha256)) return null;
    return { accountId: live.accountId, accountName: live.accountName, keyId: given.id, scopes: live.scopes };
  };
  return {
    async createKey(accountId, { name, scopes }) {
      if (scopes.length === 0)
        throw new AppError('parameter.invalid', `give at least one of ${SCOPES.join(', ')}`, { field: 'scopes' });
      const { id, key, secretSha256 } = newApiKey();
      await accountExists(accountId);
      await database.run(SQL.insert, [id, accountId, name, secretSha256, [...new Set(scopes)]]);
      return { id, key };
    },
    async revokeKey(accountId, keyId) {
      const revoked = await database.run(SQL.revoke, [accountId, keyId]);
      liveKeys.clear();
      return revoked === 1;
    },
    listKeys: (accountId) => database.rows<ApiKey>(SQL.list, [accountId]),
    authenticate,
    async authenticateBasic(login, password) {
      const caller = await authenticate(password);
      return caller?.accountName === login ? caller : null;
    },
  };
}
