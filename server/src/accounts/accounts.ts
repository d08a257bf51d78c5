import { createAgedCache } from '../platform/aged-cache.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { Secrets } from '../platform/secrets.ts';
import { type ApiKeys, type Caller, createApiKeys } from './api-keys.ts';
import { createSigning, currentContext, newCallbackSecret, type Signing } from './signing.ts';

export { type ApiKey, type Caller, SCOPES, type Scope } from './api-keys.ts';

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

export interface AccountUrls {
  statusUrl?: string | null;
  incomingUrl?: string | null;
}

export interface Accounts extends ApiKeys, Pick<Signing, 'signingSecrets'> {
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
  /** A new secret for callbacks; the old one signs too for `keepOldForHours`. */
  rotateCallbackSecret(id: number, options: { keepOldForHours: number }): Promise<Account>;
}

const DEFAULTS_AGE_MAX_MS = 1_000;
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
} as const;

/** What holds for messages that say nothing of it themselves. */
type Defaults = Pick<Account, 'statusUrl' | 'incomingUrl' | 'quietHours'>;

/** `keyAliases` are keys known to this process alone, by their whole text; the demo world has one, a real server none. */
export function createAccounts(parts: {
  database: Database;
  secrets: Secrets;
  clock: Clock;
  keyAliases?: ReadonlyMap<string, Caller>;
}): Accounts {
  const { database, secrets, clock, keyAliases } = parts;
  const signing = createSigning({ database, secrets, clock });
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
  const keys = createApiKeys({ database, clock, keyAliases, accountExists: async (id) => void (await existing(id)) });

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
    signingSecrets: signing.signingSecrets,
    async rotateCallbackSecret(id, options) {
      await signing.rotate(id, options);
      return existing(id);
    },
    ...keys,
  };
}

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
