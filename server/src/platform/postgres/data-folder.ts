import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalPostgresError } from './local-postgres-error.ts';

/** Grows when the layout of the data folder changes in a way that another version of Soroka would misread. */
const FORMAT = '1';

/**
 * Makes the data folder where it is missing and checks that this version understands it. Throws `data.version` where another
 * version wrote it, `data.access` where we may not use it.
 */
export async function openDataFolder(dataFolder: string): Promise<void> {
  const file = join(dataFolder, 'version');
  try {
    await mkdir(dataFolder, { recursive: true });
    const found = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (found === null) await writeFile(file, `${FORMAT}\n`);
    else if (found.trim() !== FORMAT) {
      throw new LocalPostgresError(
        'data.version',
        `The data folder ${dataFolder} has format ${found.trim()} and this Soroka reads format ${FORMAT}: use the version of Soroka that wrote it, or set SOROKA_DATA to another folder.`,
      );
    }
  } catch (error) {
    if (error instanceof LocalPostgresError) throw error;
    throw new LocalPostgresError(
      'data.access',
      `The data folder ${dataFolder} cannot be used (${(error as NodeJS.ErrnoException).code}): give it to the account that runs Soroka, or set SOROKA_DATA to another folder.`,
      { cause: error },
    );
  }
}
