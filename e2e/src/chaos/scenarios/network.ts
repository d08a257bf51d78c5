import { setTimeout as wait } from 'node:timers/promises';
import { openDatabaseLine } from '../../database-line.ts';
import type { Scenario } from '../scenario.ts';

/** SOROKA_DATABASE_TIMEOUT_MS of its servers: how long a silent connection is believed. */
const TIMEOUT_MS = 5_000;
/** A silence may be noticed twice over: by a statement, and by the next one on another connection of the pool. */
const BACK_WITHIN_MS = 12_000;
const WATCH_MS = 14_000;
const SILENT_MS = 8_000;

/** What befalls the way between the servers and PostgreSQL. */
export const NETWORK_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'half-open': {
    summary:
      'connections to PostgreSQL fall silent without being closed: both ways, the answers alone, then new ones too for a while',
    recoverWithinMs: BACK_WITHIN_MS,
    async run({ startServer, beginLoad, recover, cluster, own, say }) {
      const line = own(await openDatabaseLine(cluster.url));
      const options = { databaseUrl: line.url, env: { SOROKA_DATABASE_TIMEOUT_MS: String(TIMEOUT_MS) } };
      await startServer(options);
      await startServer(options);
      await beginLoad();
      say('both ways');
      line.fallSilent('both');
      await recover(WATCH_MS);
      say('the answers alone: what was asked is done');
      line.fallSilent('answers');
      await recover(WATCH_MS);
      say(`new connections too, for ${SILENT_MS / 1_000} s`);
      line.fallSilent('both', { withNew: true });
      await wait(SILENT_MS);
      line.speak();
      await recover(WATCH_MS);
    },
  },
};
