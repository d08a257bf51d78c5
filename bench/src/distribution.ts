/** Times in ms, of which 99 % were not longer than `p99`. NaN where there were none. */
export interface Distribution {
  count: number;
  p50: number;
  p99: number;
  max: number;
}

/** Nearest rank: each figure is one that was measured. */
export function distributionOf(values: readonly number[]): Distribution {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** The most that lie within any `windowMs` milliseconds, wherever these begin: t and t + windowMs are not in one window. */
export function mostInWindow(times: readonly number[], windowMs: number): number {
  const sorted = Float64Array.from(times).sort();
  let most = 0;
  let first = 0;
  for (const [index, time] of sorted.entries()) {
    while (time - (sorted[first] as number) >= windowMs) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

/**
 * Messages a second of a group that may send `max` at once: of those after the first `max`, over the time they took (the
 * burst at the start says nothing of the pace). NaN where there were no more than that.
 */
export function paceAfterBurst(times: readonly number[], max: number): number {
  const sorted = Float64Array.from(times).sort();
  const start = sorted[max];
  const end = sorted.at(-1);
  if (start === undefined || end === undefined) return Number.NaN;
  return ((sorted.length - max) * 1_000) / (end - start);
}
