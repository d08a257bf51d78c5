import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { type Account, accountForPostgres, ownerOf } from './account.ts';
import { type ClusterPlace, createCluster, passwordOf, placeOf, SHARED_FOLDER, versionOf } from './cluster.ts';
import { type Daemon, ensureRunning, stop, urlOf } from './daemon.ts';
import { openDataFolder } from './data-folder.ts';
import { exclusively } from './exclusive.ts';
import { type BinarySource, findBinaries } from './find-binaries.ts';
import { LocalPostgresError } from './local-postgres-error.ts';
import { createSharers } from './sharers.ts';

export { openDataFolder } from './data-folder.ts';
export { LocalPostgresError, type LocalPostgresErrorCode } from './local-postgres-error.ts';

export interface LocalPostgresOptions {
  /** SOROKA_DATA; made where missing. */
  dataFolder: string;
  /** One event for the log, without secrets. */
  log: (event: { event: string; [field: string]: string | number | boolean }) => void;
  /** A sentence for the person who waits, when something takes longer than a moment. */
  onProgress: (sentence: string) => void;
  /** Where programs may come from, in order. Default: installed ones, then the npm package's. */
  binaries?: readonly BinarySource[];
}

export interface LocalPostgres {
  /** Of the database `soroka`, for its superuser. Holds the password: not for logs. */
  url: string;
  /** Leaves the cluster, and stops it when no other process of Soroka uses it. Answers when it is down. May be called twice. */
  stop(): Promise<void>;
}

const DATABASE = 'soroka';
const WRONG_PASSWORD = '28P01'; // SQLSTATE invalid_password

/**
 * Starts the private PostgreSQL of a data folder, or joins the one that another Soroka on the same folder runs. On loopback,
 * with a password, durable as PostgreSQL is by default. It outlives a kill of this process; the next start takes it over.
 * Throws `LocalPostgresError`.
 */
export async function startPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  await openDataFolder(options.dataFolder);
  const dataFolder = await realpath(options.dataFolder);
  const lock = join(dataFolder, 'postgres');
  return exclusively(lock, async () => {
    const daemon = await prepare(dataFolder, options);
    const leave = await createSharers(join(daemon.place.home, 'sharers')).enter();
    try {
      const { port, takenOver } = await ensureRunning(daemon);
      options.log({ event: 'postgres_running', port, takenOver, major: daemon.binaries.major, folder: daemon.place.cluster });
      await createDatabase(daemon, urlOf(daemon, port, 'postgres'));
      let stopped: Promise<void> | undefined;
      return {
        url: urlOf(daemon, port, DATABASE),
        stop() {
          stopped ??= exclusively(lock, async () => {
            const { othersLeft } = await leave();
            if (!othersLeft) await stop(daemon);
            options.log({ event: othersLeft ? 'postgres_left_to_others' : 'postgres_stopped', port });
          });
          return stopped;
        },
      };
    } catch (error) {
      const { othersLeft } = await leave();
      // A server that runs and that nobody can use must not stay behind.
      if (!othersLeft) await stop(daemon).catch(() => {});
      throw error;
    }
  });
}

async function prepare(dataFolder: string, options: LocalPostgresOptions): Promise<Daemon> {
  const preferred = await accountForPostgres();
  const { place, clusterMajor } = await findPlace(dataFolder, preferred);
  const account = clusterMajor === null ? preferred : await ownerOf(place.cluster);
  const sources = options.binaries ?? ['system', 'embedded'];
  const copiesFolder = account === null ? place.home : SHARED_FOLDER;
  const binaries = await findBinaries({ clusterMajor, account, sources, copiesFolder });
  if (clusterMajor === null) {
    options.onProgress(`Making a database (PostgreSQL ${binaries.major}) in ${place.home}`);
    await createCluster(place, binaries, account);
  }
  return { place, binaries, account, password: await passwordOf(place) };
}

async function findPlace(
  dataFolder: string,
  account: Account | null,
): Promise<{ place: ClusterPlace; clusterMajor: number | null }> {
  try {
    const place = await placeOf(dataFolder, account);
    return { place, clusterMajor: await versionOf(place) };
  } catch (cause) {
    const message = `The data folder ${dataFolder} cannot be used (${(cause as Error).message}): give it to the account that runs Soroka.`;
    throw new LocalPostgresError('data.access', message, { cause });
  }
}

async function createDatabase({ place }: Daemon, url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } catch (cause) {
    if ((cause as { code?: string }).code !== WRONG_PASSWORD) throw cause;
    const message = `PostgreSQL does not accept the password in ${place.passwordFile}: put the right file back, or set SOROKA_DATA to another folder.`;
    throw new LocalPostgresError('data.access', message, { cause });
  } finally {
    await client.end();
  }
}
