import type { ActionOutcome, Channel } from '@soroka/channels';
import type { Connections } from '../connections/connections.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { Logger } from '../platform/telemetry.ts';
import { followUpsEnded } from './events.ts';
import { batchesOf, createWork, type Settle, type WorkParts } from './follow-up-work.ts';
import { claimFollowUps, delayFollowUps, type FollowUp, type FollowUpKind, forgetFollowUps } from './follow-ups.ts';

export interface FollowUpWorker {
  /** Begins what is due; false where nothing was. Calls of a slow network go on beside those of others. */
  workOff(): Promise<boolean>;
  /** Resolves when the calls under way, which are cut short, have been written down. */
  stop(): Promise<void>;
}

export type FollowUpParts = WorkParts & {
  database: Database;
  connections: Pick<Connections, 'channel' | 'pause'>;
  /** Told after something was settled: events may have waited for it. */
  onSettled: () => void;
  clock: Clock;
  log: Logger;
};

const CLAIM_MAX = 100;
// Of one connection and kind: enough for a burst of buttons, and far below any network's limit.
const CALLS_AT_ONCE = 4;
const CALL_TIMEOUT_MS = 10_000;
/** A file of a person may be large, and its server slow. */
const FILE_TIMEOUT_MS = 60_000;
// Longer than all calls of one claim may take: CLAIM_MAX / CALLS_AT_ONCE * FILE_TIMEOUT_MS.
const LEASE_MS = 1_600_000;
const FIRST_PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 600_000;
const STOPPED_PAUSE_MS = 3_600_000;
const REASON_CHARACTERS_MAX = 300;

export function createFollowUpWorker(parts: FollowUpParts): FollowUpWorker {
  const { database, connections, clock, log, onSettled } = parts;
  const work = createWork(parts);
  const stopping = new AbortController();
  const busy = new Map<string, Promise<void>>();

  const outcomeOf = async (kind: FollowUpKind, batch: readonly FollowUp[]): Promise<ActionOutcome<Settle>> => {
    const { accountId, connectionId } = batch[0] as FollowUp;
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(kind === 'file' ? FILE_TIMEOUT_MS : CALL_TIMEOUT_MS)]);
    const call = work[kind].call as (
      channel: Channel,
      tasks: readonly FollowUp['task'][],
      context: { accountId: number; now: Date; signal: AbortSignal },
    ) => Promise<ActionOutcome<Settle>>;
    const tasks = batch.map(({ task }) => task);
    return call(await connections.channel(connectionId), tasks, { accountId, now: new Date(clock.now()), signal });
  };

  const settle = async (kind: FollowUpKind, batch: readonly FollowUp[], outcome: ActionOutcome<Settle>): Promise<void> => {
    const { connectionId, tries } = batch[0] as FollowUp;
    const ended = (result: 'done' | 'refused' | 'expired' | 'retried' | 'stopped', of: readonly FollowUp[]): void =>
      followUpsEnded(log, { connectionId, kind, result, count: of.length });
    if (outcome.kind === 'done' || outcome.kind === 'refused') {
      await database.transaction(async (tx) => {
        if (outcome.kind === 'done') await outcome.result(tx);
        await forgetFollowUps(tx, batch);
      });
      ended(outcome.kind, batch);
      return onSettled();
    }
    if (outcome.kind === 'stopped') await connections.pause(connectionId, outcome.detail.slice(0, REASON_CHARACTERS_MAX));
    const pauseMs = Math.min(PAUSE_MS_MAX, FIRST_PAUSE_MS * 2 ** (tries - 1));
    const waitMs = outcome.kind === 'stopped' ? STOPPED_PAUSE_MS : Math.max(outcome.retryAfterMs, pauseMs);
    const again = new Date(clock.now() + waitMs);
    const over = batch.filter(({ expiresAt }) => expiresAt <= again);
    const left = batch.filter(({ expiresAt }) => expiresAt > again);
    await forgetFollowUps(database, over);
    await delayFollowUps(database, left, again);
    ended('expired', over);
    ended(outcome.kind === 'stopped' ? 'stopped' : 'retried', left);
  };

  const doBatch = async (kind: FollowUpKind, batch: readonly FollowUp[]): Promise<void> => {
    const outcome = await outcomeOf(kind, batch).catch((error: unknown): ActionOutcome<Settle> => {
      const detail = error instanceof Error ? error.message : String(error);
      log.error({ event: 'follow_up_failed', kind, error: detail });
      return { kind: 'failed', networkCode: 'none', retryAfterMs: FIRST_PAUSE_MS, detail };
    });
    await settle(kind, batch, outcome);
  };

  const doAll = async (kind: FollowUpKind, claimed: readonly FollowUp[]): Promise<void> => {
    const now = new Date(clock.now());
    const over = claimed.filter(({ expiresAt }) => expiresAt <= now);
    if (over.length > 0) {
      await forgetFollowUps(database, over);
      followUpsEnded(log, { connectionId: (over[0] as FollowUp).connectionId, kind, result: 'expired', count: over.length });
    }
    const fresh = claimed.filter(({ expiresAt }) => expiresAt > now);
    const batches = [...batchesOf(fresh, work[kind].batchMax)];
    const caller = async (): Promise<void> => {
      for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) await doBatch(kind, batch);
    };
    await Promise.all(Array.from({ length: CALLS_AT_ONCE }, caller));
  };

  return {
    async workOff() {
      const now = clock.now();
      const claimed = await claimFollowUps(database, {
        now: new Date(now),
        leaseUntil: new Date(now + LEASE_MS),
        busy: [...busy.keys()],
        max: CLAIM_MAX,
      });
      for (const [name, group] of Map.groupBy(claimed, ({ connectionId, kind }) => `${connectionId} ${kind}`)) {
        const { kind } = group[0] as FollowUp;
        const working = doAll(kind, group)
          .catch((error: unknown) =>
            log.warn({ event: 'follow_up_unsettled', kind, error: error instanceof Error ? error.message : String(error) }),
          )
          .finally(() => busy.delete(name));
        busy.set(name, working);
      }
      return claimed.length > 0;
    },
    async stop() {
      stopping.abort();
      await Promise.all(busy.values());
    },
  };
}
