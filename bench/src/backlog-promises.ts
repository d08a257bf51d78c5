/** What a backlog of one size was found to cost; null: not measured with it. */
export interface BacklogCost {
  waiting: number;
  pinned: boolean;
  findP50Ms: number;
  diskBytesEach: number;
  workerMemoryMb: number | null;
  /** From the end of a pinned snapshot until less than 1 % of the rows were dead; infinite: not within the time that was waited. */
  cleanedAfterSeconds: number | null;
}

const FIND_TIMES_MAX = 1.5;
const DISK_BYTES_MAX = 600;
const WORKER_MB_MAX = 150;
const WORKER_GROWTH_MB_MAX = 30;
/** What a worker and a message may take is promised of at least as many. */
const MANY = 1_000_000;

/** Promises 12 and 16 of docs/proofs.md that do not hold, a sentence each; `costs` begin with the smallest, unpinned. */
export function brokenBacklogPromises(costs: readonly BacklogCost[]): string[] {
  const [first] = costs;
  if (first === undefined) return [];
  const check = (cost: BacklogCost): (string | false)[] => {
    const where = `with ${cost.waiting.toLocaleString('en')} waiting${cost.pinned ? ' and a pinned snapshot' : ''}`;
    const times = cost.findP50Ms / first.findP50Ms;
    const memoryMb = cost.workerMemoryMb ?? 0;
    const growthMb = memoryMb - (first.workerMemoryMb ?? memoryMb);
    return [
      times > FIND_TIMES_MAX &&
        `finding the due messages ${where} took ${times.toFixed(2)} times as long as with ${first.waiting.toLocaleString('en')}, not at most ${FIND_TIMES_MAX}`,
      cost.waiting >= MANY &&
        cost.diskBytesEach > DISK_BYTES_MAX &&
        `a waiting message took ${Math.round(cost.diskBytesEach)} bytes of disk ${where}, not at most ${DISK_BYTES_MAX}`,
      cost.waiting >= MANY &&
        memoryMb > WORKER_MB_MAX &&
        `a worker took ${Math.round(memoryMb)} MB ${where}, not at most ${WORKER_MB_MAX}`,
      growthMb > WORKER_GROWTH_MB_MAX &&
        `a worker took ${Math.round(growthMb)} MB more ${where} than with ${first.waiting.toLocaleString('en')}, not at most ${WORKER_GROWTH_MB_MAX}`,
      cost.cleanedAfterSeconds === Number.POSITIVE_INFINITY &&
        `1 % of the rows and more were still dead when it was no longer waited for, ${where}`,
    ];
  };
  return costs.flatMap(check).filter((sentence) => sentence !== false);
}
