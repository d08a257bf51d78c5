import { createHash } from 'node:crypto';
import type { PostResult } from '../platform/http-client.ts';
import { createBell } from './bell.ts';
import { type CallbackPosted, callbackLoopFailed, callbackPosted, callbacksInFlight } from './callback-events.ts';
import type { CallbackParts } from './callbacks.ts';
import { type ClaimedCallback, claimDue, dueEndpoints } from './claim.ts';
import { createEndpoints } from './endpoints.ts';
import type { Queued } from './enqueue.ts';
import { purge } from './parked.ts';
import { retryDelayMs } from './retry-schedule.ts';
import { type Outcome, settleOutcomes } from './settle.ts';
import { signedHeaders } from './signature.ts';

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

/** What goes in one POST, in the order of its callbacks. */
type Batch = readonly [ClaimedCallback, ...ClaimedCallback[]];

/**
 * The loop that delivers: writes the outcomes that came in, claims what there are free slots for, launches it, and again. Both
 * statements work on whatever gathered while the one before ran, so that they grow with the load and not in number.
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
    const deliveryId = deliveryIdOf(batch);
    const { outcome, problem } = await call(parts, batch, deliveryId, secrets);
    const delivered = outcome === 'delivered';
    const delayMs = delivered ? 0 : retryDelayMs(attempt, parts.random);
    const result = delivered ? 'delivered' : delayMs === null ? 'parked' : 'waiting';
    endpoints.end(endpointId, delivered);
    finish(batch, result, clock.now() + (delayMs ?? 0), problem);
    const durationMs = clock.monotonic() - startedMs;
    callbackPosted(log, {
      accountId,
      endpointId,
      deliveryId,
      form,
      attempt,
      callbacks: batch.length,
      outcome,
      result,
      problem,
      durationMs,
    });
  };

  const settle = async (): Promise<void> => {
    const settling = outcomes;
    if (settling.length === 0) return;
    outcomes = [];
    try {
      endpoints.wake(await settleOutcomes(database, settling, clock.now()));
    } catch (error) {
      outcomes = settling.concat(outcomes); // the calls were made: their outcomes are written when the database is back
      throw error;
    }
  };

  const poll = async (): Promise<void> => {
    const nowMs = clock.monotonic();
    if (nowMs < pollAtMs) return;
    endpoints.wake(await dueEndpoints(database, clock.now()));
    pollAtMs = nowMs + POLL_EVERY_MS;
    if (nowMs < purgeAtMs) return;
    await purge(database, {
      delivered: new Date(clock.now() - KEEP_DELIVERED_MS),
      parked: new Date(clock.now() - KEEP_PARKED_MS),
    });
    purgeAtMs = nowMs + PURGE_EVERY_MS;
  };

  /** False when there is nothing to claim or no slot to call with. */
  const claimAndLaunch = async (): Promise<boolean> => {
    const wants = endpoints.wants();
    if (wants.length === 0) return false;
    const { callbacks, seen } = await claimDue(database, wants, clock.now(), timeoutMs + LEASE_MARGIN_MS).catch(
      (error: unknown) => {
        endpoints.wake(wants.map(({ endpointId }) => endpointId));
        throw error;
      },
    );
    for (const want of wants) endpoints.claimed(want, seen.get(want.endpointId) ?? []);
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
    return true;
  };

  const round = async (): Promise<void> => {
    await settle();
    await poll();
    if (woken) endpoints.wakeExpected(clock.monotonic());
    woken = false;
    if (!(await claimAndLaunch())) await bell.wait(pollAtMs - clock.monotonic());
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
    await settle().catch((error: unknown) => callbackLoopFailed(log, error));
    callbacksInFlight(0);
  };

  return {
    expect: (queued) => endpoints.expect(queued, clock.monotonic()),
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

async function call(
  { httpClient, clock, timeoutMs }: Required<CallbackParts>,
  batch: Batch,
  deliveryId: string,
  secrets: Promise<readonly string[]>,
): Promise<{ outcome: CallbackPosted['outcome']; problem: string | null }> {
  const [{ url, form }] = batch;
  const body = form === 'status' ? `[${batch.map((callback) => callback.body).join(',')}]` : batch[0].body;
  let signed: Record<string, string>;
  try {
    signed = signedHeaders(deliveryId, clock.now(), body, await secrets);
  } catch {
    return { outcome: 'failed', problem: 'the signing secret of the account cannot be read' };
  }
  const headers = { 'content-type': 'application/json', 'user-agent': 'Soroka', ...signed };
  return verdict(await httpClient.post({ url, body, headers, timeoutMs }), timeoutMs);
}

function verdict(result: PostResult, timeoutMs: number): { outcome: CallbackPosted['outcome']; problem: string | null } {
  switch (result.kind) {
    case 'answered':
      if (result.status >= 200 && result.status < 300) return { outcome: 'delivered', problem: null };
      return {
        outcome: 'refused',
        problem: `answered ${result.status}${result.status >= 300 && result.status < 400 ? ', redirects are not followed' : ''}`,
      };
    case 'forbidden':
      return { outcome: 'forbidden', problem: `the URL ${result.reason}` };
    case 'timed_out':
      return { outcome: 'timed_out', problem: `no whole answer within ${timeoutMs} ms` };
    case 'failed':
      return { outcome: 'failed', problem: `the call failed with ${result.code}` };
  }
}

function batchesOf(callbacks: readonly ClaimedCallback[]): Batch[] {
  const batches = new Map<number, [ClaimedCallback, ...ClaimedCallback[]]>();
  for (const callback of callbacks.toSorted((a, b) => a.id - b.id)) {
    const batch = batches.get(callback.batchId);
    if (batch === undefined) batches.set(callback.batchId, [callback]);
    else batch.push(callback);
  }
  return [...batches.values()];
}

/** The same for the same callbacks, another for any others: a receiver that drops repeats by it loses nothing. */
function deliveryIdOf(batch: Batch): string {
  if (batch.length === 1) return `cb_${batch[0].id}`;
  const ids = batch.map(({ id }) => id).join(',');
  return `cb_${createHash('sha256').update(ids).digest('base64url').slice(0, 27)}`;
}
