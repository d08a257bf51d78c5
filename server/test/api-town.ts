import { type Simulator, startSimulator } from '@soroka/simulator';
import { type Account, createAccounts } from '../src/accounts/accounts.ts';
import { systemClock } from '../src/platform/clock.ts';
import { readConfig, readSecretKey } from '../src/platform/config.ts';
import { type Database, openDatabase } from '../src/platform/database.ts';
import { createSecrets } from '../src/platform/secrets.ts';
import { type RunningServer, start } from '../src/start.ts';
import { testDatabase } from './database.ts';

export interface TownAnswer {
  status: number;
  text: string;
  /** The text as JSON; undefined where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  body: any;
}

/** The whole server with the demo world beside a simulator, called over HTTP. */
export interface ApiTown extends AsyncDisposable {
  url: string;
  simulator: Simulator;
  database: Database;
  /** With all scopes, in the account `demo`. */
  demoKey: string;
  /** Another account, with a key of all scopes. */
  newAccount(name: string): Promise<{ account: Account; key: string }>;
  /** `body` goes as JSON. `authorization`: the whole header; absent: the demo's key, null: none. */
  call(method: string, path: string, body?: unknown, authorization?: string | null): Promise<TownAnswer>;
}

export async function startApiTown(): Promise<ApiTown> {
  const [made, simulator] = await Promise.all([testDatabase(), startSimulator()]);
  const config = readConfig({
    DATABASE_URL: made.url,
    SOROKA_SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
    SOROKA_HOST: '127.0.0.1',
    SOROKA_METRICS_PORT: 'off',
    LOG_LEVEL: 'silent',
    PORT: '0',
  });
  const database = openDatabase(made.url, { connectionsMax: 2 });
  const secrets = createSecrets(await readSecretKey(config));
  const accounts = createAccounts({ database, secrets, clock: systemClock });
  const server: RunningServer = await start(config, { demo: { simulatorUrl: simulator.url } });
  return {
    url: server.url,
    simulator,
    database,
    demoKey: 'demo',
    async newAccount(name) {
      const account = await accounts.create(name);
      const { key } = await accounts.createKey(account.id, { name: 'all', scopes: ['send', 'read', 'admin'] });
      return { account, key };
    },
    async call(method, path, body, authorization = 'Key demo') {
      const response = await fetch(server.url + path, {
        method,
        headers: {
          ...(authorization === null ? {} : { authorization }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, text, body: parsed(text) };
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await simulator.stop();
      await database.close();
      await made.drop();
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
