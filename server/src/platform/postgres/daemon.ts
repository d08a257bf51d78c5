import { readFile, readlink, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import type { Account } from './account.ts';
import { type Binaries, program } from './binaries.ts';
import { type ClusterPlace, prepareLog, SUPERUSER } from './cluster.ts';
import { LocalPostgresError } from './local-postgres-error.ts';
import { runProgram } from './programs.ts';
import { isAlive } from './sharers.ts';

/** What is needed to run a cluster. */
export interface Daemon {
  place: ClusterPlace;
  binaries: Binaries;
  account: Account | null;
  password: string;
}

const HOST = '127.0.0.1';
const START_TIMEOUT_S = 120; // recovery after a crash included
const STOP_TIMEOUT_S = 60;
const RETRY_AFTER_MS = 100;
/** For 2 cores and a machine that does other things too; fsync and the rest stay as PostgreSQL has them. */
const SETTINGS = {
  shared_buffers: '256MB',
  max_connections: 100,
  max_wal_size: '1GB',
  // Plans made while a table was new are kept until it is analyzed, and queues leave dead rows: a minute, PostgreSQL's own, is long for both.
  autovacuum_naptime: '5s',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/**
 * Makes sure that PostgreSQL runs on the cluster and lets us in: takes over one that a killed Soroka left behind, stops one
 * that does not answer us, starts it otherwise. Returns its port. Throws `postgres.failed` with the last words of its log.
 */
export async function ensureRunning(daemon: Daemon): Promise<{ port: number; takenOver: boolean }> {
  const deadline = Date.now() + START_TIMEOUT_S * 1_000;
  for (;;) {
    const left = await postmasterOf(daemon.place);
    if (left === null) {
      const port = await start(daemon, Date.now() > deadline);
      if (port !== null) return { port, takenOver: false };
    } else {
      const answer = left.port === null ? 'busy' : await ask(daemon, left.port);
      if (answer === 'ours') return { port: left.port as number, takenOver: true };
      if (answer === 'stranger' || Date.now() > deadline) await stop(daemon);
    }
    await wait(RETRY_AFTER_MS);
  }
}

/** Fast shutdown: sessions end, a checkpoint is written. Answers when PostgreSQL is gone. */
export async function stop({ place, binaries, account }: Daemon): Promise<void> {
  for (const mode of ['fast', 'immediate']) {
    const args = ['stop', '-D', place.cluster, '-m', mode, '-w', '-t', String(STOP_TIMEOUT_S)];
    const { code, output } = await runProgram(program(binaries, 'pg_ctl'), args, { account, cwd: place.home });
    if (code === 0 || (await postmasterOf(place)) === null) return;
    if (mode === 'immediate')
      throw new LocalPostgresError('postgres.failed', `PostgreSQL in ${place.cluster} does not stop: ${output}`);
  }
}

/**
 * What a moment mends: the port was taken in between, the last sessions of a killed server are still ending, or a start that
 * a killed Soroka ordered goes on.
 */
const PASSING = /Address already in use|could not bind|shared memory block .* still in use|lock file .* already exists/;

/** The port; null where it is worth another try. */
async function start(daemon: Daemon, isLastTry: boolean): Promise<number | null> {
  const { place, binaries, account } = daemon;
  const log = await prepareLog(place, account);
  const port = await choosePort(place);
  const logStartsAt = (await stat(log)).size;
  const args = ['start', '-D', place.cluster, '-l', log, '-w', '-t', String(START_TIMEOUT_S), '-o', serverOptions(port)];
  const { code, output } = await runProgram(program(binaries, 'pg_ctl'), args, { account, cwd: place.home });
  if (code === 0) return port;
  const said = (await readFile(log)).subarray(logStartsAt).toString('utf8');
  if (PASSING.test(said) && !isLastTry) return null;
  const reason = /^.*(?:FATAL|PANIC|ERROR):\s*(.*)$/m.exec(said)?.[1] ?? output;
  throw new LocalPostgresError('postgres.failed', `PostgreSQL does not start: ${reason} (its log: ${log})`);
}

function serverOptions(port: number): string {
  const nothing = process.platform === 'win32' ? '""' : "''";
  const settings = Object.entries(SETTINGS).map(([name, value]) => `-c ${name}=${value}`);
  // No socket file: its default folder is often not writable for the account, and one address is enough.
  return [`-p ${port}`, `-c listen_addresses=${HOST}`, `-c unix_socket_directories=${nothing}`, ...settings].join(' ');
}

/** The port of last time when it is free, so that saved connection strings keep working; else a new one. */
async function choosePort(place: ClusterPlace): Promise<number> {
  const file = join(place.home, 'port');
  const last = Number.parseInt(await readFile(file, 'utf8').catch(() => '0'), 10);
  const port = (await freePort(last)) ?? (await freePort(0));
  if (port === null) throw new LocalPostgresError('postgres.failed', `No port is free on ${HOST} for PostgreSQL.`);
  if (port !== last) await writeFile(file, `${port}\n`);
  return port;
}

function freePort(wanted: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(wanted, HOST, () => {
      const address = server.address();
      const port = typeof address === 'object' ? (address?.port ?? null) : null;
      server.close(() => resolve(port));
    });
  });
}

/**
 * The PostgreSQL that runs on this cluster by its postmaster.pid; its port is null before it has written one. Null where none
 * runs. A file that a killed server left is removed when its number belongs to another program by now: PostgreSQL would
 * refuse to start.
 */
async function postmasterOf(place: ClusterPlace): Promise<{ pid: number; port: number | null } | null> {
  const file = join(place.cluster, 'postmaster.pid');
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  const pid = Number.parseInt(lines[0] ?? '', 10);
  if (Number.isNaN(pid) || !isAlive(pid)) return null;
  if (process.platform === 'linux') {
    // Every process of PostgreSQL works in its data directory. A zombie has none.
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => null);
    if (folder !== (await realpath(place.cluster))) {
      await rm(file, { force: true });
      return null;
    }
  }
  const port = Number.parseInt(lines[3] ?? '', 10); // storage/pidfile.h, LOCK_FILE_LINE_PORT
  return { pid, port: Number.isNaN(port) ? null : port };
}

async function ask(daemon: Daemon, port: number): Promise<'ours' | 'busy' | 'stranger'> {
  const client = new pg.Client({ connectionString: urlOf(daemon, port, 'postgres'), connectionTimeoutMillis: 5_000 });
  client.on('error', () => {}); // a connection that breaks later; the query's own error is caught below
  try {
    await client.connect();
    const { rows } = await client.query<{ folder: string }>("select current_setting('data_directory') as folder");
    return (await realpath(rows[0]?.folder ?? '/')) === (await realpath(daemon.place.cluster)) ? 'ours' : 'stranger';
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === '53300') return 'ours'; // all connections are in use: it works for another process
    // Anything else passes: starting, stopping or recovering (57P03), a refused or silent connection.
    return code === '28P01' || code === '28000' ? 'stranger' : 'busy';
  } finally {
    await client.end().catch(() => {});
  }
}

export function urlOf({ password }: Pick<Daemon, 'password'>, port: number, database: string): string {
  return `postgresql://${SUPERUSER}:${encodeURIComponent(password)}@${HOST}:${port}/${database}`;
}
