import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabaseLine } from '../../database-line.ts';
import { connect } from '../administrator.ts';
import { openCluster, run } from '../cluster.ts';
import type { Scenario } from '../scenario.ts';

const BACK_WITHIN_MS = 10_000;
const WATCH_MS = 11_000;
const STANDBY = 'standby';

export const STANDBY_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'standby-promoted': {
    summary: 'kill -9 of the primary PostgreSQL; its synchronous standby is promoted, and the same address leads there',
    recoverWithinMs: BACK_WITHIN_MS,
    prepare: async () => ({ settings: { wal_keep_size: '512MB' } }),
    async run({ startServer, beginLoad, recover, cluster, place, folder, base, own, say }) {
      // The standby begins with the same stopped folder as the primary, and is sent all that came after.
      const standbyPlace = { ...place, folder: join(folder, STANDBY) };
      await run('cp', ['-a', base.cluster.folder, standbyPlace.folder]);
      const { user, password } = place.credentials;
      const { hostname, port } = new URL(cluster.url);
      const primary = `host=${hostname} port=${port} user=${user} password=${password} application_name=${STANDBY}`;
      const settings = join(standbyPlace.folder, 'postgresql.auto.conf');
      await writeFile(settings, `${await readFile(settings, 'utf8')}primary_conninfo = '${primary}'\n`);
      await writeFile(join(standbyPlace.folder, 'standby.signal'), '');
      const standby = own(await openCluster(standbyPlace));
      await standby.start();
      {
        await using administrator = await connect(cluster.url);
        await administrator.client.query(`alter system set synchronous_standby_names = '${STANDBY}'`);
        await administrator.client.query('select pg_reload_conf()');
      }
      const line = own(await openDatabaseLine(cluster.url));
      await startServer({ databaseUrl: line.url });
      await startServer({ databaseUrl: line.url });
      await beginLoad();

      say('kill -9 of the primary');
      await cluster.stop('kill');
      await using administrator = await connect(standby.url);
      await administrator.client.query('select pg_promote()');
      line.leadTo(standby.url);
      say('the standby is promoted');
      await recover(WATCH_MS);
    },
  },
};
