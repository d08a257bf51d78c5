import { join } from 'node:path';
import type { Account } from './account.ts';
import { runProgram } from './programs.ts';

/** A folder with `postgres`, `initdb` and `pg_ctl` that run. */
export interface Binaries {
  folder: string;
  /** 15, 18, … */
  major: number;
}

/** Ending of a program's file name. */
export const EXECUTABLE = process.platform === 'win32' ? '.exe' : '';

export const program = (binaries: Pick<Binaries, 'folder'>, name: 'postgres' | 'initdb' | 'pg_ctl'): string =>
  join(binaries.folder, name + EXECUTABLE);

/** The version of the programs in the folder, or null where they are not all there or do not run as that account. */
export async function inspectBinaries(folder: string, account: Account | null): Promise<Binaries | null> {
  const answers = await Promise.all(
    (['postgres', 'initdb', 'pg_ctl'] as const).map((name) =>
      runProgram(program({ folder }, name), ['--version'], { account, cwd: '/' }),
    ),
  );
  const major = /\(PostgreSQL\) (\d+)/.exec(answers[0]?.output ?? '')?.[1];
  return major !== undefined && answers.every(({ code }) => code === 0) ? { folder, major: Number(major) } : null;
}
