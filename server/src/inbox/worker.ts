import { BrokenBodyError } from '@soroka/channels';
import type { Clock } from '../platform/clock.ts';
import { type Database, isDatabaseAway, type Transaction } from '../platform/database.ts';
import type { Logger } from '../platform/telemetry.ts';
import { eventDone, eventFailed } from './events.ts';
import type { Incoming, RawEvent } from './incoming.ts';
import { SHARDS } from './raw-events.ts';

export interface Worker {
  /** Works off what is due, dialogs side by side, until the signal; `first` is done before. False, without it, where nothing was. */
  workOff(signal: AbortSignal, first: () => Promise<unknown>): Promise<boolean>;
}

// In one transaction: they share its statements (platform/gathered.ts) and its commit. More would make each wait longer for its commit.
const EVENTS_MAX = 32;
// The others are left to other processes.
const SHARDS_MAX = SHARDS / 2;
// Then the loop looks anew at what was sent meanwhile.
const BATCHES_PER_TURN = 10;
// With the pauses between them a passing trouble of 15 seconds is waited out; the dialog waits with the event.
const TRIES_MAX = 5;
const FIRST_PAUSE_MS = 1_000;
// Any fixed number: the first half of the advisory lock of a shard.
const ADVISORY_LOCK_CLASS = 720_426_003;

// `limit 1` and `order by … limit 1` have each shard and each dialog found by its index: while nothing is known of the table, walking
// through all that waits looks as good.
const SQL = {
  isDue: {
    name: 'inbox_is_due',
    text: `
      select from generate_series(0, ${SHARDS - 1}) as s(shard)
      cross join lateral (select from raw_event as e where e.shard = s.shard and e.state = 'waiting' and e.due_at <= $1 order by e.id limit 1) as due
      limit 1`,
  },
  // From another one on each time: the limit must not fall upon the same shards whenever there is much to do.
  lockShards: {
    name: 'inbox_lock_shards',
    text: `
      select shard
      from (
        select s.shard
        from (select n, (n + $2::int) % ${SHARDS} as shard from generate_series(0, ${SHARDS - 1}) as n) as s
        cross join lateral (select from raw_event as e where e.shard = s.shard and e.state = 'waiting' and e.due_at <= $1 order by e.id limit 1) as waits
        order by s.n
        offset 0
      ) as due
      where pg_try_advisory_xact_lock(${ADVISORY_LOCK_CLASS}, shard)
      limit ${SHARDS_MAX}`,
  },
  // One of each dialog. An event that waits for its next try holds back the later ones of its dialog, and nobody else's.
  next: {
    name: 'inbox_next',
    text: `
      select e.*
      from unnest($1::int[]) as mine(shard)
      cross join lateral (
        select
          e.id, e.account_id as "accountId", e.connection_id as "connectionId", e.form, e.group_id as "groupId",
          e.dedup_key as "dedupKey", e.body, e.received_at as "receivedAt", e.tries
        from raw_event as e
        where e.shard = mine.shard and e.state = 'waiting' and e.due_at <= $2
          and e.id = (
            select first.id from raw_event as first
            where first.dialog_hash = e.dialog_hash and first.state = 'waiting' and first.shard = mine.shard
            order by first.id
            limit 1
          )
        order by e.id
        limit $3
      ) as e
      order by e.id
      limit $3`,
  },
  done: {
    name: 'inbox_done',
    text: "update raw_event set state = 'done', error = null, waits_for_peer = null where id = any($1::bigint[])",
  },
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
  let fromShard = 0;

  const recordFailure = async ({ id, form, tries }: RawEvent, error: unknown): Promise<void> => {
    // Such a body will read no better the next time.
    const isFinal = error instanceof BrokenBodyError || error instanceof SyntaxError || tries + 1 >= TRIES_MAX;
    const message = (error instanceof Error ? error.message : String(error)).replaceAll('\0', '');
    const dueAt = new Date(clock.now() + FIRST_PAUSE_MS * 2 ** tries);
    await database.run(SQL.failed, [id, message, dueAt, isFinal]);
    eventFailed(log, { rawEventId: id, form, isFinal, problem: error instanceof Error ? error.name : typeof error });
  };

  /** Those that are this process's own until the transaction ends. */
  const take = async (tx: Transaction, max: number): Promise<readonly RawEvent[]> => {
    const now = new Date(clock.now());
    const mine = (await tx.rows<{ shard: number }>(SQL.lockShards, [now, fromShard])).map(({ shard }) => shard);
    fromShard = ((mine.at(-1) ?? fromShard) + 1) % SHARDS;
    return mine.length === 0 ? [] : tx.rows<RawEvent>(SQL.next, [mine, now, max]);
  };

  /** All of them, side by side; those that were worked off come back. */
  const workOffIn = async (tx: Transaction, taken: readonly RawEvent[]): Promise<readonly RawEvent[]> => {
    // Also where one has failed the others go on to their end: the transaction must not be over while they use it.
    const settled = await Promise.allSettled(taken.map((raw) => incoming.workOff(tx, raw)));
    const failure = settled.find((one) => one.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
    const laters = settled.map((one) => (one.status === 'fulfilled' ? one.value : null));
    const done = taken.filter((_, index) => laters[index] === null);
    await tx.run(SQL.done, [done.map(({ id }) => id)]);
    for (const [index, later] of laters.entries())
      if (later !== null) await tx.run(SQL.later, [taken[index]?.id, later.peerId, later.until]);
    return done;
  };

  /** The oldest event of each of up to `max` dialogs in one transaction; how many there were. */
  const workOffNext = async (max: number): Promise<number> => {
    let taken: readonly RawEvent[] = [];
    let done: readonly RawEvent[] = [];
    try {
      await database.transaction(async (tx) => {
        taken = await take(tx, max);
        if (taken.length > 0) done = await workOffIn(tx, taken);
      });
    } catch (error) {
      done = [];
      const [only, ...others] = taken;
      if (only === undefined || isDatabaseAway(error)) throw error;
      if (others.length > 0) return workOffOneByOne(taken.length);
      await recordFailure(only, error);
    }
    for (const { form, receivedAt } of done) eventDone({ form, waitedMs: clock.now() - receivedAt.getTime() });
    return taken.length;
  };

  /** One of them cannot be worked off: the others must not suffer from it. */
  const workOffOneByOne = async (count: number): Promise<number> => {
    for (let left = count; left > 0; left -= 1) if ((await workOffNext(1)) === 0) return count - left;
    return count;
  };

  return {
    async workOff(signal, first) {
      if ((await database.rows(SQL.isDue, [new Date(clock.now())])).length === 0) return false;
      await first();
      for (let left = BATCHES_PER_TURN; left > 0 && !signal.aborted; left -= 1) {
        // Where there was room in the transaction, what is left came meanwhile, or belongs to others.
        if ((await workOffNext(EVENTS_MAX)) < EVENTS_MAX) break;
      }
      return true;
    },
  };
}
