import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SIMULATOR = join(ROOT, 'simulator/bin/soroka-simulator.mjs');
const SERVER = join(ROOT, 'server/src/main.ts');
const COMMAND_LINE = join(ROOT, 'server/bin/soroka.mjs');
const STARTS_WITHIN_MS = 60_000;
const DATABASE_CONNECTIONS_MAX = 16;

/** `api` takes messages and sends none, `callbacks` only calls customers back; `all` is a server as it comes. */
export type Roles = 'api' | 'callbacks' | 'all';
const ROLES: Readonly<Record<Roles, string>> = {
  api: 'api',
  callbacks: 'callbacks',
  all: 'api,intake,dispatch,callbacks,jobs',
};

export interface Program {
  url: string;
  stop(): Promise<void>;
}

/** The simulator and servers of the demo world, as processes of their own, on one PostgreSQL in a temporary folder. */
export interface Town extends AsyncDisposable {
  simulatorUrl: string;
  dataFolder: string;
  /** Takes messages only; it runs all the time, and keeps PostgreSQL running. */
  api: Program;
  database: pg.Pool;
  /** One more server. It is stopped with the town at the latest. */
  startServer(roles: Roles): Promise<Program>;
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
  const startServer = async (roles: Roles): Promise<Program> => {
    const server = await startProgram([...profiling, SERVER, 'demo-server'], {
      PORT: '0',
      SOROKA_METRICS_PORT: '0',
      SIMULATOR_PORT: new URL(simulator.url).port,
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
  const database = new pg.Pool({ connectionString: stdout.trim(), max: DATABASE_CONNECTIONS_MAX });
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
    startServer,
    control,
    async clear() {
      await database.query(
        'truncate message, delivery, sent_message, day_window, idempotency_key, dispatch_event, callback, callback_delivered, callback_call, callback_endpoint, raw_event, unmatched_receipt, dialog cascade',
      );
      await control('/reset', {});
    },
  };
}

/** Without the settings that somebody made for servers of their own. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(SOROKA_|DATABASE_URL$|PORT$|SIMULATOR_PORT$|LOG_LEVEL$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** Starts a program on this Node and waits for the line that holds its address. */
async function startProgram(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Program> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...ownEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    const fail = (what: string): void => reject(new Error(`${args.at(-1)} ${what}:\n${output}`));
    const timer = setTimeout(() => fail(`did not start in ${STARTS_WITHIN_MS} ms`), STARTS_WITHIN_MS);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        output += `${line}\n`;
        const address = /https?:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
        if (address === undefined) return;
        clearTimeout(timer);
        resolve(address);
      });
    }
    void exited.then((code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  }).catch(async (error) => {
    await end(child, exited);
    throw error;
  });
  return { url, stop: () => end(child, exited) };
}

async function end(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  await exited;
}
