/** What a run looked like at one moment. */
export interface Sample {
  /** By any clock, ms. */
  at: number;
  /** Memory of each server in RAM, MB (10^6 bytes), always in the same order. */
  memoryMb: readonly number[];
  tables: Readonly<Record<string, { bytes: number; deadRows: number }>>;
}

export interface Steadiness {
  /** Of the server whose memory grew most, by the straight line through its samples. */
  memoryMbPer10Min: number;
  /** The most rows of one table that waited to be cleaned away. */
  deadRowsMax: number;
  /** The table that grew most from the middle third of the time to the last: its largest size there, to that here. */
  growth: { table: string; times: number };
}

export const MEMORY_MB_PER_10_MIN_MAX = 1;
/** Pages are taken in steps, and cleaning up comes when it comes. */
export const GROWTH_TIMES_MAX = 1.25;
/** A table of a few pages may have twice as many. */
const BYTES_WORTH_LOOKING = 1_048_576;
const TEN_MIN_MS = 600_000;

/** What the samples from `warmedUpAt` on tell. Throws where they are fewer than six. */
export function steadinessOf(all: readonly Sample[], warmedUpAt: number): Steadiness {
  const samples = all.filter(({ at }) => at >= warmedUpAt);
  const third = Math.floor(samples.length / 3);
  if (third < 2) throw new Error(`${samples.length} samples after the warm-up tell nothing`);
  const [middle, last] = [samples.slice(third, 2 * third), samples.slice(2 * third)];
  const names = Object.keys(samples[0]?.tables ?? {});
  const largest = (own: readonly Sample[], table: string): number =>
    Math.max(BYTES_WORTH_LOOKING, ...own.map(({ tables }) => tables[table]?.bytes ?? 0));
  const growths = names.map((table) => ({ table, times: largest(last, table) / largest(middle, table) }));
  const slopes = (samples[0]?.memoryMb ?? []).map((_, server) =>
    slopeOf(samples.map(({ at, memoryMb }) => [at, memoryMb[server] ?? Number.NaN])),
  );
  return {
    memoryMbPer10Min: Math.max(...slopes) * TEN_MIN_MS,
    deadRowsMax: Math.max(...samples.flatMap(({ tables }) => Object.values(tables).map(({ deadRows }) => deadRows))),
    growth: growths.reduce((most, one) => (one.times > most.times ? one : most)),
  };
}

/** What was promised and is not so, a sentence each. */
export function unsteady({ memoryMbPer10Min, growth }: Steadiness): string[] {
  return [
    memoryMbPer10Min >= MEMORY_MB_PER_10_MIN_MAX &&
      `the memory of a server grew by ${memoryMbPer10Min.toFixed(1)} MB in 10 min, not by less than ${MEMORY_MB_PER_10_MIN_MAX}`,
    growth.times > GROWTH_TIMES_MAX &&
      `the table ${growth.table} grew ${growth.times.toFixed(2)} times from the middle third to the last, not at most ${GROWTH_TIMES_MAX}`,
  ].filter((sentence) => sentence !== false);
}

/** Of the straight line with the least squares, y per x. */
function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (axis: 0 | 1): number => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const products = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return products / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
