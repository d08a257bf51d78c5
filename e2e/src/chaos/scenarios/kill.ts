import { setTimeout as wait } from 'node:timers/promises';
import type { Trouble } from '../scenario.ts';
import type { Server } from '../site.ts';

/** As a supervisor does it. */
export const STARTED_AGAIN_AFTER_MS = 1_000;

/** kill -9; the server is started again while every lane must come back, the time of which is looked at for `watchMs`. */
export async function killAndWatch({ recover }: Pick<Trouble, 'recover'>, victim: Server, watchMs: number): Promise<void> {
  await victim.end('SIGKILL');
  const startAgain = wait(STARTED_AGAIN_AFTER_MS).then(() => victim.start());
  await Promise.all([recover(watchMs), startAgain]);
}
