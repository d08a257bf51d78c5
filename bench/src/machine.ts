import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Town } from './town.ts';

/** What the figures were taken on. */
export interface Machine {
  cores: number;
  cpu: string;
  memoryGiB: number;
  node: string;
  postgres: string;
  postgresSettings: string;
  /** One durable write of 8 kB, by pg_test_fsync. */
  fsync: string;
  /** Of the sources; `-changed` where files differ from it. */
  commit: string;
}

const SETTINGS = [
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'shared_buffers',
  'max_wal_size',
  'wal_sync_method',
  'autovacuum_naptime',
];

export async function describeMachine({ database, dataFolder }: Town): Promise<Machine> {
  const { rows } = await database.query<{ name: string; setting: string }>(
    `select name, current_setting(name) as setting from pg_settings where name = any($1)`,
    [[...SETTINGS, 'server_version']],
  );
  const settings = new Map(rows.map(({ name, setting }) => [name, setting]));
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    postgres: settings.get('server_version') ?? 'unknown',
    postgresSettings: SETTINGS.map((name) => `${name}=${settings.get(name)}`).join(' '),
    fsync: (await measureFsync(dataFolder)) ?? 'not measured: there is no pg_test_fsync here',
    commit: await commitOf(),
  };
}

async function commitOf(): Promise<string> {
  const git = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('git', args, { cwd: import.meta.dirname })).stdout.trim();
  try {
    const changed = (await git('status', '--porcelain', '--untracked-files=no')) !== '';
    return `${await git('rev-parse', '--short', 'HEAD')}${changed ? '-changed' : ''}`;
  } catch {
    return 'unknown'; // a copy without its history
  }
}

/** The line of fdatasync, which PostgreSQL uses on Linux, such as `7700 ops/s, 130 µs`; null where the program is not installed. */
async function measureFsync(folder: string): Promise<string | null> {
  const program = await findFsyncTest();
  if (program === null) return null;
  const file = join(folder, 'pg_test_fsync.out');
  const child = spawn(program, ['-s', '2', '-f', file], { stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  let found: string | null = null;
  for await (const line of createInterface({ input: child.stdout })) {
    const [, operations, microseconds] = /^\s*fdatasync\s+([\d.]+) ops\/sec\s+(\d+) usecs\/op/.exec(line) ?? [];
    if (operations === undefined) continue;
    found = `fdatasync ${Math.round(Number(operations))} ops/s, ${microseconds} µs`;
    child.kill('SIGINT'); // it removes its file; the other methods are not looked at
    break;
  }
  await exited;
  return found;
}

/** Debian keeps it off the path, beside the server of each version. */
async function findFsyncTest(): Promise<string | null> {
  const root = '/usr/lib/postgresql';
  const versions = await readdir(root).catch((): string[] => []);
  const folders = [...versions.map((version) => join(root, version, 'bin')), ...(process.env['PATH'] ?? '').split(':')];
  for (const folder of folders) {
    if ((await readdir(folder).catch((): string[] => [])).includes('pg_test_fsync')) return join(folder, 'pg_test_fsync');
  }
  return null;
}
