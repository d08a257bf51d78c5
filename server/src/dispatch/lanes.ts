import { randomUUID } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';
import type { Database, Statement } from '../platform/database.ts';
import { laneChanged, loopFailed } from './events.ts';
import { type Lane, type LaneParts, openLane } from './lane.ts';

/** The lanes this process owns: taken by lease, renewed, shared fairly with the other processes, given back at the end. */
export interface Lanes {
  run(): void;
  /** New work in these lanes; a lane of another process is told by NOTIFY. */
  wake(laneIds: readonly number[]): void;
  stop(): Promise<void>;
}

const CHANNEL = 'soroka_lanes';
const TICK_MS = 250;
const ACQUIRE_EVERY_MS = 1_000;
const NOTIFY_EVERY_MS = 20;
// The receiver's window plus a margin for a call that the old owner had on the wire when its lease ended.
const QUARANTINE_MS = 1_100;
// We stop launching this much before the database lets another process in.
const LEASE_MARGIN_MS = 500;

// In the order of ids, like every statement that locks several lanes.
const RENEW: Statement = {
  name: 'dispatch.lanes.renew',
  text: `
    with mine as (select id from lane where id = any($2::int[]) and owner = $1 order by id for update)
    update lane set lease_until = now() + make_interval(secs => $3::float8 / 1000)
    from mine where lane.id = mine.id returning lane.id`,
};
const ACQUIRE: Statement = {
  name: 'dispatch.lanes.acquire',
  // The new owner keeps quiet until what the old one may have launched at the end of its lease is out of every window.
  text: `
    with free as (
      select id from lane
      where (owner is null or lease_until < now())
        and (exists (select 1 from delivery where lane_id = lane.id and state = 'queued')
          or exists (select 1 from delivery where lane_id = lane.id and state = 'sending'))
      order by id limit $3 for update skip locked
    )
    update lane
    set owner = $1, epoch = epoch + 1, lease_until = now() + make_interval(secs => $2::float8 / 1000),
        quiet_until = greatest(quiet_until, case when owner is not null then lease_until + make_interval(secs => $4::float8 / 1000) end)
    from free where lane.id = free.id
    returning lane.id as "laneId", lane.epoch, lane.network, lane.group_id as "groupId",
      greatest(0, coalesce(extract(epoch from quiet_until - now()) * 1000, 0))::float8 as "quietMs"`,
};
const RELEASE: Statement = {
  name: 'dispatch.lanes.release',
  text: `
    update lane set owner = null, lease_until = null, quiet_until = now() + make_interval(secs => $4::float8 / 1000)
    where id = $2 and owner = $1 and epoch = $3`,
};
const HEARTBEAT: Statement = {
  name: 'dispatch.lanes.heartbeat',
  text: 'insert into worker (id, seen_at) values ($1, now()) on conflict (id) do update set seen_at = now()',
};
const LEAVE: Statement = {
  name: 'dispatch.lanes.leave',
  text: `delete from worker where id = $1 or seen_at < now() - interval '1 hour'`,
};
const SHARE: Statement = {
  name: 'dispatch.lanes.share',
  text: `
    select (select count(*) from worker where seen_at > now() - make_interval(secs => $1::float8 / 1000))::int as workers,
      (select count(*) from lane where owner is not null and lease_until > now())::int as owned,
      (select count(*) from lane where (owner is null or lease_until < now())
        and exists (select 1 from delivery where lane_id = lane.id and state = 'queued'))::int as waiting`,
};
const DUE: Statement = {
  name: 'dispatch.lanes.due',
  text: `
    select distinct l.id as "laneId", c.id as "connectionId"
    from unnest($1::int[]) as l(id)
    cross join lateral (
      select connection_id as id from delivery where lane_id = l.id and state = 'queued' and due_at <= $2 group by connection_id
    ) as c`,
};

export function createLanes(parts: {
  database: Database;
  clock: Clock;
  leaseMs: number;
  lane: LaneParts;
  onError(error: Error): void;
}): Lanes {
  const { database, clock, leaseMs } = parts;
  const workerId = randomUUID();
  const owned = new Map<number, { lane: Lane; validUntil: { monotonic: number } }>();
  const toNotify = new Set<number>();
  let stopping = false;
  let acquireSoon = true;
  let unlisten: (() => Promise<void>) | undefined;
  let running: Promise<void> | undefined;
  let renewedAt = Number.NEGATIVE_INFINITY;
  let acquiredAt = Number.NEGATIVE_INFINITY;
  let notifyTimer: NodeJS.Timeout | undefined;
  let wakeTick: () => void = () => {};

  const wakeOwned = (laneId: number): boolean => {
    const held = owned.get(laneId);
    held?.lane.wake();
    return held !== undefined;
  };

  const renew = async (): Promise<void> => {
    const startedAt = clock.monotonic();
    await database.run(HEARTBEAT, [workerId]);
    const ids = [...owned.keys()];
    const kept = new Set((await database.rows<{ id: number }>(RENEW, [workerId, ids, leaseMs])).map(({ id }) => id));
    for (const id of ids) {
      const held = owned.get(id);
      if (held === undefined) continue;
      if (kept.has(id)) held.validUntil.monotonic = startedAt + leaseMs - LEASE_MARGIN_MS;
      else {
        owned.delete(id);
        held.lane.lose();
        laneChanged({ laneId: id, epoch: held.lane.epoch, change: 'lost' });
      }
    }
    renewedAt = startedAt;
  };

  const acquire = async (): Promise<void> => {
    acquiredAt = clock.monotonic();
    acquireSoon = false;
    const [share] = await database.rows<{ workers: number; owned: number; waiting: number }>(SHARE, [leaseMs]);
    if (share === undefined) return;
    const fair = Math.ceil((share.owned + share.waiting) / Math.max(1, share.workers));
    const wanted = share.waiting > 0 ? Math.max(fair - owned.size, owned.size === 0 ? 1 : 0) : 0;
    const startedAt = clock.monotonic();
    type Row = { laneId: number; epoch: number; network: 'vk' | 'ok'; groupId: string; quietMs: number };
    // A lane whose dead owner left only calls in flight does not wait in any queue: one more is always looked for.
    const taken = await database.rows<Row>(ACQUIRE, [workerId, leaseMs, Math.max(1, wanted), QUARANTINE_MS]);
    for (const { laneId, epoch, network, groupId, quietMs } of taken) {
      const validUntil = { monotonic: startedAt + leaseMs - LEASE_MARGIN_MS };
      const lane = openLane(
        { laneId, epoch, network, groupId },
        quietMs,
        () => clock.monotonic() < validUntil.monotonic,
        parts.lane,
      );
      owned.set(laneId, { lane, validUntil });
      laneChanged({ laneId, epoch, change: 'taken' });
    }
    const surplus = owned.size - fair;
    if (share.workers > 1 && surplus > 1) for (const id of [...owned.keys()].slice(0, surplus - 1)) void release(id);
  };

  const release = async (laneId: number): Promise<void> => {
    const held = owned.get(laneId);
    if (held === undefined) return;
    const quietMs = await held.lane.stop();
    owned.delete(laneId);
    await database.run(RELEASE, [workerId, laneId, held.lane.epoch, quietMs]);
    laneChanged({ laneId, epoch: held.lane.epoch, change: 'given_back' });
  };

  const tick = async (): Promise<void> => {
    if (clock.monotonic() - renewedAt >= leaseMs / 3) await renew();
    if (acquireSoon || clock.monotonic() - acquiredAt >= ACQUIRE_EVERY_MS) await acquire();
    if (owned.size === 0) return;
    const due = await database.rows<{ laneId: number; connectionId: number }>(DUE, [[...owned.keys()], new Date(clock.now())]);
    for (const { laneId, connectionId } of due) owned.get(laneId)?.lane.wake(connectionId);
  };

  const loop = async (): Promise<void> => {
    while (!stopping) {
      try {
        await tick();
      } catch (error) {
        loopFailed({ loop: 'lanes', error });
      }
      if (acquireSoon || stopping) continue;
      const controller = new AbortController();
      wakeTick = () => controller.abort();
      await clock.sleep(TICK_MS, controller.signal);
    }
  };

  const tellOthers = (): void => {
    notifyTimer = undefined;
    const payload = [...toNotify].join(',');
    toNotify.clear();
    database
      .run({ name: 'dispatch.lanes.notify', text: `select pg_notify('${CHANNEL}', $1)` }, [payload])
      .catch((error) => parts.onError(error));
  };

  const onNotice = (payload: string): void => {
    const others = payload
      .split(',')
      .map(Number)
      .filter((laneId) => !wakeOwned(laneId));
    if (others.length === 0) return;
    acquireSoon = true;
    wakeTick();
  };

  return {
    run() {
      running = (async () => {
        unlisten = await database.listen(CHANNEL, onNotice).catch((error) => {
          parts.onError(error); // polling is the truth: without notices work starts within a tick
          return undefined;
        });
        await loop();
      })();
    },
    wake(laneIds) {
      const others = laneIds.filter((laneId) => !wakeOwned(laneId));
      if (others.length === 0) return;
      for (const laneId of others) toNotify.add(laneId);
      // One notice for all that was accepted meanwhile: NOTIFY takes a lock over all of PostgreSQL's commits.
      notifyTimer ??= setTimeout(tellOthers, NOTIFY_EVERY_MS);
    },
    async stop() {
      stopping = true;
      wakeTick();
      await running;
      if (notifyTimer !== undefined) {
        clearTimeout(notifyTimer);
        tellOthers();
      }
      await unlisten?.();
      await Promise.all(
        [...owned.keys()].map((laneId) => release(laneId).catch((error) => loopFailed({ loop: 'release', error }))),
      );
      await database.run(LEAVE, [workerId]).catch((error) => loopFailed({ loop: 'leave', error }));
    },
  };
}
