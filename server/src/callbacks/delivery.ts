import { createBell } from './bell.ts';
import { callbackLoopFailed, callbackPosted, callbacksInFlight } from './callback-events.ts';
import type { CallbackParts } from './callbacks.ts';
import { type ClaimedCallback, claimDue, dueEndpoints, type Want } from './claim.ts';
import { createEndpoints } from './endpoints.ts';
import type { Queued } from './enqueue.ts';
import { purge } from './parked.ts';
import { type Batch, batchesOf, postBatch } from './post-batch.ts';
import { retryDelayMs } from './retry-schedule.ts';
import { type Outcome, settleOutcomes } from './settle.ts';
import { withSteadyPlans } from './steady-plans.ts';

export interface Delivery {
  /** These were enqueued by a transaction that may still be open. */
  expect(queued: readonly Queued[]): void;
  wake(): void;
  run(): void;
  stop(): Promise<void>;
}

const POLL_EVERY_MS = 500;
const RETRY_AFTER_FAILURE_MS = 1_000;
// From the claim to the written outcome, on top of the time-out of the call. Longer pauses of the process cost a repeated call.
const LEASE_MARGIN_MS = 20_000;
const DAY_MS = 86_400_000;
const PURGE_EVERY_MS = 3_600_000;
const KEEP_DELIVERED_MS = 7 * DAY_MS;
const KEEP_PARKED_MS = 30 * DAY_MS;

/**
 * The loop that delivers. A round writes the outcomes that came in, claims what there are free slots for, and launches it after
 * the commit. Whatever gathers meanwhile goes into the next round, so that rounds grow with the load and not in number.
 */
export function createDelivery(parts: Required<CallbackParts>): Delivery {
  const { database, clock, log, timeoutMs } = parts;
  const endpoints = createEndpoints(parts);
  const bell = createBell(clock);
  let outcomes: Outcome[] = [];
  const stop = new AbortController();
  let woken = false;
  let running: Promise<void> | undefined;
  let pollAtMs = 0;
  let purgeAtMs = 0;

  const finish = (batch: Batch, result: Outcome['result'], at: number, problem: string | null): void => {
    for (const { id, attempt } of batch) outcomes.push({ id, attempt, result, at: new Date(at), problem });
    bell.ring();
  };

  const deliver = async (batch: Batch, secrets: Promise<readonly string[]>): Promise<void> => {
    const [{ accountId, endpointId, form, attempt }] = batch;
    const startedMs = clock.monotonic();
    const { deliveryId, outcome, problem } = await postBatch(parts, batch, secrets);
    const durationMs = clock.monotonic() - startedMs;
    const delivered = outcome === 'delivered';
    const delayMs = delivered ? 0 : retryDelayMs(attempt, parts.random);
    const result = delivered ? 'delivered' : delayMs === null ? 'parked' : 'waiting';
    endpoints.end(endpointId, delivered);
    finish(batch, result, clock.now() + (delayMs ?? 0), problem);
    const callbacks = batch.length;
    callbackPosted(log, { accountId, endpointId, deliveryId, form, attempt, callbacks, outcome, result, problem, durationMs });
  };

  const launch = (callbacks: readonly ClaimedCallback[]): void => {
    const secretsOf = new Map<number, Promise<readonly string[]>>();
    for (const batch of batchesOf(callbacks)) {
      const [{ accountId, endpointId }] = batch;
      if (!endpoints.start(endpointId)) {
        finish(batch, 'released', clock.now(), null);
        continue;
      }
      const secrets = secretsOf.get(accountId) ?? parts.accounts.signingSecrets(accountId);
      secretsOf.set(accountId, secrets);
      void deliver(batch, secrets); // never rejects
    }
    callbacksInFlight(endpoints.inFlight());
  };

  /** One transaction: the outcomes that came in, a look at the queues when it is time, and a claim for the free slots. */
  const exchange = async (settling: readonly Outcome[], isPollDue: boolean): Promise<readonly ClaimedCallback[]> => {
    let wants: Want[] = [];
    try {
      const claim = await withSteadyPlans(database, async (tx) => {
        if (settling.length > 0) endpoints.wake(await settleOutcomes(tx, settling, clock.now()));
        if (isPollDue) endpoints.wake(await dueEndpoints(tx, clock.now()));
        wants = endpoints.wants();
        return wants.length === 0 ? undefined : claimDue(tx, wants, clock.now(), timeoutMs + LEASE_MARGIN_MS);
      });
      if (claim === undefined) return [];
      const incoming = new Set(claim.callbacks.filter(({ form }) => form === 'incoming').map(({ endpointId }) => endpointId));
      for (const want of wants) endpoints.claimed(want, claim.seen.get(want.endpointId) ?? [], !incoming.has(want.endpointId));
      return claim.callbacks;
    } catch (error) {
      outcomes = settling.concat(outcomes); // the calls were made: their outcomes are written when the database is back
      endpoints.wake(wants.map(({ endpointId }) => endpointId));
      throw error;
    }
  };

  const purgeWhenDue = async (nowMs: number): Promise<void> => {
    if (nowMs < purgeAtMs) return;
    purgeAtMs = nowMs + PURGE_EVERY_MS;
    await purge(database, {
      delivered: new Date(clock.now() - KEEP_DELIVERED_MS),
      parked: new Date(clock.now() - KEEP_PARKED_MS),
    });
  };

  const takeOutcomes = (): Outcome[] => {
    const taken = outcomes;
    outcomes = [];
    return taken;
  };

  const round = async (): Promise<void> => {
    const nowMs = clock.monotonic();
    if (woken) endpoints.wakeExpected(nowMs);
    woken = false;
    const isPollDue = nowMs >= pollAtMs;
    if (!isPollDue && outcomes.length === 0 && !endpoints.hasWants()) return bell.wait(pollAtMs - nowMs);
    const claimed = await exchange(takeOutcomes(), isPollDue);
    if (isPollDue) pollAtMs = nowMs + POLL_EVERY_MS;
    launch(claimed);
    if (isPollDue) await purgeWhenDue(nowMs);
  };

  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        await round();
      } catch (error) {
        callbackLoopFailed(log, error);
        await clock.sleep(RETRY_AFTER_FAILURE_MS, stop.signal);
      }
    }
    while (endpoints.inFlight() > 0) await bell.wait(timeoutMs);
    // What cannot be written now is called again by another process when the leases end.
    const last = takeOutcomes();
    await withSteadyPlans(database, (tx) => settleOutcomes(tx, last, clock.now())).catch((error: unknown) =>
      callbackLoopFailed(log, error),
    );
    callbacksInFlight(0);
  };

  return {
    expect(queued) {
      // A process that only enqueues leaves them to those that deliver.
      if (running !== undefined) endpoints.expect(queued, clock.monotonic());
    },
    wake() {
      woken = true;
      bell.ring();
    },
    run() {
      running ??= loop();
    },
    async stop() {
      stop.abort();
      bell.ring();
      await running;
    },
  };
}
