import { type Account, type Accounts, createAccounts } from '../accounts/accounts.ts';
import { createAudit } from '../audit/audit.ts';
import { type Connections, createConnections } from '../connections/connections.ts';
import { type Contacts, createContacts } from '../contacts/contacts.ts';
import { createOAuth, type OAuth } from '../oauth/oauth.ts';
import { systemClock } from '../platform/clock.ts';
import { type Config, readConfig, readSecretKey } from '../platform/config.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { migrate, pendingMigrations } from '../platform/migrations.ts';
import { startPostgres } from '../platform/postgres/postgres.ts';
import { createSecrets, type Secrets } from '../platform/secrets.ts';
import { createLogger } from '../platform/telemetry.ts';
import { createTemplates, type Templates } from '../templates/templates.ts';
import { type Surroundings, UsageError } from './command.ts';

/** A database with the modules that commands work on. */
export interface Workplace extends AsyncDisposable {
  config: Config;
  database: Database;
  accounts: Accounts;
  connections: Connections;
  templates: Templates;
  contacts: Contacts;
  oauth: OAuth;
  secrets: Secrets;
  databaseUrl: string;
  /** How others reach the server. */
  publicUrl: string;
  /** Adds a line to the audit log of what the command line has done; `object` as `sender:7`, `fields` by name. */
  noted(accountId: number, action: string, object: string, fields?: readonly string[]): Promise<void>;
  /** The account of that name, or the only one there is. */
  account(name: string | undefined): Promise<Account>;
}

/** A database that can be reached; a private PostgreSQL is shared with a server that runs on the same data folder. */
export interface DatabaseAccess extends AsyncDisposable {
  url: string;
}

export async function reachDatabase(config: Config, surroundings: Surroundings): Promise<DatabaseAccess> {
  if (config.DATABASE_URL !== undefined) return { url: config.DATABASE_URL, [Symbol.asyncDispose]: async () => {} };
  const postgres = await startPostgres({
    dataFolder: config.SOROKA_DATA,
    log: () => {}, // a command has no log: what matters comes as an error
    onProgress: surroundings.tell,
  });
  return { url: postgres.url, [Symbol.asyncDispose]: () => postgres.stop() };
}

/**
 * Opens the database of the configuration. A private one is brought up to date; one given by DATABASE_URL must be so already.
 * `demo` allows what only the demo world has; `mayBeBehind` leaves it to the caller to look at the migrations.
 */
export async function openWorkplace(
  surroundings: Surroundings,
  options: { demo?: boolean; mayBeBehind?: boolean } = {},
): Promise<Workplace> {
  const config = readConfig(surroundings.env);
  const reached = await reachDatabase(config, surroundings);
  try {
    const secrets = createSecrets(await readSecretKey(config));
    if (options.mayBeBehind !== true || config.DATABASE_URL === undefined) await bringUpToDate(config, reached.url);
    const database = openDatabase(reached.url, { connectionsMax: 2 });
    const common = { database, secrets, clock: systemClock };
    const accounts = createAccounts(common);
    const audit = createAudit(common);
    const publicUrl = config.SOROKA_PUBLIC_URL ?? `http://127.0.0.1:${config.PORT}`;
    const timeoutMs = config.SOROKA_SEND_TIMEOUT_MS;
    const connections = createConnections({
      ...common,
      publicUrl: () => publicUrl,
      sendTimeoutMs: timeoutMs,
      allowShortIntakeTokens: options.demo === true,
    });
    return {
      config,
      database,
      accounts,
      connections,
      templates: createTemplates(common),
      contacts: createContacts({ database }),
      oauth: createOAuth({ ...common, connections, publicUrl: () => publicUrl, log: createLogger('silent'), timeoutMs }),
      secrets,
      databaseUrl: reached.url,
      publicUrl,
      noted: (accountId, action, object, fields = []) =>
        audit.add({ accountId, actor: { kind: 'command' }, action, object, fields: [...fields].sort() }),
      account: (name) => findAccount(accounts, name),
      async [Symbol.asyncDispose]() {
        await connections.close();
        await database.close();
        await reached[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await reached[Symbol.asyncDispose]();
    throw error;
  }
}

async function bringUpToDate(config: Config, url: string): Promise<void> {
  if (config.DATABASE_URL === undefined) {
    await migrate(url);
    return;
  }
  const pending = await pendingMigrations(url);
  if (pending.length > 0) throw new Error(`The database lacks ${pending.join(', ')}: run "soroka migrate" first.`);
}

async function findAccount(accounts: Accounts, name: string | undefined): Promise<Account> {
  if (name !== undefined) {
    const account = await accounts.byName(name);
    if (account === null) throw new Error(`There is no account "${name}": make it with "soroka account create".`);
    return account;
  }
  const [only, ...others] = await accounts.list();
  if (only === undefined) throw new Error('There is no account yet: make one with "soroka account create NAME".');
  if (others.length === 0) return only;
  throw new UsageError(`--account must be given: there are ${[only, ...others].map((account) => account.name).join(', ')}.`);
}
