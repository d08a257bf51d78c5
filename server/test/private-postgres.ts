import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '../src/platform/postgres/postgres.ts';

export interface PrivatePostgres {
  url: string;
  /** Removes its folder too. */
  stop(): Promise<void>;
}

const FOLDER_PREFIX = 'soroka-test-run-';
const OWN_FILE = fileURLToPath(import.meta.url);
const RETRY_AFTER_MS = 50;

/** A PostgreSQL in a temporary folder. It goes with this process, also when vitest is stopped before it can tear down. */
export async function startPrivatePostgres(): Promise<PrivatePostgres> {
  await removeLeftovers();
  const folder = await mkdtemp(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`));
  await chmod(folder, 0o755); // as root, PostgreSQL runs as another account
  // On Ctrl-C and SIGTERM vitest exits at once, without its teardown: another process has to do it.
  const cleanUp = () => {
    spawn(process.execPath, [OWN_FILE, String(process.pid)], { detached: true, stdio: 'ignore' }).unref();
  };
  process.once('exit', cleanUp);
  const postgres = await open(folder);
  return {
    url: postgres.url,
    async stop() {
      await postgres.stop();
      process.removeListener('exit', cleanUp);
    },
  };
}

async function open(folder: string): Promise<PrivatePostgres> {
  const postgres = await startPostgres({ dataFolder: folder, log: () => {}, onProgress: () => {} });
  return {
    url: postgres.url,
    async stop() {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Takes over and stops what ended runs left behind; a run that was killed hard could not do it itself. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(FOLDER_PREFIX) || isRunning(Number.parseInt(name.slice(FOLDER_PREFIX.length), 10))) continue;
    const folder = join(tmpdir(), name);
    const owner = await stat(folder).catch(() => null); // another run may be clearing up too
    if (owner !== null && owner.uid === (process.getuid?.() ?? owner.uid)) await open(folder).then(({ stop }) => stop());
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

if (process.argv[1] === OWN_FILE) {
  const runPid = Number(process.argv[2]);
  while (isRunning(runPid)) await wait(RETRY_AFTER_MS);
  await removeLeftovers();
}
