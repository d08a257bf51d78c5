import { setTimeout as wait } from 'node:timers/promises';

export interface Load {
  perSecond: number;
  seconds: number;
}

// Of Node's timers: what is due within one is launched together.
const TICK_MS = 1;

/**
 * Launches `send` at a fixed rate, whether or not earlier ones have been answered: a server that stalls is not asked less.
 * `dueAt` is when each should have begun, by `performance.now()`: count from there, and the stall is in the figures. Resolves
 * when all have ended; rejects with the first that failed.
 */
export async function openLoop(load: Load, send: (index: number, dueAt: number) => Promise<void>): Promise<void> {
  const total = load.perSecond * load.seconds;
  const startedAt = performance.now();
  const dueAtOf = (index: number): number => startedAt + (index * 1_000) / load.perSecond;
  const sent: Promise<void>[] = [];
  while (sent.length < total) {
    while (sent.length < total && dueAtOf(sent.length) <= performance.now()) sent.push(send(sent.length, dueAtOf(sent.length)));
    await wait(TICK_MS);
  }
  await Promise.all(sent);
}
