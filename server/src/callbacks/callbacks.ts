import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import type { HttpClient } from '../platform/http-client.ts';
import type { Logger } from '../platform/telemetry.ts';
import {
  type CallbackDetails,
  type CallbackFilter,
  type CallbackItem,
  type CallbackPage,
  callbacksOfOrderKey,
  getCallback,
  listCallbacks,
} from './callback-log.ts';
import { createDelivery } from './delivery.ts';
import { type EndpointItem, type EndpointPage, enableEndpoint, getEndpoint, listEndpoints } from './endpoint-list.ts';
import { enqueueCallbacks, type Queued } from './enqueue.ts';
import { type ParkedFilter, REPLAY_MAX, replayMany, replayOne } from './replay.ts';
import { type TriedUrl, tryUrl } from './try-url.ts';

export type { CallbackDetails, CallbackFilter, CallbackItem, CallbackPage } from './callback-log.ts';
export type { EndpointItem, EndpointPage } from './endpoint-list.ts';
export type { ParkedFilter } from './replay.ts';
export { signedHeaders } from './signature.ts';
export type { TriedUrl } from './try-url.ts';

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

/**
 * Delivers callbacks at least once, signed, in order per key, from any number of processes on one database. An endpoint is an
 * account and an origin; each has its own share of the calls in flight, its breaker, and a queue of first tries that never
 * waits behind that of later ones.
 */
export interface Callbacks {
  /**
   * Inserts them in the caller's transaction: they are delivered if and only if it commits. Call `wake` after the commit.
   * Never refuses a URL: what cannot be called is tried, parked and shown with its reason. The transactions that enqueue one
   * order key must exclude each other, as those do that lock the message or the dialog.
   */
  enqueue(tx: Queryable, callbacks: readonly NewCallback[]): Promise<void>;
  /** Delivers at once what was just committed; without it, it is found within half a second. */
  wake(): void;
  /** Starts delivering. Survives the loss of the database. */
  run(): void;
  /** Claims no more, waits for the calls under way (each has its time-out) and writes their outcomes. */
  stop(): Promise<void>;

  /** Callbacks of an account, newest first: waiting ones, and delivered and parked ones while they are kept. Throws `parameter.invalid` for a bad cursor. */
  list(accountId: number, filter: CallbackFilter): Promise<CallbackPage>;
  /** One with every call made for it; null where the account has no such callback. */
  get(accountId: number, callbackId: number): Promise<CallbackDetails | null>;
  /** Those of one order key that were enqueued in a time, oldest first, as far as they are kept. */
  ofOrderKey(accountId: number, orderKey: string, created: { from: Date; to: Date }): Promise<readonly CallbackItem[]>;
  /** Puts a parked one back, from the first try; false where the account has no such parked one, or its endpoint is disabled. */
  replay(accountId: number, callbackId: number): Promise<boolean>;
  /** Puts parked ones back, oldest first, up to 10,000 at once; `isMore` where that was not all. What stands at disabled endpoints stays parked. */
  replayAll(accountId: number, filter: ParkedFilter): Promise<{ replayed: number; isMore: boolean }>;
  /** Where callbacks of an account went, newest first. */
  endpoints(accountId: number, page: { cursor?: string; limit: number }): Promise<EndpointPage>;
  endpoint(accountId: number, endpointId: number): Promise<EndpointItem | null>;
  /** Lets calls through from now on, whatever failed before; null where the account has no such endpoint. Parked callbacks stay so. */
  enableEndpoint(accountId: number, endpointId: number): Promise<EndpointItem | null>;
  /** Calls a URL once with no statuses in it, signed as callbacks are, and says what came of it. */
  tryUrl(accountId: number, url: string): Promise<TriedUrl>;
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
  /** Calls under way in this process, to one endpoint, of one account and in all; defaults 8, 512 and 1024. */
  inFlightPerEndpointMax?: number;
  inFlightPerAccountMax?: number;
  inFlightMax?: number;
  /** Statuses that must be due at one endpoint before they share POSTs; 0: whenever they are more than the free slots, null: never. Default 100. */
  batchAbove?: number | null;
  /** How long delivered callbacks and the calls that delivered them are kept; default 7. Parked ones and failed calls are kept for 30. */
  keepDeliveredDays?: number;
  /** In [0, 1), for the spread of retries; default Math.random. */
  random?: () => number;
}
export type CallbackSettings = Required<CallbackParts>;

const DEFAULTS = {
  timeoutMs: 10_000,
  inFlightPerEndpointMax: 8,
  inFlightPerAccountMax: 512,
  inFlightMax: 1_024,
  batchAbove: 100,
  keepDeliveredDays: 7,
} as const;

export function createCallbacks(parts: CallbackParts): Callbacks {
  const { database, clock } = parts;
  const delivery = createDelivery({ ...DEFAULTS, random: Math.random, ...parts });
  const putBack = (queued: readonly Queued[]): number => {
    delivery.expect(queued);
    delivery.wake();
    return queued.length;
  };
  return {
    async enqueue(tx, callbacks) {
      if (callbacks.length === 0) return;
      delivery.expect(await enqueueCallbacks(tx, callbacks, new Date(clock.now())));
    },
    wake: delivery.wake,
    run: delivery.run,
    stop: delivery.stop,
    list: (accountId, filter) => listCallbacks(database, accountId, filter),
    get: (accountId, callbackId) => getCallback(database, accountId, callbackId),
    ofOrderKey: (accountId, orderKey, created) => callbacksOfOrderKey(database, accountId, orderKey, created),
    replay: async (accountId, callbackId) => putBack(await replayOne(database, accountId, callbackId, new Date(clock.now()))) > 0,
    async replayAll(accountId, filter) {
      const replayed = putBack(await replayMany(database, accountId, filter, new Date(clock.now())));
      return { replayed, isMore: replayed === REPLAY_MAX };
    },
    endpoints: (accountId, page) => listEndpoints(database, clock, accountId, page),
    endpoint: (accountId, endpointId) => getEndpoint(database, clock, accountId, endpointId),
    enableEndpoint: (accountId, endpointId) => enableEndpoint(database, clock, accountId, endpointId),
    tryUrl: async (accountId, url) => tryUrl({ ...DEFAULTS, ...parts }, url, await parts.accounts.signingSecrets(accountId)),
  };
}
