import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Scenario, Trouble } from '../scenario.ts';

const JUMPING_CLOCK = fileURLToPath(new URL('../jumping-clock.ts', import.meta.url));
/** What a step of NTP may be; and back again. */
const STEPS_MS = [5_000, 0, -5_000, 0];
/** What was written by a clock that ran ahead is due when the true time has come there. */
const BACK_WITHIN_MS = 7_000;
const WATCH_MS = 8_000;
/** Where Debian and Fedora put libfaketime. */
const FAKETIME_FILES = ['x86_64-linux-gnu', 'aarch64-linux-gnu', '.'].flatMap((machine) =>
  ['/usr/lib', '/usr/lib64'].map((root) => join(root, machine, 'faketime/libfaketime.so.1')),
);

/** What befalls clocks. */
export const CLOCK_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'server-clock': {
    summary: 'the wall clock of one of two servers jumps 5 s ahead, back, 5 s behind, and back',
    recoverWithinMs: BACK_WITHIN_MS,
    async run(trouble) {
      const file = join(trouble.folder, 'clock');
      await writeFile(file, '0');
      await trouble.startServer({ nodeArgs: ['--import', JUMPING_CLOCK], env: { SOROKA_CHAOS_CLOCK: file } });
      await trouble.startServer();
      await step(trouble, (aheadMs) => writeFile(file, String(aheadMs)));
    },
  },
  'database-clock': {
    summary: "PostgreSQL's clock jumps in the same way, by libfaketime",
    recoverWithinMs: BACK_WITHIN_MS,
    whyNot: async () =>
      (await faketime()) === null ? 'libfaketime is not installed (Debian: apt-get install libfaketime)' : null,
    async prepare(base) {
      const file = clockFileOf(base.folder);
      await writeFile(file, '+0');
      return {
        env: {
          LD_PRELOAD: (await faketime()) ?? '',
          FAKETIME_TIMESTAMP_FILE: file,
          FAKETIME_NO_CACHE: '1',
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
        },
      };
    },
    async run(trouble) {
      await trouble.startServer();
      await trouble.startServer();
      const file = clockFileOf(join(trouble.folder, '..'));
      await step(trouble, (aheadMs) => writeFile(file, `${aheadMs < 0 ? '' : '+'}${aheadMs / 1_000}`));
    },
  },
};

const clockFileOf = (folder: string): string => join(folder, 'database-clock');

async function step({ beginLoad, recover, say }: Trouble, setClock: (aheadMs: number) => Promise<void>): Promise<void> {
  await beginLoad();
  for (const aheadMs of STEPS_MS) {
    await setClock(aheadMs);
    say(`${aheadMs / 1_000} s beside the true time`);
    await recover(WATCH_MS);
  }
}

async function faketime(): Promise<string | null> {
  for (const file of FAKETIME_FILES) {
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return null;
}
