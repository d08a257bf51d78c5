/** How fast something goes when each of `workers` begins anew as soon as it has ended. */
export interface Throughput {
  /** Ends in the measured time, per second. */
  perSecond: number;
  /** How long each took that ended in the measured time, ms. */
  durations: readonly number[];
  /** All that were done, the warm-up included. */
  done: number;
}

/** The first `warmUpSeconds` are not measured: code is compiled and caches are filled then. Rejects with the first failure. */
export async function closedLoop(
  load: { workers: number; warmUpSeconds: number; seconds: number },
  work: () => Promise<unknown>,
): Promise<Throughput> {
  const measuredFrom = performance.now() + load.warmUpSeconds * 1_000;
  const measuredTo = measuredFrom + load.seconds * 1_000;
  const durations: number[] = [];
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let startedAt = performance.now(); startedAt < measuredTo; ) {
      await work();
      done += 1;
      const endedAt = performance.now();
      if (endedAt >= measuredFrom && endedAt < measuredTo) durations.push(endedAt - startedAt);
      startedAt = endedAt;
    }
  };
  await Promise.all(Array.from({ length: load.workers }, worker));
  return { perSecond: durations.length / load.seconds, durations, done };
}
