import { BrokenBodyError } from '@soroka/channels';
import type { Clock } from '../platform/clock.ts';
import { type Database, isDatabaseAway } from '../platform/database.ts';
import type { Logger } from '../platform/telemetry.ts';
import { eventDone, eventFailed } from './events.ts';
import type { Incoming, RawEvent } from './incoming.ts';
import { SHARDS } from './raw-events.ts';

export interface Worker {
  /** Works off what is due, several dialogs at a time, until the signal; `first` is done before. False, without it, where nothing was. */
  workOff(signal: AbortSignal, first: () => Promise<unknown>): Promise<boolean>;
}

// Each holds a connection to the database. Few, because the same process answers the networks, and that must be quick;
// several processes share the shards.
const SHARDS_AT_ONCE = 2;
// After these the other shards have their turn.
const EVENTS_PER_TURN = 20;
// With the pauses between them a passing trouble of 15 seconds is waited out; the dialog waits with the event.
const TRIES_MAX = 5;
const FIRST_PAUSE_MS = 1_000;
// Any fixed number: the first half of the advisory lock of a shard.
const ADVISORY_LOCK_CLASS = 720_426_003;

const SQL = {
  dueShards: {
    name: 'inbox_due_shards',
    text: `
      select shard from generate_series(0, ${SHARDS - 1}) as shard
      where exists (select from raw_event as e where e.shard = shard.shard and e.state = 'waiting' and e.due_at <= $1)`,
  },
  lockShard: {
    name: 'inbox_lock_shard',
    text: `select pg_try_advisory_xact_lock(${ADVISORY_LOCK_CLASS}, $1::int) as "isMine"`,
  },
  // An event that waits for its next try holds back the later ones of its dialog, and nobody else's.
  next: {
    name: 'inbox_next',
    text: `
      select
        e.id, e.account_id as "accountId", e.connection_id as "connectionId", e.form, e.group_id as "groupId",
        e.dedup_key as "dedupKey", e.body, e.received_at as "receivedAt", e.tries
      from raw_event as e
      where e.shard = $1 and e.state = 'waiting' and e.due_at <= $2
        and not exists (
          select from raw_event as earlier
          where earlier.dialog_hash = e.dialog_hash and earlier.state = 'waiting' and earlier.shard = $1 and earlier.id < e.id
        )
      order by e.id
      limit 1`,
  },
  done: { name: 'inbox_done', text: "update raw_event set state = 'done', error = null, waits_for_peer = null where id = $1" },
  later: { name: 'inbox_later', text: 'update raw_event set waits_for_peer = $2, due_at = $3 where id = $1' },
  failed: {
    name: 'inbox_failed',
    text: `
      update raw_event
      set tries = tries + 1, error = $2, due_at = $3, waits_for_peer = null, state = case when $4 then 'failed' else state end
      where id = $1 and state = 'waiting'`,
  },
} as const;

export function createWorker(parts: { database: Database; incoming: Incoming; clock: Clock; log: Logger }): Worker {
  const { database, incoming, clock, log } = parts;

  const recordFailure = async ({ id, form, tries }: RawEvent, error: unknown): Promise<void> => {
    // Such a body will read no better the next time.
    const isFinal = error instanceof BrokenBodyError || error instanceof SyntaxError || tries + 1 >= TRIES_MAX;
    const message = (error instanceof Error ? error.message : String(error)).replaceAll('\0', '');
    const dueAt = new Date(clock.now() + FIRST_PAUSE_MS * 2 ** tries);
    await database.run(SQL.failed, [id, message, dueAt, isFinal]);
    eventFailed(log, { rawEventId: id, form, isFinal, problem: error instanceof Error ? error.name : typeof error });
  };

  /** The next event of the shard in one transaction; false where there is none, or another process has the shard. */
  const workOffNext = async (shard: number): Promise<boolean> => {
    let taken: RawEvent | undefined;
    let isLater = false;
    try {
      await database.transaction(async (tx) => {
        const [lock] = await tx.rows<{ isMine: boolean }>(SQL.lockShard, [shard]);
        if (lock?.isMine !== true) return;
        [taken] = await tx.rows<RawEvent>(SQL.next, [shard, new Date(clock.now())]);
        if (taken === undefined) return;
        const later = await incoming.workOff(tx, taken);
        isLater = later !== null;
        if (later === null) await tx.run(SQL.done, [taken.id]);
        else await tx.run(SQL.later, [taken.id, later.peerId, later.until]);
      });
    } catch (error) {
      if (taken === undefined || isDatabaseAway(error)) throw error;
      await recordFailure(taken, error);
      return true;
    }
    if (taken !== undefined && !isLater) eventDone({ form: taken.form, waitedMs: clock.now() - taken.receivedAt.getTime() });
    return taken !== undefined;
  };

  return {
    async workOff(signal, first) {
      const shards = (await database.rows<{ shard: number }>(SQL.dueShards, [new Date(clock.now())])).map(({ shard }) => shard);
      if (shards.length > 0) await first();
      let isAny = false;
      const workOffShards = async (): Promise<void> => {
        for (let shard = shards.shift(); shard !== undefined; shard = shards.shift()) {
          for (let left = EVENTS_PER_TURN; left > 0 && !signal.aborted && (await workOffNext(shard)); left -= 1) isAny = true;
        }
      };
      await Promise.all(Array.from({ length: SHARDS_AT_ONCE }, workOffShards));
      return isAny;
    },
  };
}
