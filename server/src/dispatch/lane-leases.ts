import type { Database, Statement } from '../platform/database.ts';
import { PARKED } from './classes.ts';
import { type HandOver, handOverAfter } from './hand-over.ts';
import type { LaneIdentity, Parting } from './lane.ts';
import { notifyOfFree } from './lane-notices.ts';
import type { Cursor, QueueName } from './lane-queues.ts';
import { type Work, type WorkRow, workOf } from './work.ts';

/** The lane's row as this process sees it: leases by the database's clock, and where work is. */
export interface LaneLeases {
  /** Says that this process lives and wants its share of the lanes. */
  heartbeat(): Promise<void>;
  /** Renews lanes. Returns those that are still this process's own under the same epoch. */
  renew(held: readonly Pick<LaneIdentity, 'laneId' | 'epoch'>[]): Promise<ReadonlySet<number>>;
  /** How many lanes each process should have. */
  fairShare(): Promise<{ workers: number; lanes: number; waiting: number }>;
  /** Takes at most `max` lanes with work that nobody owns; of `among` only, where it is given. */
  acquire(max: number, among?: readonly number[]): Promise<readonly (LaneIdentity & Parting)[]>;
  /** Takes this process's share of lanes that were just given back, work or no work: their next message must find an owner. */
  acquireFreed(laneIds: readonly number[]): Promise<readonly (LaneIdentity & Parting)[]>;
  /** Gives a lane back and tells the other processes of it. */
  release(laneId: number, epoch: number, parting: Parting): Promise<void>;
  /** Queues of these lanes with due messages, each with the time of its first one. */
  dueWork(laneIds: readonly number[], now: Date): Promise<readonly Work[]>;
  /** Those of these queues in which something after the cursor is due by now. */
  newlyDue(queues: readonly ColdQueue[], now: Date): Promise<readonly Work[]>;
  /** Which of these lanes have calls of an earlier owner. */
  withOrphans(laneIds: readonly number[]): Promise<readonly number[]>;
  /** This process sends no more. */
  leave(): Promise<void>;
}

export interface ColdQueue extends QueueName {
  laneId: number;
  after: Cursor | null;
}

// The receiver's window plus a margin for a call that the old owner had on the wire when its lease ended.
const QUARANTINE_MS = 1_100;

// In the order of ids, like every statement that locks several lanes. The epoch tells a lane that this process took anew without
// hearing of it: kept under the old one, it would be renewed for ever and find nothing.
const RENEW: Statement = {
  name: 'dispatch.lanes.renew',
  text: `
    with mine as (
      select lane.id from unnest($2::int[], $3::bigint[]) as held(id, epoch) join lane on lane.id = held.id and lane.epoch = held.epoch
      where lane.owner = $1 order by lane.id for update of lane
    )
    update lane set lease_until = now() + make_interval(secs => $4::float8 / 1000)
    from mine where lane.id = mine.id returning lane.id`,
};
const HAS_WORK = `(exists (select 1 from delivery where lane_id = lane.id and state = 'queued')
          or exists (select 1 from delivery where lane_id = lane.id and state = 'sending'))`;
// The new owner keeps quiet until what the old one may have launched at the end of its lease is out of every window.
const acquire = (name: string, { which, max }: { which: string; max: string }): Statement => ({
  name,
  text: `
    with free as (
      select id, handed_over_at, case when (handed_over->>'epoch')::bigint = epoch then handed_over end as handed_over from lane
      where ${which} and (owner is null or lease_until < now())
      order by id limit ${max} for update skip locked
    )
    update lane
    set owner = $1, epoch = epoch + 1, lease_until = now() + make_interval(secs => $2::float8 / 1000),
        quiet_until = greatest(quiet_until, case when owner is not null then lease_until + make_interval(secs => $3::float8 / 1000) end)
    from free where lane.id = free.id
    returning lane.id as "laneId", lane.epoch, lane.network, lane.group_id as "groupId",
      case when free.handed_over is null then greatest(0, coalesce(extract(epoch from quiet_until - now()) * 1000, 0)) else 0 end::float8
        as "quietMs",
      free.handed_over as "handOver", (extract(epoch from now() - free.handed_over_at) * 1000)::float8 as "handedOverMsAgo"`,
});
const ACQUIRE = acquire('dispatch.lanes.acquire', { which: HAS_WORK, max: '$4' });
const ACQUIRE_AMONG = acquire('dispatch.lanes.acquire_among', { which: `id = any($5::int[]) and ${HAS_WORK}`, max: '$4' });
// The share is counted in the same statement: between two processes a queue stands still, and each way to the database is part of that.
const ACQUIRE_FREED = acquire('dispatch.lanes.acquire_freed', {
  which: 'id = any($4::int[])',
  max: `(
        select greatest(0, ceil(count(*)::float8 / greatest(1, workers)) - count(*) filter (where owner = $1 and lease_until > now()))::int
        from lane, (select count(*) as workers from worker where seen_at > now() - make_interval(secs => $2::float8 / 1000)) as living
        where (owner is not null and lease_until > now()) or id = any($4::int[])
        group by workers
      )`,
});
const RELEASE: Statement = {
  name: 'dispatch.lanes.release',
  text: `
    with given as (
      update lane
      set owner = null, lease_until = null, quiet_until = greatest(quiet_until, now() + make_interval(secs => $4::float8 / 1000)),
          handed_over = $5::jsonb, handed_over_at = now()
      where id = $2 and owner = $1 and epoch = $3
      returning id
    )
    select ${notifyOfFree('id')} from given`,
};
const HEARTBEAT: Statement = {
  name: 'dispatch.lanes.heartbeat',
  text: 'insert into worker (id, seen_at) values ($1, now()) on conflict (id) do update set seen_at = now()',
};
const LEAVE: Statement = { name: 'dispatch.lanes.leave', text: 'delete from worker where id = $1' };
const SHARE: Statement = {
  name: 'dispatch.lanes.share',
  text: `
    select (select count(*) from worker where seen_at > now() - make_interval(secs => $1::float8 / 1000))::int as workers,
      (select count(*) from lane where owner is not null and lease_until > now())::int as owned,
      (select count(*) from lane where (owner is null or lease_until < now()) and ${HAS_WORK})::int as waiting`,
};
const DUE: Statement = {
  name: 'dispatch.lanes.due',
  // Hops from the first row of one queue to that of the next, so that a long queue costs no more than a short one.
  text: `
    with recursive queue as (
      select l.id as lane_id, first.*
      from unnest($1::int[]) as l(id)
      cross join lateral (
        select connection_id, priority, account_id, due_at, message_id from delivery where lane_id = l.id and state = 'queued'
        order by connection_id, priority, account_id, due_at, message_id limit 1
      ) as first
      union all
      select q.lane_id, next.*
      from queue as q
      cross join lateral (
        select connection_id, priority, account_id, due_at, message_id from delivery
        where lane_id = q.lane_id and state = 'queued'
          and (connection_id, priority, account_id) > (q.connection_id, q.priority, q.account_id)
        order by connection_id, priority, account_id, due_at, message_id limit 1
      ) as next
    )
    select lane_id as "laneId", connection_id as "connectionId", priority, account_id as "accountId", due_at as "dueAt",
      message_id as "messageId"
    from queue where priority < ${PARKED}`,
};
const NEWLY_DUE: Statement = {
  name: 'dispatch.lanes.newly_due',
  text: `
    select q.lane_id as "laneId", q.connection_id as "connectionId", q.priority, q.account_id as "accountId", first.due_at as "dueAt",
      first.message_id as "messageId"
    from unnest($1::int[], $2::bigint[], $3::smallint[], $4::bigint[], $5::timestamptz[], $6::bigint[])
      as q(lane_id, connection_id, priority, account_id, after_due_at, after_id)
    cross join lateral (
      select due_at, message_id from delivery
      where lane_id = q.lane_id and connection_id = q.connection_id and priority = q.priority and account_id = q.account_id
        and state = 'queued' and (due_at, message_id) > (q.after_due_at, q.after_id) and due_at <= $7
      order by due_at, message_id limit 1
    ) as first`,
};
const WITH_ORPHANS: Statement = {
  name: 'dispatch.lanes.with_orphans',
  text: `
    select l.id from lane as l
    where l.id = any($1::int[]) and exists (select 1 from delivery where lane_id = l.id and state = 'sending' and epoch < l.epoch)`,
};

type AcquiredRow = LaneIdentity & { quietMs: number; handOver: HandOver | null; handedOverMsAgo: number | null };

export function createLaneLeases(database: Database, workerId: string, leaseMs: number): LaneLeases {
  const take = async (statement: Statement, values: readonly unknown[]): Promise<readonly (LaneIdentity & Parting)[]> => {
    const rows = await database.rows<AcquiredRow>(statement, [workerId, leaseMs, QUARANTINE_MS, ...values]);
    return rows.map(({ handOver, handedOverMsAgo, ...lane }) => ({
      ...lane,
      handOver: handOver === null ? null : handOverAfter(handOver, handedOverMsAgo ?? 0),
    }));
  };

  return {
    async heartbeat() {
      await database.run(HEARTBEAT, [workerId]);
    },
    async renew(held) {
      if (held.length === 0) return new Set();
      const columns = [held.map(({ laneId }) => laneId), held.map(({ epoch }) => epoch)];
      return new Set((await database.rows<{ id: number }>(RENEW, [workerId, ...columns, leaseMs])).map(({ id }) => id));
    },
    async fairShare() {
      const [row] = await database.rows<{ workers: number; owned: number; waiting: number }>(SHARE, [leaseMs]);
      const { workers = 1, owned = 0, waiting = 0 } = row ?? {};
      return { workers, lanes: Math.ceil((owned + waiting) / Math.max(1, workers)), waiting };
    },
    acquire: (max, among) => (among === undefined ? take(ACQUIRE, [max]) : take(ACQUIRE_AMONG, [max, among])),
    acquireFreed: (laneIds) => take(ACQUIRE_FREED, [laneIds]),
    async release(laneId, epoch, { quietMs, handOver }) {
      const left = handOver === null ? null : JSON.stringify({ epoch, ...handOver });
      await database.run(RELEASE, [workerId, laneId, epoch, quietMs, left]);
    },
    dueWork: async (laneIds, now) => workOf(await database.rows<WorkRow>(DUE, [laneIds]), now),
    async newlyDue(queues, now) {
      if (queues.length === 0) return [];
      const rows = await database.rows<WorkRow>(NEWLY_DUE, [
        queues.map(({ laneId }) => laneId),
        queues.map(({ connectionId }) => connectionId),
        queues.map(({ priority }) => priority),
        queues.map(({ accountId }) => accountId),
        queues.map(({ after }) => new Date(after?.dueAt ?? 0)),
        queues.map(({ after }) => after?.messageId ?? 0),
        now,
      ]);
      return workOf(rows, now);
    },
    async withOrphans(laneIds) {
      return (await database.rows<{ id: number }>(WITH_ORPHANS, [laneIds])).map(({ id }) => id);
    },
    async leave() {
      await database.run(LEAVE, [workerId]);
    },
  };
}
