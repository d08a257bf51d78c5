import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { ownEnvironment, type Program, ROOT, startProgram } from './program.ts';

const SIMULATOR = join(ROOT, 'simulator/bin/soroka-simulator.mjs');
const SERVER = join(ROOT, 'server/src/main.ts');
const COMMAND_LINE = join(ROOT, 'server/bin/soroka.mjs');
const DATABASE_CONNECTIONS_MAX = 16;

/** `api` takes messages and sends none, `worker` sends and takes none, `callbacks` only calls customers back; `all` is a server as it comes. */
export type Roles = 'api' | 'worker' | 'callbacks' | 'all';
const ROLES: Readonly<Record<Roles, string>> = {
  api: 'api',
  worker: 'dispatch,callbacks,jobs',
  callbacks: 'callbacks',
  all: 'api,intake,dispatch,callbacks,jobs',
};

/** The simulator and servers of the demo world, as processes of their own, on one PostgreSQL in a temporary folder. */
export interface Town extends AsyncDisposable {
  simulatorUrl: string;
  dataFolder: string;
  /** Takes messages only; it runs all the time, and keeps PostgreSQL running. */
  api: Program;
  database: pg.Pool;
  /** Of its superuser; the peers have databases of their own beside ours. */
  databaseUrl: string;
  /** One more server, led to the simulator or to another network. It is stopped with the town at the latest. */
  startServer(roles: Roles, networkUrl?: string): Promise<Program>;
  /** The simulator's control API. */
  control(path: string, body?: object): Promise<unknown>;
  /** Forgets all messages, events and callbacks, there and here. No server but `api` may run. */
  clear(): Promise<void>;
}

export interface TownOptions {
  /** Servers write a CPU profile into it when they stop. */
  profileFolder?: string;
}

export async function startTown(options: TownOptions = {}): Promise<Town> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'soroka-bench-'));
  await chmod(dataFolder, 0o755); // so that as root, too, the account that runs PostgreSQL reaches it there
  const stops: (() => Promise<unknown>)[] = [() => rm(dataFolder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let part = stops.pop(); part !== undefined; part = stops.pop()) await part();
  };
  try {
    return { ...(await build(dataFolder, options, stops)), [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(
  dataFolder: string,
  { profileFolder }: TownOptions,
  stops: (() => Promise<unknown>)[],
): Promise<Omit<Town, keyof AsyncDisposable>> {
  const simulator = await startProgram([SIMULATOR, '--port', '0'], {});
  stops.push(simulator.stop);
  const profiling = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  const startServer: Town['startServer'] = async (roles, networkUrl = simulator.url) => {
    const server = await startProgram([...profiling, SERVER, 'demo-server'], {
      PORT: '0',
      SOROKA_METRICS_PORT: '0',
      SIMULATOR_PORT: new URL(networkUrl).port, // the demo world leads its upstream there at each start
      SOROKA_DATA: dataFolder,
      SOROKA_ROLES: ROLES[roles],
    });
    stops.push(server.stop);
    return server;
  };
  const api = await startServer('api');
  const { stdout } = await promisify(execFile)(process.execPath, [COMMAND_LINE, 'database', 'url'], {
    env: { ...ownEnvironment(), SOROKA_DATA: dataFolder },
  });
  const databaseUrl = stdout.trim();
  const database = new pg.Pool({ connectionString: databaseUrl, max: DATABASE_CONNECTIONS_MAX });
  database.on('error', () => {}); // an idle connection broke: the pool opens another, and a query that needs it says so
  stops.push(() => database.end());

  const control: Town['control'] = async (path, body) => {
    const response = await fetch(`${simulator.url}/control${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    });
    if (!response.ok) throw new Error(`/control${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  return {
    simulatorUrl: simulator.url,
    dataFolder,
    api,
    database,
    databaseUrl,
    startServer,
    control,
    async clear() {
      await database.query(
        'truncate message, delivery, sent_message, day_window, idempotency_key, dispatch_event, callback, callback_delivered, callback_call, callback_endpoint, raw_event, unmatched_receipt, dialog, dialog_message cascade',
      );
      await control('/reset', {});
    },
  };
}
