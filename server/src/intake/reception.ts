import { randomUUID } from 'node:crypto';
import type { Connection, Connections, Receive } from '../connections/connections.ts';
import type { RawEvents } from '../inbox/inbox.ts';
import { createAgedCache } from '../platform/aged-cache.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { Logger } from '../platform/telemetry.ts';
import type { Health } from './health.ts';
import { keepTokensAlive } from './keep-alive.ts';
import { type Keeper, keepPolling, keepWebhook } from './keepers.ts';
import { createStorage } from './storage.ts';

/**
 * Makes every connection receive as its setting says: `webhook` is registered with the network again and again, so that a
 * network that forgot it learns it anew; `long-poll` is polled by one process; `off` is left alone.
 */
export interface Reception {
  run(): void;
  /** Resolves when every connection that this process keeps has been registered with its network, or polled, once. */
  heard(): Promise<void>;
  /** Ends the polls under way and lets another process go on at once. */
  stop(): Promise<void>;
}

export interface ReceptionParts {
  database: Database;
  connections: Pick<Connections, 'list' | 'channel' | 'credentials' | 'webhookUrl' | 'senders' | 'pause'>;
  rawEvents: RawEvents;
  health: Health;
  /** How often a network is asked whether it still has our webhook. */
  webhookCheckMs: number;
  clock: Clock;
  log: Logger;
}

// How soon a changed setting is taken, and how often leases are renewed.
const CHECK_MS = 2_000;
const LEASE_MS = 15_000;
const LOOK_AT_HEALTH_MS = 10_000;
const LOOK_AT_TOKENS_MS = 60_000;

const SQL = {
  lease: {
    name: 'poll_state_lease',
    text: `
      insert into poll_state (connection_id, owner, lease_until) values ($1, $2, $4)
      on conflict (connection_id) do update set owner = excluded.owner, lease_until = excluded.lease_until
      where poll_state.owner is null or poll_state.owner = excluded.owner or poll_state.lease_until < $3
      returning state`,
  },
  giveBack: {
    name: 'poll_state_give_back',
    text: 'update poll_state set owner = null, lease_until = null where connection_id = $1 and owner = $2',
  },
  save: { name: 'poll_state_save', text: 'update poll_state set state = $3 where connection_id = $1 and owner = $2' },
} as const;

interface Kept {
  receive: Receive;
  abort: AbortController;
  ended: Promise<void>;
  /** Resolves after the first round that worked. */
  heard: Promise<void>;
}

export function createReception(parts: ReceptionParts): Reception {
  const { database, connections, rawEvents, health, webhookCheckMs, clock, log } = parts;
  const owner = randomUUID();
  const storage = createStorage({ rawEvents, connections, groups: createAgedCache({ clock, maxAgeMs: 1_000 }), health });
  const kept = new Map<number, Kept>();
  const stopped = new AbortController();
  const looked = Promise.withResolvers<void>();
  let running: Promise<unknown> | undefined;

  /** The state of the long poll where this process may keep the connection; undefined where another one does. */
  const lease = async (connectionId: number): Promise<string | null | undefined> => {
    const now = clock.now();
    const values = [connectionId, owner, new Date(now), new Date(now + LEASE_MS)];
    const [row] = await database.rows<{ state: string | null }>(SQL.lease, values);
    return row?.state;
  };

  const drop = async (connectionId: number, one: Kept): Promise<void> => {
    one.abort.abort();
    await one.ended;
    kept.delete(connectionId);
  };

  const start = (connection: Connection, state: string | null): void => {
    const { id, receive } = connection;
    const abort = new AbortController();
    const heard = Promise.withResolvers<void>();
    const keeper: Keeper = {
      connection,
      connections,
      storage,
      health,
      webhookCheckMs,
      clock,
      log,
      signal: abort.signal,
      state,
      save: async (next) => void (await database.run(SQL.save, [id, owner, next])),
      onWorked: heard.resolve,
    };
    const ended = receive === 'webhook' ? keepWebhook(keeper) : keepPolling(keeper);
    kept.set(id, { receive, abort, ended, heard: heard.promise });
  };

  const keep = async (connection: Connection): Promise<void> => {
    const one = kept.get(connection.id);
    const isChanged = one !== undefined && one.receive !== connection.receive;
    if (one !== undefined && isChanged) await drop(connection.id, one);
    const state = await lease(connection.id);
    if (state === undefined && one !== undefined && !isChanged) await drop(connection.id, one);
    if (state === undefined || (one !== undefined && !isChanged)) return;
    await health.begin(connection);
    start(connection, state);
  };

  const check = async (): Promise<void> => {
    const wanted = (await connections.list()).filter((connection) => connection.receive !== 'off');
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, one] of kept) {
      if (ids.has(id)) continue;
      await drop(id, one);
      await database.run(SQL.giveBack, [id, owner]);
    }
    for (const connection of wanted) await keep(connection);
  };

  /** Does `step` again and again until it is to stop; one that fails is logged. */
  const repeat = async (name: string, everyMs: number, step: () => Promise<void>): Promise<void> => {
    while (!stopped.signal.aborted) {
      await step().catch((error: unknown) =>
        log.warn({ event: 'loop_failed', loop: name, error: error instanceof Error ? error.message : String(error) }),
      );
      await clock.sleep(everyMs, stopped.signal);
    }
  };

  const receive = async (): Promise<void> => {
    await repeat('reception', CHECK_MS, async () => {
      await check();
      looked.resolve();
    });
    const ids = [...kept.keys()];
    await Promise.all([...kept].map(([id, one]) => drop(id, one)));
    for (const id of ids) await database.run(SQL.giveBack, [id, owner]);
  };

  const work = () =>
    Promise.all([
      receive(),
      repeat('connection_health', LOOK_AT_HEALTH_MS, async () => health.look(await connections.list())),
      repeat('keep_alive', LOOK_AT_TOKENS_MS, () => keepTokensAlive({ database, connections, clock, log }, stopped.signal)),
    ]);

  return {
    run() {
      running ??= work();
    },
    async heard() {
      await looked.promise;
      await Promise.all([...kept.values()].map((one) => one.heard));
    },
    async stop() {
      stopped.abort();
      await running?.catch((error: unknown) => {
        // The leases then end by themselves.
        log.warn({ event: 'reception_stop_failed', error: error instanceof Error ? error.message : String(error) });
      });
    },
  };
}
