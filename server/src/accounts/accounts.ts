import { randomBytes } from 'node:crypto';
import { createAgedCache } from '../platform/aged-cache.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { Secrets } from '../platform/secrets.ts';
import { newApiKey, parseApiKey, secretMatches } from './api-key.ts';

/** A tenant: everything else belongs to one. */
export interface Account {
  id: number;
  /** The login of Basic authorization; unique. */
  name: string;
  /** Where callbacks of messages go that name no URL of their own. */
  statusUrl: string | null;
  /** Where incoming messages are forwarded to. */
  incomingUrl: string | null;
  /** When none of its notifications is sent; null: at any hour. */
  quietHours: QuietHours | null;
  /** `whsec_…`, signs callbacks (Standard Webhooks). */
  callbackSecret: string;
}

/** Local hours of the recipient as HH:MM, `to` not included; over midnight where `from` is later than `to`. */
export interface QuietHours {
  from: string;
  to: string;
  /** IANA name, for recipients whose phone does not tell their zone. */
  timeZone: string;
}

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

export interface AccountUrls {
  statusUrl?: string | null;
  incomingUrl?: string | null;
}

export interface Accounts {
  /** Throws `parameter.invalid` where the name is taken, or it or a URL is unusable. */
  create(name: string, urls?: AccountUrls): Promise<Account>;
  get(id: number): Promise<Account | null>;
  byName(name: string): Promise<Account | null>;
  list(): Promise<readonly Account[]>;
  /** Sets the URLs given, null removes one. Checks their form; addresses are guarded where calls go out. Throws `parameter.invalid`. */
  setUrls(id: number, urls: AccountUrls): Promise<Account>;
  /** Where its callbacks and incoming messages go by default. At most 1 s old; null where there is no such account. */
  urls(accountId: number): Promise<{ statusUrl: string | null; incomingUrl: string | null } | null>;
  /** Of notifications that are accepted from now on; null: none. At most 1 s old elsewhere. */
  setQuietHours(id: number, quietHours: QuietHours | null): Promise<Account>;
  quietHours(accountId: number): Promise<QuietHours | null>;
  /** The secrets to sign callbacks with, newest first: two while a rotation lasts. At most 5 s old. */
  signingSecrets(accountId: number): Promise<readonly string[]>;
  /** A new secret for callbacks; the old one signs too for `keepOldForHours`. */
  rotateCallbackSecret(id: number, options: { keepOldForHours: number }): Promise<Account>;
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

const DEFAULTS_AGE_MAX_MS = 1_000;
const KEY_AGE_MAX_MS = 1_000;
const SECRETS_AGE_MAX_MS = 5_000;
const SECRET_BYTES = 32; // Standard Webhooks asks for 24 to 64
const HOUR_MS = 3_600_000;
const URL_CHARACTERS_MAX = 2_048;

interface AccountRow {
  id: number;
  name: string;
  statusUrl: string | null;
  incomingUrl: string | null;
  quietHours: QuietHours | null;
  sealed: Buffer;
}
const ACCOUNT = `
  select id, name, status_url as "statusUrl", incoming_url as "incomingUrl", quiet_hours as "quietHours", callback_secret as sealed
  from account`;

const SQL = {
  // The id is part of what the secret is sealed with, so it is drawn before the row is written.
  nextId: { name: 'account_next_id', text: "select nextval(pg_get_serial_sequence('account', 'id')) as id" },
  insert: {
    name: 'account_insert',
    text: `
      insert into account (id, name, callback_secret, status_url, incoming_url) overriding system value
      values ($1, $2, $3, $4, $5)
      on conflict (name) do nothing`,
  },
  byId: { name: 'account_by_id', text: `${ACCOUNT} where id = $1` },
  byName: { name: 'account_by_name', text: `${ACCOUNT} where name = $1` },
  list: { name: 'account_list', text: `${ACCOUNT} order by id` },
  defaults: {
    name: 'account_defaults',
    text: 'select status_url as "statusUrl", incoming_url as "incomingUrl", quiet_hours as "quietHours" from account where id = $1',
  },
  setQuietHours: { name: 'account_set_quiet_hours', text: 'update account set quiet_hours = $2::jsonb where id = $1' },
  setUrls: {
    name: 'account_set_urls',
    text: `
      update account
      set status_url = case when $2 then $3 else status_url end, incoming_url = case when $4 then $5 else incoming_url end
      where id = $1`,
  },
  secrets: {
    name: 'account_secrets',
    text: `
      select callback_secret as current, previous_callback_secret as previous, previous_callback_secret_until as "previousUntil"
      from account
      where id = $1`,
  },
  lock: { name: 'account_lock', text: `${ACCOUNT} where id = $1 for update` },
  rotate: {
    name: 'account_rotate',
    text: `
      update account
      set callback_secret = $2, previous_callback_secret = $3, previous_callback_secret_until = $4
      where id = $1`,
  },
  insertKey: {
    name: 'api_key_insert',
    text: 'insert into api_key (id, account_id, name, secret_sha256, scopes) values ($1, $2, $3, $4, $5)',
  },
  revokeKey: {
    name: 'api_key_revoke',
    text: 'update api_key set revoked_at = now() where account_id = $1 and id = $2 and revoked_at is null',
  },
  listKeys: {
    name: 'api_key_list',
    text: `
      select id, name, scopes, created_at as "createdAt", revoked_at as "revokedAt"
      from api_key
      where account_id = $1
      order by created_at, id`,
  },
  liveKey: {
    name: 'api_key_live',
    text: `
      select k.account_id as "accountId", a.name as "accountName", k.scopes, k.secret_sha256 as "secretSha256"
      from api_key k
      join account a on a.id = k.account_id
      where k.id = $1 and k.revoked_at is null`,
  },
} as const;

/** What holds for messages that say nothing of it themselves. */
type Defaults = Pick<Account, 'statusUrl' | 'incomingUrl' | 'quietHours'>;

interface LiveKey {
  accountId: number;
  accountName: string;
  scopes: Scope[];
  secretSha256: Buffer;
}
interface SealedSecrets {
  current: Buffer;
  previous: Buffer | null;
  previousUntil: Date | null;
}

/** `keyAliases` are keys known to this process alone, by their whole text; the demo world has one, a real server none. */
export function createAccounts(parts: {
  database: Database;
  secrets: Secrets;
  clock: Clock;
  keyAliases?: ReadonlyMap<string, Caller>;
}): Accounts {
  const { database, secrets, clock, keyAliases } = parts;
  const liveKeys = createAgedCache<LiveKey>({ clock, maxAgeMs: KEY_AGE_MAX_MS });
  const signing = createAgedCache<{ current: string; previous: string | null; previousUntil: number }>({
    clock,
    maxAgeMs: SECRETS_AGE_MAX_MS,
  });

  const liveDefaults = createAgedCache<Defaults>({ clock, maxAgeMs: DEFAULTS_AGE_MAX_MS });
  const defaultsOf = (accountId: number): Promise<Defaults | null> =>
    liveDefaults.get(String(accountId), async () => (await database.rows<Defaults>(SQL.defaults, [accountId]))[0] ?? null);

  const asAccount = ({ sealed, ...row }: AccountRow): Account => ({
    ...row,
    callbackSecret: secrets.open(sealed, currentContext(row.id)),
  });
  const get = async (id: number): Promise<Account | null> => {
    const [row] = await database.rows<AccountRow>(SQL.byId, [id]);
    return row === undefined ? null : asAccount(row);
  };
  const existing = async (id: number): Promise<Account> => {
    const account = await get(id);
    if (account === null) throw new AppError('not.found', `there is no account ${id}`);
    return account;
  };
  const authenticate = async (key: string): Promise<Caller | null> => {
    const alias = keyAliases?.get(key);
    if (alias !== undefined) return alias;
    const given = parseApiKey(key);
    if (given === null) return null;
    const live = await liveKeys.get(given.id, async () => (await database.rows<LiveKey>(SQL.liveKey, [given.id]))[0] ?? null);
    if (live === null || !secretMatches(given.secret, live.secretSha256)) return null;
    return { accountId: live.accountId, accountName: live.accountName, keyId: given.id, scopes: live.scopes };
  };

  return {
    async create(name, { statusUrl, incomingUrl } = {}) {
      checkName(name);
      checkUrl('statusUrl', statusUrl);
      checkUrl('incomingUrl', incomingUrl);
      const [next] = await database.rows<{ id: number }>(SQL.nextId);
      const id = (next as { id: number }).id;
      const sealed = secrets.seal(newCallbackSecret(), currentContext(id));
      const inserted = await database.run(SQL.insert, [id, name, sealed, statusUrl ?? null, incomingUrl ?? null]);
      if (inserted === 0)
        throw new AppError('parameter.invalid', `there is an account named "${name}" already`, { field: 'name' });
      return existing(id);
    },
    get,
    async byName(name) {
      const [row] = await database.rows<AccountRow>(SQL.byName, [name]);
      return row === undefined ? null : asAccount(row);
    },
    async list() {
      return (await database.rows<AccountRow>(SQL.list)).map(asAccount);
    },
    async setUrls(id, { statusUrl, incomingUrl }) {
      checkUrl('statusUrl', statusUrl);
      checkUrl('incomingUrl', incomingUrl);
      await database.run(SQL.setUrls, [
        id,
        statusUrl !== undefined,
        statusUrl ?? null,
        incomingUrl !== undefined,
        incomingUrl ?? null,
      ]);
      liveDefaults.clear();
      return existing(id);
    },
    async urls(accountId) {
      const defaults = await defaultsOf(accountId);
      return defaults === null ? null : { statusUrl: defaults.statusUrl, incomingUrl: defaults.incomingUrl };
    },
    async setQuietHours(id, quietHours) {
      await database.run(SQL.setQuietHours, [id, quietHours === null ? null : JSON.stringify(quietHours)]);
      liveDefaults.clear();
      return existing(id);
    },
    quietHours: async (accountId) => (await defaultsOf(accountId))?.quietHours ?? null,
    async signingSecrets(accountId) {
      const known = await signing.get(String(accountId), async () => {
        const [row] = await database.rows<SealedSecrets>(SQL.secrets, [accountId]);
        if (row === undefined) return null;
        return {
          current: secrets.open(row.current, currentContext(accountId)),
          previous: row.previous === null ? null : secrets.open(row.previous, previousContext(accountId)),
          previousUntil: row.previousUntil?.getTime() ?? 0,
        };
      });
      if (known === null) throw new AppError('not.found', `there is no account ${accountId}`);
      return known.previous !== null && clock.now() < known.previousUntil ? [known.current, known.previous] : [known.current];
    },
    async rotateCallbackSecret(id, { keepOldForHours }) {
      await database.transaction(async (tx) => {
        const [row] = await tx.rows<AccountRow>(SQL.lock, [id]);
        if (row === undefined) throw new AppError('not.found', `there is no account ${id}`);
        const old = secrets.seal(secrets.open(row.sealed, currentContext(id)), previousContext(id));
        const fresh = secrets.seal(newCallbackSecret(), currentContext(id));
        await tx.run(SQL.rotate, [id, fresh, old, new Date(clock.now() + keepOldForHours * HOUR_MS)]);
      });
      signing.clear();
      return existing(id);
    },
    async createKey(accountId, { name, scopes }) {
      if (scopes.length === 0)
        throw new AppError('parameter.invalid', `give at least one of ${SCOPES.join(', ')}`, { field: 'scopes' });
      const { id, key, secretSha256 } = newApiKey();
      await existing(accountId);
      await database.run(SQL.insertKey, [id, accountId, name, secretSha256, [...new Set(scopes)]]);
      return { id, key };
    },
    async revokeKey(accountId, keyId) {
      const revoked = await database.run(SQL.revokeKey, [accountId, keyId]);
      liveKeys.clear();
      return revoked === 1;
    },
    listKeys: (accountId) => database.rows<ApiKey>(SQL.listKeys, [accountId]),
    authenticate,
    async authenticateBasic(login, password) {
      const caller = await authenticate(password);
      return caller?.accountName === login ? caller : null;
    },
  };
}

const currentContext = (id: number): string => `account.callback_secret ${id}`;
const previousContext = (id: number): string => `account.previous_callback_secret ${id}`;
const newCallbackSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;

function checkName(name: string): void {
  // A colon would end the login of Basic authorization (RFC 7617); control characters could not be typed there.
  if (!/^[^\p{Cc}:]{1,100}$/u.test(name) || name.trim() !== name) {
    throw new AppError('parameter.invalid', 'a name has 1 to 100 characters, no colon, and no space at its ends', {
      field: 'name',
    });
  }
}

function checkUrl(field: string, url: string | null | undefined): void {
  if (url === null || url === undefined) return;
  const parsed = url.length <= URL_CHARACTERS_MAX ? URL.parse(url) : null;
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new AppError('parameter.invalid', `${field} must be an http or https URL of at most ${URL_CHARACTERS_MAX} characters`, {
      field,
    });
  }
}
