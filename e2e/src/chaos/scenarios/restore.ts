import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { runSoroka } from '../../command-line.ts';
import { run } from '../cluster.ts';
import type { Scenario } from '../scenario.ts';

const BACK_WITHIN_MS = 10_000;
const WATCH_MS = 11_000;
/** So much waits at the time of the dump, and goes out after it. */
const BACKLOG_MS = 3_000;
const AFTER_THE_DUMP_MS = 8_000;

export const RESTORE_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'restored-dump': {
    summary: 'a dump with a full queue is restored after the queue was sent, and made safe by "soroka database restored"',
    recoverWithinMs: BACK_WITHIN_MS,
    repeatsNothing: true,
    whyNot: async () =>
      run('pg_dump', ['--version']).then(
        () => null,
        (error: Error) => `pg_dump and pg_restore are not installed (${error.message.trim()})`,
      ),
    async run({ startServer, beginLoad, recover, cluster, folder, env, say }) {
      const api = await startServer({ roles: 'api,intake' });
      const load = await beginLoad();
      await wait(BACKLOG_MS);
      const file = join(folder, 'dump');
      await run('pg_dump', ['--format', 'custom', '--file', file, cluster.url]);
      const dumpedAt = Date.now();
      say(`dumped, with ${load.orders.length} messages waiting`);
      const worker = await startServer({ roles: 'dispatch,callbacks,jobs' });
      await wait(AFTER_THE_DUMP_MS);
      await api.end('SIGKILL');
      await worker.end('SIGKILL');
      // Nobody can find again what was accepted after the dump; it may have come, but not twice.
      for (const order of load.orders) if (order.sentAt > dumpedAt - BACKLOG_MS) load.disown(order);
      await run('pg_restore', ['--clean', '--if-exists', '--dbname', cluster.url, file]);
      const { code, note, out } = await runSoroka(['database', 'restored', '--json'], env);
      if (code !== 0) throw new Error(`soroka database restored ended with ${code}: ${note}`);
      say(`restored: ${out.trim()}`);
      await api.start();
      await worker.start();
      await recover(WATCH_MS);
    },
  },
};
