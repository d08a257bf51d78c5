import { parentPort, Worker } from 'node:worker_threads';
import { simulate } from './simulation.ts';

/** What came of the seeds of one block, from `from` on. */
export interface Block {
  from: number;
  seeds: number;
  events: number;
  sends: number;
  deaths: number;
  virtualMs: number;
  broken: readonly { seed: number; violations: readonly string[] }[];
}

const SEEDS_PER_BLOCK = 50;

export async function runBlock(from: number, seeds: number): Promise<Block> {
  const block = { from, seeds, events: 0, sends: 0, deaths: 0, virtualMs: 0, broken: [] as Block['broken'][number][] };
  for (let seed = from; seed < from + seeds; seed += 1) {
    const { events, sends, deaths, virtualMs, violations } = await simulate({ seed });
    block.events += events;
    block.sends += sends;
    block.deaths += deaths;
    block.virtualMs += virtualMs;
    if (violations.length > 0) block.broken.push({ seed, violations });
  }
  return block;
}

/** Runs the seeds in so many threads; `onBlock` hears of each block when it is done, in any order, and says whether to go on. */
export function runSeeds(parts: { from: number; count: number; threads: number; onBlock(block: Block): boolean }): Promise<void> {
  let next = parts.from;
  const end = parts.from + parts.count;
  let goesOn = true;
  const runThread = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url));
      const give = (): void => {
        if (!goesOn || next >= end) {
          void worker.terminate();
          resolve();
          return;
        }
        const seeds = Math.min(SEEDS_PER_BLOCK, end - next);
        worker.postMessage({ from: next, seeds });
        next += seeds;
      };
      worker.on('message', (block: Block) => {
        goesOn = parts.onBlock(block) && goesOn;
        give();
      });
      worker.on('error', reject);
      give();
    });
  return Promise.all(Array.from({ length: parts.threads }, runThread)).then(() => undefined);
}

parentPort?.on('message', ({ from, seeds }: { from: number; seeds: number }) => {
  void runBlock(from, seeds).then((block) => parentPort?.postMessage(block));
});
