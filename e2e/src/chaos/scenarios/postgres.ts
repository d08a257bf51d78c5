import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { connect } from '../administrator.ts';
import type { Scenario } from '../scenario.ts';

const BACK_WITHIN_MS = 10_000;
const WATCH_MS = 11_000;
const AWAY_MS = 3_000;
/** More than the server's 5 s for a connection: it is refused, and not only late. */
const OCCUPIED_MS = 8_000;
const CONNECTIONS_MAX = 100;

/** What befalls PostgreSQL. */
export const POSTGRES_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'backends-ended': {
    summary: 'pg_terminate_backend of every connection, again and again',
    recoverWithinMs: BACK_WITHIN_MS,
    async run({ startServer, beginLoad, recover, cluster, seconds, say }) {
      await startServer();
      await startServer();
      await beginLoad();
      await using admin = await connect(cluster.url);
      for (let ended = 0; ended * 4_000 < seconds * 1_000; ended += 1) {
        const { rowCount } = await admin.client.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
        );
        say(`${rowCount} connections ended`);
        await recover(4_000);
      }
      await recover(WATCH_MS - 4_000);
    },
  },
  'postgres-restart': {
    summary: 'PostgreSQL is restarted, and away for 3 s',
    recoverWithinMs: BACK_WITHIN_MS,
    async run({ startServer, beginLoad, recover, cluster, seconds, say }) {
      await startServer();
      await startServer();
      await beginLoad();
      for (let restarts = 0; restarts * (WATCH_MS + AWAY_MS) < seconds * 1_000; restarts += 1) {
        await cluster.stop('fast');
        say('PostgreSQL has stopped');
        await wait(AWAY_MS);
        await cluster.start();
        await recover(WATCH_MS);
      }
    },
  },
  'postgres-kill': {
    summary: 'kill -9 of a backend, and of all of PostgreSQL, which recovers from its log',
    recoverWithinMs: BACK_WITHIN_MS,
    async run({ startServer, beginLoad, recover, cluster, seconds, say }) {
      await startServer();
      await startServer();
      await beginLoad();
      for (let killed = 0; killed * WATCH_MS < seconds * 1_000; killed += 1) {
        if (killed % 2 === 0) {
          const [, ...children] = await cluster.pids();
          say('kill -9 of one process: PostgreSQL ends all others and recovers');
          process.kill(children.at(-1) ?? cluster.pid(), 'SIGKILL');
          await cluster.untilUp();
        } else {
          say('kill -9 of the postmaster');
          await cluster.stop('kill');
          await cluster.start();
        }
        await recover(WATCH_MS);
      }
    },
  },
  'pool-exhausted': {
    summary: 'somebody takes every connection of PostgreSQL, then locks every message',
    recoverWithinMs: BACK_WITHIN_MS,
    async run({ startServer, beginLoad, recover, cluster, say }) {
      await startServer();
      await startServer();
      await beginLoad();
      await using admin = await connect(cluster.url);
      say('no connection is left');
      const strangers = await takeAll(cluster.url);
      await admin.client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'soroka%' and pid <> pg_backend_pid()`,
      );
      const late = await takeAll(cluster.url); // those that became free: the servers find none
      await wait(OCCUPIED_MS);
      await Promise.all([...strangers, ...late].map((client) => client.end()));
      await recover(WATCH_MS);
      say('every message is locked: all connections of the pools wait');
      await admin.client.query('begin; lock table message in access exclusive mode');
      await wait(OCCUPIED_MS);
      await admin.client.query('rollback');
      await recover(WATCH_MS);
    },
  },
};

/** Connects until PostgreSQL takes no more. */
async function takeAll(url: string): Promise<pg.Client[]> {
  const taken: pg.Client[] = [];
  while (taken.length < CONNECTIONS_MAX) {
    const client = new pg.Client({ connectionString: url, application_name: 'chaos' });
    client.on('error', () => {});
    try {
      await client.connect();
    } catch {
      return taken; // 53300 too_many_connections
    }
    taken.push(client);
  }
  return taken;
}
