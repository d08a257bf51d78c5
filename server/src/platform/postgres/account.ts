import { readFile, stat } from 'node:fs/promises';
import { LocalPostgresError } from './local-postgres-error.ts';
import { runProgram } from './programs.ts';

/** A system account other than ours that runs PostgreSQL. */
export interface Account {
  uid: number;
  gid: number;
}

// `postgres` comes with every distribution's package; `nobody` is on every Linux.
const PREFERRED = ['postgres', 'nobody'];

/**
 * Who runs a new cluster: null for ourselves. PostgreSQL refuses to run as root, so root lends it an existing account:
 * `postgres`, else `nobody`. Throws `postgres.missing` where there is neither.
 */
export async function accountForPostgres(): Promise<Account | null> {
  if (!isRoot()) return null;
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
  for (const wanted of PREFERRED) {
    const [, , uid, gid] = lines.find(([name]) => name === wanted) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new LocalPostgresError(
    'postgres.missing',
    'PostgreSQL does not run as root, and there is neither an account "postgres" nor "nobody" to run it: start Soroka as another user, or set DATABASE_URL.',
  );
}

/** Who runs a cluster that is there: its owner, or null for ourselves. Throws `data.access` where root owns it. */
export async function ownerOf(clusterFolder: string): Promise<Account | null> {
  if (!isRoot()) return null;
  const { uid, gid } = await stat(clusterFolder);
  if (uid !== 0) return { uid, gid };
  throw new LocalPostgresError(
    'data.access',
    `The database in ${clusterFolder} belongs to root, and PostgreSQL does not run as root: give it to another account, chown -R postgres ${clusterFolder}.`,
  );
}

/** Whether the account can enter the folder; asked as that account, because modes alone do not tell (ACLs, mounts). */
export async function canReach(account: Account, folder: string): Promise<boolean> {
  const { code } = await runProgram('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { account, cwd: '/' });
  return code === 0;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
