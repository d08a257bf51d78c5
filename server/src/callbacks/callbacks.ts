import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import type { HttpClient } from '../platform/http-client.ts';
import type { Logger } from '../platform/telemetry.ts';
import { createDelivery } from './delivery.ts';
import { enqueueCallbacks } from './enqueue.ts';
import { listParked, replayParked } from './parked.ts';

/** One thing to tell a customer. */
export interface NewCallback {
  accountId: number;
  url: string;
  /** `status`: the POST's body is an array of such items, several when there is a backlog. `incoming`: the body is this one. */
  form: 'status' | 'incoming';
  /** Callbacks of one key (`message:123`, `dialog:55`) are delivered one after the other, in the order in which they were enqueued. */
  orderKey: string;
  /** JSON text. */
  body: string;
}

/** A callback that was given up after its last try. It waits for a replay for 30 days. */
export interface ParkedCallback {
  id: number;
  /** Scheme, host and port. */
  origin: string;
  form: 'status' | 'incoming';
  orderKey: string;
  /** What was wrong at the last try. */
  problem: string;
  createdAt: Date;
  parkedAt: Date;
}

/** Delivers callbacks at least once, signed, in order per key, from any number of processes on one database. */
export interface Callbacks {
  /**
   * Inserts them in the caller's transaction: they are delivered if and only if it commits. Call `wake` after the commit.
   * Never refuses a URL: what cannot be called is tried, parked and shown with its reason. The transactions that enqueue one
   * order key must exclude each other, as those do that lock the message or the dialog.
   */
  enqueue(tx: Queryable, callbacks: readonly NewCallback[]): Promise<void>;
  /** Delivers at once what was just committed; without it, it is found within half a second. */
  wake(): void;
  /** The parked callbacks of an account with ids above `afterId`, oldest first. */
  parked(accountId: number, page: { afterId: number; limit: number }): Promise<readonly ParkedCallback[]>;
  /** Puts parked callbacks back, from the first try. Returns how many were the account's and parked. */
  replay(accountId: number, ids: readonly number[]): Promise<number>;
  /** Starts delivering. Survives the loss of the database. */
  run(): void;
  /** Claims no more, waits for the calls under way (each has its time-out) and writes their outcomes. */
  stop(): Promise<void>;
}

export interface CallbackParts {
  database: Database;
  /** `signingSecrets`: `whsec_…`, newest first, one or two. */
  accounts: { signingSecrets(accountId: number): Promise<readonly string[]> };
  httpClient: Pick<HttpClient, 'post'>;
  clock: Clock;
  log: Logger;
  /** How long an endpoint may take to answer; default 10 s. */
  timeoutMs?: number;
  /** Calls under way in this process, to one endpoint and to all; defaults 8 and 1024. */
  inFlightPerEndpointMax?: number;
  inFlightMax?: number;
  /** In [0, 1), for the spread of retries; default Math.random. */
  random?: () => number;
}

export function createCallbacks(parts: CallbackParts): Callbacks {
  const { database, clock } = parts;
  const delivery = createDelivery({
    ...parts,
    timeoutMs: parts.timeoutMs ?? 10_000,
    inFlightPerEndpointMax: parts.inFlightPerEndpointMax ?? 8,
    inFlightMax: parts.inFlightMax ?? 1_024,
    random: parts.random ?? Math.random,
  });
  return {
    async enqueue(tx, callbacks) {
      if (callbacks.length === 0) return;
      delivery.expect(await enqueueCallbacks(tx, callbacks, new Date(clock.now())));
    },
    wake: delivery.wake,
    parked: (accountId, page) => listParked(database, accountId, page),
    async replay(accountId, ids) {
      const queued = await replayParked(database, accountId, ids, new Date(clock.now()));
      delivery.expect(queued);
      delivery.wake();
      return queued.length;
    },
    run: delivery.run,
    stop: delivery.stop,
  };
}
