import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../scenario.ts';
import type { Server } from '../site.ts';
import { killAndWatch, STARTED_AGAIN_AFTER_MS } from './kill.ts';

/** Lease and quarantine of a lane (decision 0001), and what a look takes. */
const TAKEN_OVER_WITHIN_MS = 6_000;
const WATCH_MS = 8_000;
const LANE_GAP_MAX_MS = 300;
const WORKERS = 'dispatch,callbacks,jobs';
/** Longer than the lease of 4.5 s: its lanes are somebody else's when it wakes up. */
const ASLEEP_MS = 9_000;

/** What befalls the server's own processes. */
export const SERVER_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'server-kill': {
    summary: 'kill -9 of one of two servers, in turn, again and again',
    recoverWithinMs: TAKEN_OVER_WITHIN_MS,
    async run({ startServer, beginLoad, recover, seconds, say }) {
      const servers = [await startServer(), await startServer()] as const;
      await beginLoad();
      for (let killed = 0; killed * WATCH_MS < seconds * 1_000; killed += 1) {
        say(`kill -9, the ${killed + 1}. time`);
        await killAndWatch({ recover }, servers[killed % 2 === 0 ? 0 : 1], WATCH_MS);
      }
    },
  },
  'roles-kill': {
    summary: 'kill -9 of one of two servers that only take messages, and of one of two that only send',
    recoverWithinMs: TAKEN_OVER_WITHIN_MS,
    async run({ startServer, beginLoad, recover, seconds, say }) {
      const roles = ['api,intake', WORKERS, 'api,intake', WORKERS];
      const servers: Server[] = [];
      for (const role of roles) servers.push(await startServer({ roles: role }));
      await beginLoad();
      for (let killed = 0; killed * WATCH_MS < seconds * 1_000; killed += 1) {
        say(`kill -9 of one with the roles ${roles[killed % roles.length]}`);
        await killAndWatch({ recover }, servers[killed % servers.length] as Server, WATCH_MS);
      }
    },
  },
  paused: {
    summary: 'one of two servers stands still for longer than its lease, and goes on',
    recoverWithinMs: TAKEN_OVER_WITHIN_MS,
    async run({ startServer, beginLoad, recover, seconds, say }) {
      const servers = [await startServer(), await startServer()] as const;
      await beginLoad();
      for (let paused = 0; paused * (ASLEEP_MS + WATCH_MS) < seconds * 1_000; paused += 1) {
        const sleeper = servers[paused % 2 === 0 ? 0 : 1];
        say(`SIGSTOP for ${ASLEEP_MS / 1_000} s`);
        sleeper.signal('SIGSTOP');
        await recover(ASLEEP_MS);
        sleeper.signal('SIGCONT');
        await recover(WATCH_MS);
      }
    },
  },
  'rolling-restart': {
    summary: 'three servers are restarted one after the other',
    recoverWithinMs: LANE_GAP_MAX_MS,
    isHidden: true,
    async run({ startServer, beginLoad, recover, say }) {
      const servers = [await startServer(), await startServer(), await startServer()];
      await beginLoad();
      const restartAll = async (): Promise<void> => {
        for (const [index, server] of servers.entries()) {
          say(`SIGTERM to server ${index + 1} of ${servers.length}`);
          const code = await server.end('SIGTERM');
          if (code !== 0) throw new Error(`a server that was asked to end did so with ${code}`);
          await server.start();
          await wait(STARTED_AGAIN_AFTER_MS);
        }
      };
      await recover(restartAll());
    },
  },
};
