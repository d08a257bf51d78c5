import type { Queryable } from '../platform/database.ts';
import { createBell } from './bell.ts';
import {
  breakerOpened,
  callbackLoopFailed,
  callbackPosted,
  callbacksInFlight,
  callbacksParked,
  endpointDisabled,
} from './callback-events.ts';
import type { CallbackSettings } from './callbacks.ts';
import { type CallRecord, recordCalls } from './calls.ts';
import { type ClaimedCallback, claimDue, dueQueues, longQueues, type Want } from './claim.ts';
import { type DisabledEndpoint, parkDisabled, recordHealth } from './endpoint-health.ts';
import { createEndpoints } from './endpoints.ts';
import type { Queued } from './enqueue.ts';
import { type Batch, batchesOf, postBatch } from './post-batch.ts';
import { createPurge } from './purge.ts';
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

/** What calls came to and is not written yet. */
interface Unwritten {
  outcomes: Outcome[];
  calls: CallRecord[];
  /** When breakers that opened let the next call through, by endpoint. */
  openUntil: Map<number, Date>;
}
const nothing = (): Unwritten => ({ outcomes: [], calls: [], openUntil: new Map() });

/**
 * The loop that delivers. A round writes the outcomes that came in, claims what there are free slots for, and launches it after
 * the commit. Whatever gathers meanwhile goes into the next round, so that rounds grow with the load and not in number.
 */
export function createDelivery(parts: CallbackSettings): Delivery {
  const { database, clock, log, timeoutMs, batchAbove } = parts;
  const endpoints = createEndpoints({ ...parts, alwaysShare: batchAbove === 0 });
  const purge = createPurge(parts);
  const bell = createBell(clock);
  let unwritten = nothing();
  const stop = new AbortController();
  let woken = false;
  let running: Promise<void> | undefined;
  let pollAtMs = 0;

  const deliver = async (batch: Batch, secrets: Promise<readonly string[]>): Promise<void> => {
    const [{ accountId, endpointId, form, attempt }] = batch;
    const [startedAt, startedMs] = [new Date(clock.now()), clock.monotonic()];
    const posted = await postBatch(parts, batch, secrets);
    const { deliveryId, outcome, problem } = posted;
    const [now, endedMs] = [clock.now(), clock.monotonic()];
    const durationMs = endedMs - startedMs;
    const delivered = outcome === 'delivered';
    const openUntilMs = endpoints.end(batch[0], posted.wasCalled ? delivered : null, endedMs);
    if (openUntilMs !== null) {
      unwritten.openUntil.set(endpointId, new Date(now + openUntilMs - endedMs));
      breakerOpened(log, { accountId, endpointId, forMs: Math.round(openUntilMs - endedMs) });
    }
    const delayMs = delivered ? 0 : retryDelayMs(attempt, parts.random);
    const result = delivered ? 'delivered' : delayMs === null ? 'parked' : 'waiting';
    const at = new Date(now + (delayMs ?? 0));
    for (const each of batch) unwritten.outcomes.push({ id: each.id, attempt: each.attempt, result, at, problem });
    if (posted.wasCalled) unwritten.calls.push(recordOf(batch, posted, { startedAt, durationMs }));
    const callbacks = batch.length;
    callbackPosted(log, { accountId, endpointId, deliveryId, form, attempt, callbacks, outcome, result, problem, durationMs });
    bell.ring();
  };

  const launch = (callbacks: readonly ClaimedCallback[]): void => {
    const secretsOf = new Map<number, Promise<readonly string[]>>();
    for (const batch of batchesOf(callbacks)) {
      const [{ accountId }] = batch;
      const secrets = secretsOf.get(accountId) ?? parts.accounts.signingSecrets(accountId);
      secretsOf.set(accountId, secrets);
      void deliver(batch, secrets); // never rejects
    }
    callbacksInFlight(endpoints.inFlight());
  };

  const tell = (disabled: readonly DisabledEndpoint[]): void => {
    for (const endpoint of disabled) endpointDisabled(log, endpoint);
  };

  const write = async (tx: Queryable, { outcomes, calls, openUntil }: Unwritten): Promise<DisabledEndpoint[]> => {
    if (outcomes.length > 0) endpoints.wake(await settleOutcomes(tx, outcomes, clock.now()));
    if (calls.length === 0) return [];
    await recordCalls(tx, calls);
    return recordHealth(tx, calls, openUntil, clock.now());
  };

  /** Looks at all queues: what is due in them, what is known of their endpoints elsewhere, and which have grown long. */
  const poll = async (tx: Queryable, takenMs: number): Promise<void> => {
    const due = await dueQueues(tx, clock.now());
    for (const { endpointId, isFailing } of due) if (!isFailing) endpoints.trust(endpointId, takenMs);
    endpoints.wake(due.filter(({ isDisabled }) => !isDisabled));
    const disabled = [...new Set(due.filter(({ isDisabled }) => isDisabled).map(({ endpointId }) => endpointId))];
    if (disabled.length > 0) callbacksParked(await parkDisabled(tx, disabled, clock.now()));
    const crowded = batchAbove === null ? [] : endpoints.crowded();
    if (crowded.length > 0 && batchAbove !== null)
      for (const queue of await longQueues(tx, crowded, batchAbove, clock.now())) endpoints.share(queue);
    endpoints.forgetIdle(clock.monotonic());
  };

  /** One transaction: the outcomes that came in, a look at the queues when it is time, and a claim for the free slots. */
  const exchange = async (isPollDue: boolean): Promise<readonly ClaimedCallback[]> => {
    const taken = unwritten;
    const takenMs = clock.monotonic();
    unwritten = nothing();
    let wants: Want[] = [];
    try {
      const [claim, disabled] = await withSteadyPlans(database, async (tx) => {
        const disabledNow = await write(tx, taken);
        if (isPollDue) await poll(tx, takenMs);
        wants = endpoints.wants(clock.monotonic());
        return [
          wants.length === 0 ? undefined : await claimDue(tx, wants, clock.now(), timeoutMs + LEASE_MARGIN_MS),
          disabledNow,
        ];
      });
      tell(disabled);
      for (const [index, result] of claim?.taken.entries() ?? []) endpoints.claimed(wants[index] as Want, result);
      return claim?.callbacks ?? [];
    } catch (error) {
      // The calls were made: what they came to is written when the database is back.
      unwritten = {
        outcomes: taken.outcomes.concat(unwritten.outcomes),
        calls: taken.calls.concat(unwritten.calls),
        openUntil: new Map([...taken.openUntil, ...unwritten.openUntil]),
      };
      for (const want of wants) endpoints.abandon(want);
      throw error;
    }
  };

  const round = async (): Promise<void> => {
    const nowMs = clock.monotonic();
    if (woken) endpoints.wakeExpected(nowMs);
    woken = false;
    const isPollDue = nowMs >= pollAtMs;
    if (!isPollDue && unwritten.outcomes.length === 0 && !endpoints.hasWants(nowMs)) return bell.wait(pollAtMs - nowMs);
    const claimed = await exchange(isPollDue);
    if (isPollDue) pollAtMs = nowMs + POLL_EVERY_MS;
    launch(claimed);
    if (isPollDue) purge.runWhenDue();
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
    await withSteadyPlans(database, (tx) => write(tx, unwritten)).then(tell, (error: unknown) => callbackLoopFailed(log, error));
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
      await purge.stop();
    },
  };
}

function recordOf(
  batch: Batch,
  { deliveryId, outcome, problem, answer }: Awaited<ReturnType<typeof postBatch>>,
  { startedAt, durationMs }: Pick<CallRecord, 'startedAt' | 'durationMs'>,
): CallRecord {
  const [{ accountId, endpointId, form, attempt, batchId, url }] = batch;
  const callbackIds = batch.map(({ id }) => id);
  return {
    accountId,
    endpointId,
    form,
    attempt,
    batchId,
    url,
    callbackIds,
    webhookId: deliveryId,
    outcome,
    problem,
    answer,
    startedAt,
    durationMs,
  };
}
