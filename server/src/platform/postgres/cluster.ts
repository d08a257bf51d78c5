import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, open, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Account, canReach } from './account.ts';
import { type Binaries, program } from './binaries.ts';
import { LocalPostgresError } from './local-postgres-error.ts';
import { runProgram } from './programs.ts';

/** Where everything of one cluster is. */
export interface ClusterPlace {
  /** `<data folder>/postgres`, or a folder under /var/lib/soroka that the file `location` there names. */
  home: string;
  /** PostgreSQL's own data directory. */
  cluster: string;
  /** The superuser's password, readable for us only, always in the data folder. */
  passwordFile: string;
}

const UNFINISHED = 'cluster-unfinished-';
export const SUPERUSER = 'soroka';
/** Where clusters and copies of programs live that the account cannot reach elsewhere. */
export const SHARED_FOLDER = '/var/lib/soroka';

/** Finds the cluster of the data folder or the place for a new one, and makes its folders. */
export async function placeOf(dataFolder: string, account: Account | null): Promise<ClusterPlace> {
  const own = join(dataFolder, 'postgres');
  await mkdir(own, { recursive: true });
  const place = (home: string) => ({ home, cluster: join(home, 'cluster'), passwordFile: join(own, 'password') });
  const locationFile = join(own, 'location');
  const elsewhere = (await readFile(locationFile, 'utf8').catch(() => '')).trim();
  if (elsewhere !== '') return place(elsewhere);
  if (account === null || (await exists(join(own, 'cluster'))) || (await canReach(account, own))) return place(own);

  const home = await freeFolder(await realpath(dataFolder));
  await writeFile(locationFile, `${home}\n`);
  return place(home);
}

/** A folder under /var/lib/soroka named after the data folder; numbered, where one of a removed data folder is still there. */
async function freeFolder(dataFolder: string): Promise<string> {
  const digest = createHash('sha256').update(dataFolder).digest('hex').slice(0, 12);
  const name = `${basename(dirname(dataFolder)).replaceAll(/[^\w-]/g, '') || 'data'}-${digest}`;
  await mkdir(SHARED_FOLDER, { recursive: true });
  await chmod(SHARED_FOLDER, 0o755);
  for (let number = 1; ; number += 1) {
    const folder = join(SHARED_FOLDER, number === 1 ? name : `${name}-${number}`);
    if (await exists(folder)) continue;
    await mkdir(folder);
    await chmod(folder, 0o755); // whatever the umask: the account passes through
    return folder;
  }
}

/** The major version that made the cluster, or null where there is none yet. */
export async function versionOf(place: ClusterPlace): Promise<number | null> {
  const text = await readFile(join(place.cluster, 'PG_VERSION'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : Number.parseInt(text, 10);
}

/** Makes an empty cluster: UTF-8, data checksums, password for everybody. */
export async function createCluster(place: ClusterPlace, binaries: Binaries, account: Account | null): Promise<void> {
  const password = randomBytes(24).toString('base64url');
  await writeFile(place.passwordFile, `${password}\n`, { mode: 0o600, flush: true });
  // Under another name until it is whole: an initdb that was cut off leaves nothing that looks like a cluster. A name of its
  // own each time: the initdb of a killed Soroka may still be at work, and clears its folder when that is gone.
  for (const name of await readdir(place.home)) {
    if (name.startsWith(UNFINISHED)) await rm(join(place.home, name), { recursive: true, force: true, maxRetries: 10 });
  }
  const unfinished = join(place.home, UNFINISHED + randomUUID());
  await mkdir(unfinished, { mode: 0o700 });
  const handedOver = join(place.home, 'initial-password');
  await rm(handedOver, { force: true });
  await writeFile(handedOver, `${password}\n`, { mode: 0o600, flag: 'wx' });
  if (account !== null) {
    await chown(unfinished, account.uid, account.gid);
    await chown(handedOver, account.uid, account.gid);
  }
  try {
    const args = [
      '-D',
      unfinished,
      '-U',
      SUPERUSER,
      '-A',
      'scram-sha-256',
      '--pwfile',
      handedOver,
      '-E',
      'UTF8',
      '-k',
      '--no-instructions',
    ];
    await initialize(binaries, args, { account, cwd: place.home });
  } finally {
    await rm(handedOver, { force: true });
  }
  await rename(unfinished, place.cluster);
}

/** Sorts bytewise, and knows the letters of all languages: Russian search folds case by it. */
async function initialize(
  binaries: Binaries,
  args: readonly string[],
  options: { account: Account | null; cwd: string },
): Promise<void> {
  // 17 brought its own C.UTF-8; before, the system must have one, which is named differently here and there.
  const locales =
    binaries.major >= 17
      ? [['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']]
      : ['C.UTF-8', 'en_US.UTF-8'].map((name) => ['--locale=C', `--lc-ctype=${name}`]);
  let output = '';
  for (const locale of locales) {
    const result = await runProgram(program(binaries, 'initdb'), [...args, ...locale], options);
    if (result.code === 0) return;
    output = result.output;
  }
  throw new LocalPostgresError('postgres.failed', `initdb could not make a database in ${options.cwd}: ${output}`);
}

/** The superuser's password. Throws `data.access` where the file is gone: without it nobody gets in. */
export async function passwordOf(place: ClusterPlace): Promise<string> {
  return (
    await readFile(place.passwordFile, 'utf8').catch((cause: unknown) => {
      throw new LocalPostgresError(
        'data.access',
        `The database's password cannot be read from ${place.passwordFile}: put the file back, or set SOROKA_DATA to another folder.`,
        { cause },
      );
    })
  ).trim();
}

/** A log that the account may write, started anew when it has grown large. */
export async function prepareLog(place: ClusterPlace, account: Account | null): Promise<string> {
  const file = join(place.home, 'postgres.log');
  const size = await stat(file).then(
    ({ size }) => size,
    () => 0,
  );
  if (size > LOG_BYTES_MAX) await rename(file, `${file}.1`);
  const handle = await open(file, 'a', 0o600);
  try {
    if (account !== null) await handle.chown(account.uid, account.gid);
  } finally {
    await handle.close();
  }
  return file;
}
const LOG_BYTES_MAX = 10 * 1024 * 1024;

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
