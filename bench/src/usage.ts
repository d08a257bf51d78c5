import { readFile } from 'node:fs/promises';

/** What a process takes, as Linux counts it. */
export interface Usage {
  /** Memory in RAM, MiB. */
  memoryMiB: number;
  /** Processor time of all its threads since it began, ms. */
  processorMs: number;
}

const MS_PER_TICK = 10; // USER_HZ is 100 on every Linux that Node runs on

/** Null where the system has no /proc. */
export async function usageOf(pid: number): Promise<Usage | null> {
  const [status, stat] = await Promise.all(
    ['status', 'stat'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => null)),
  );
  if (status == null || stat == null) return null;
  // proc(5): fields 14 and 15 are utime and stime; the second, a name in brackets, may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    memoryMiB: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024,
    processorMs: (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK,
  };
}

/** The processor time in between, and the memory at the end. */
export function usageSince(before: Usage | null, after: Usage | null): Usage | null {
  if (before === null || after === null) return null;
  return { memoryMiB: after.memoryMiB, processorMs: after.processorMs - before.processorMs };
}
