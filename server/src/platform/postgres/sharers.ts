import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The processes that use one cluster, a small file for each: the last one to leave stops it. */
export interface Sharers {
  /** Enters us; the returned function takes us out again and answers whether others are left. */
  enter(): Promise<() => Promise<{ othersLeft: boolean }>>;
}

/** `folder` is made when needed. Callers hold the cluster's lock. */
export function createSharers(folder: string): Sharers {
  return {
    async enter() {
      await mkdir(folder, { recursive: true });
      const own = `${process.pid}-${randomUUID()}`;
      await writeFile(join(folder, own), await birthOf(process.pid));
      return async () => {
        await rm(join(folder, own), { force: true });
        return { othersLeft: await anyAlive(folder) };
      };
    },
  };
}

/** Files of processes that ended without leaving are removed on the way. */
async function anyAlive(folder: string): Promise<boolean> {
  let alive = false;
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const pid = Number.parseInt(name, 10);
    const birth = await readFile(file, 'utf8');
    if (isAlive(pid) && (await birthOf(pid)) === birth) alive = true;
    else await rm(file, { force: true });
  }
  return alive;
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When the process began, in the kernel's ticks: tells it from a later one with the same number. Empty where unknown. */
async function birthOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // Field 22, counted after the command name in parentheses, which may hold spaces (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? 'ended' : (fields[19] ?? ''); // a zombie still has its number, and nothing else
}
