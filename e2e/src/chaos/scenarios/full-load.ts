import type { Scenario } from '../scenario.ts';
import type { Server } from '../site.ts';
import { killAndWatch } from './kill.ts';

/** Lease and quarantine of a lane (decision 0001), and what a look takes. */
const TAKEN_OVER_WITHIN_MS = 6_000;
const BACK_WITHIN_MS = 10_000;
const KILL_EVERY_MS = 10_000;
/** A slot is free again a second after the answer to its call: 49 where calls take 20 ms. */
const LEAST_PER_SECOND = 49;
const SERVERS = 4;
const TWO_OF_EACH = ['api,intake', 'dispatch,callbacks,jobs', 'api,intake', 'dispatch,callbacks,jobs'];

/** What is done to servers for as long, and under as much load, as one likes. */
export const FULL_LOAD_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'full-pace': {
    summary: 'four servers with more to send than the limits let through, and every 10 s kill -9 of one of them',
    recoverWithinMs: TAKEN_OVER_WITHIN_MS,
    load: { groups: 10, messagesPerSecond: 520 },
    leastPerSecond: LEAST_PER_SECOND,
    async run({ startServer, beginLoad, recover, seconds, say }) {
      const servers: Server[] = [];
      while (servers.length < SERVERS) servers.push(await startServer());
      await beginLoad();
      for (let killed = 0; killed * KILL_EVERY_MS < seconds * 1_000; killed += 1) {
        say(`kill -9, the ${killed + 1}. time`);
        await killAndWatch({ recover }, servers[killed % servers.length] as Server, KILL_EVERY_MS);
      }
    },
  },
  'kill-in-turn': {
    summary: 'kill -9 in turn of a server that takes messages, of one that sends them, and of all of PostgreSQL',
    recoverWithinMs: BACK_WITHIN_MS,
    async run({ startServer, beginLoad, recover, cluster, seconds, say }) {
      const servers: Server[] = [];
      for (const roles of TWO_OF_EACH) servers.push(await startServer({ roles }));
      await beginLoad();
      for (let killed = 0; killed * KILL_EVERY_MS < seconds * 1_000; killed += 1) {
        const isPostgres = killed % 3 === 2;
        say(`kill -9 of ${isPostgres ? 'PostgreSQL' : 'a server'}, the ${killed + 1}. death`);
        if (isPostgres) {
          await cluster.stop('kill');
          await cluster.start();
          await recover(KILL_EVERY_MS);
        } else {
          const deadServers = killed - Math.floor(killed / 3);
          await killAndWatch({ recover }, servers[deadServers % servers.length] as Server, KILL_EVERY_MS);
        }
      }
    },
  },
};
