import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../free-port.ts';

const HOST = '127.0.0.1';
const ASK_EVERY_MS = 50;
const UP_WITHIN_MS = 60_000;
/** As the server's private PostgreSQL has them; fsync and the rest stay as PostgreSQL has them. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  shared_buffers: '128MB',
  max_connections: '100',
  autovacuum_naptime: '5s',
  jit: 'off',
  timezone: 'UTC',
};

/** A folder that PostgreSQL runs on, and who may enter it. */
export interface ClusterPlace {
  folder: string;
  /** Of `postgres` and its tools. */
  binariesFolder: string;
  /** The superuser's name, password and database, as they stand in a URL. */
  credentials: { user: string; password: string; database: string };
}

/** A PostgreSQL whose every process is ours to stop, kill and start again. Its port stays. */
export interface Cluster extends AsyncDisposable {
  readonly url: string;
  /** Of the postmaster; throws where none runs. */
  pid(): number;
  isRunning(): boolean;
  /** Resolves when it takes connections, after recovery where one is needed. */
  start(): Promise<void>;
  /** `fast` ends sessions and writes a checkpoint; `kill` ends the postmaster by SIGKILL, and its processes by themselves. */
  stop(how: 'fast' | 'kill'): Promise<void>;
  /** Resolves when a connection is answered; fails after a minute. */
  untilUp(): Promise<void>;
  /** Its processes, the postmaster first. */
  pids(): Promise<number[]>;
}

export interface ClusterOptions {
  /** Beside those of all clusters. */
  settings?: Readonly<Record<string, string>>;
  env?: Readonly<Record<string, string>>;
}

export async function openCluster(place: ClusterPlace, { settings = {}, env = {} }: ClusterOptions = {}): Promise<Cluster> {
  const port = await freePort();
  const { user, password, database } = place.credentials;
  const url = `postgres://${user}:${password}@${HOST}:${port}/${database}`;
  const args = Object.entries({ ...SETTINGS, ...settings, port: String(port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const { uid, gid } = await stat(place.folder); // PostgreSQL does not run as root, and the folder is its account's
  let running: { child: ChildProcess; exited: Promise<unknown> } | null = null;

  const launch = async (): Promise<void> => {
    const log = await open(`${place.folder}.log`, 'a');
    const child = spawn(`${place.binariesFolder}/postgres`, ['-D', place.folder, ...args], {
      cwd: place.folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', log.fd, log.fd],
      ...(process.getuid?.() === 0 ? { uid, gid } : {}),
    });
    const own = { child, exited: once(child, 'exit') };
    running = own;
    const leaveNothing = (): boolean => child.kill('SIGQUIT'); // where we are interrupted
    process.once('exit', leaveNothing);
    void own.exited.then(() => {
      process.off('exit', leaveNothing);
      if (running === own) running = null;
    });
    await log.close();
  };
  const answers = async (): Promise<boolean> => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => {}); // it breaks while we ask: then it does not answer
    return client
      .connect()
      .then(() => client.query('select 1'))
      .then(
        () => true,
        () => false,
      )
      .finally(() => client.end().catch(() => {}));
  };
  const cluster: Cluster = {
    url,
    pid() {
      if (running?.child.pid === undefined) throw new Error(`no PostgreSQL runs on ${place.folder}`);
      return running.child.pid;
    },
    isRunning: () => running !== null,
    async start() {
      if (running === null) await launch();
      await cluster.untilUp();
    },
    async stop(how) {
      const stopping = running;
      if (stopping === null) return;
      stopping.child.kill(how === 'fast' ? 'SIGINT' : 'SIGKILL');
      await stopping.exited;
    },
    async untilUp() {
      const deadline = performance.now() + UP_WITHIN_MS;
      while (!(await answers())) {
        if (performance.now() > deadline)
          throw new Error(`PostgreSQL on ${place.folder} takes no connections: see its log beside it`);
        // The processes of a killed one end by themselves, and until then none starts beside them.
        if (running === null) await launch();
        await wait(ASK_EVERY_MS);
      }
    },
    async pids() {
      const postmaster = cluster.pid();
      const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', String(postmaster)]);
      return [postmaster, ...stdout.split('\n').filter(Boolean).map(Number)];
    },
    [Symbol.asyncDispose]: async () => {
      if (running === null) return;
      running.child.kill('SIGQUIT'); // at once: its folder goes with it
      await running.exited;
    },
  };
  return cluster;
}

/** Runs a program of the system to its end. Throws what it said where it failed. */
export async function run(program: string, args: readonly string[]): Promise<{ stdout: string }> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stderr || stdout}`);
  return { stdout };
}
