import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { laneChanged, loopFailed } from './events.ts';
import { type Lane, type LaneIdentity, type LaneParts, openLane, type Parting } from './lane.ts';
import { createLaneLeases } from './lane-leases.ts';
import { createWorkLook } from './lane-look.ts';
import { createLaneNotices } from './lane-notices.ts';
import type { Work } from './work.ts';

/** The lanes this process owns: taken by lease, renewed, shared fairly with the other processes, given back at the end. */
export interface Lanes {
  run(): void;
  /** There is due work; a lane of another process is told by NOTIFY. */
  wake(work: readonly Work[]): void;
  stop(): Promise<void>;
}

const TICK_MS = 250;
// How often free lanes, this process's share of them, and calls that an earlier owner left are looked for.
const LOOK_EVERY_MS = 1_000;
// We stop launching this much before the database lets another process in.
const LEASE_MARGIN_MS = 500;

interface Held {
  lane: Lane;
  /** By the monotonic clock. */
  validUntil: number;
  /** Set once it is being given back. */
  released?: Promise<void>;
}

export function createLanes(parts: {
  database: Database;
  clock: Clock;
  /** A uuid that no other process has. */
  workerId: string;
  leaseMs: number;
  lane: LaneParts;
  onError(error: Error): void;
}): Lanes {
  const { database, clock, leaseMs } = parts;
  const leases = createLaneLeases(database, parts.workerId, leaseMs);
  const lookForWork = createWorkLook(leases, clock);
  const owned = new Map<number, Held>();
  const noticed = new Set<number>();
  /** By ourselves, for others: not to be taken again when we hear of it. */
  const givenBack = new Set<number>();
  const freed = new Set<number>();
  const stopRenewing = new AbortController();
  let stopping = false;
  let renewing: Promise<void> | undefined;
  let ticking: Promise<void> | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let fairLanes = Number.POSITIVE_INFINITY;
  let wakeTick: () => void = () => {};

  const wakeOwned = (work: Work): boolean => {
    const held = owned.get(work.laneId);
    held?.lane.wake(work);
    return held !== undefined;
  };
  const notices = createLaneNotices({
    database,
    clock,
    onError: parts.onError,
    onWork(work) {
      const others = work.filter((item) => !wakeOwned(item));
      for (const { laneId } of others) noticed.add(laneId);
      if (others.length > 0) wakeTick();
    },
    onFree(laneIds) {
      const others = laneIds.filter((laneId) => !givenBack.delete(laneId));
      for (const laneId of others) freed.add(laneId);
      if (others.length > 0) wakeTick();
    },
  });

  const renew = async (): Promise<void> => {
    // Who leaves wants no share any more, and keeps what it has until that is given back.
    if (!stopping) await leases.heartbeat();
    const startedAt = clock.monotonic();
    const before = [...owned];
    const kept = await leases.renew(before.map(([, { lane }]) => lane));
    for (const [id, held] of before) {
      if (owned.get(id) !== held) continue; // given back meanwhile, and perhaps taken anew
      if (kept.has(id)) held.validUntil = startedAt + leaseMs - LEASE_MARGIN_MS;
      else {
        owned.delete(id);
        held.lane.lose();
        laneChanged({ laneId: id, epoch: held.lane.epoch, change: 'lost' });
      }
    }
  };

  const open = async (taking: Promise<readonly (LaneIdentity & Parting)[]>): Promise<void> => {
    const startedAt = clock.monotonic();
    for (const { quietMs, handOver, ...identity } of await taking) {
      const { laneId, epoch } = identity;
      const held = { validUntil: startedAt + leaseMs - LEASE_MARGIN_MS };
      const lane = openLane(identity, { quietMs, handOver }, () => clock.monotonic() < held.validUntil, parts.lane);
      owned.get(laneId)?.lane.lose(); // its lease had run out, and so we took it from ourselves
      owned.set(laneId, Object.assign(held, { lane }));
      laneChanged({ laneId, epoch, change: 'taken' });
    }
  };

  const release = (laneId: number, held: Held): Promise<void> => {
    held.released ??= (async () => {
      const { epoch } = held.lane;
      const parting = await held.lane.stop();
      if (owned.get(laneId) !== held) return; // lost meanwhile
      owned.delete(laneId);
      givenBack.add(laneId);
      await leases.release(laneId, epoch, parting);
      laneChanged({ laneId, epoch, change: 'given_back' });
    })().catch((error) => loopFailed({ loop: 'release', error })); // then its lease runs out
    return held.released;
  };

  const look = async (): Promise<void> => {
    lookedAt = clock.monotonic();
    noticed.clear();
    const { workers, lanes, waiting } = await leases.fairShare();
    fairLanes = workers > 1 ? lanes : Number.POSITIVE_INFINITY;
    // One more than the share is always looked for, so that rounding leaves no lane to nobody.
    if (waiting > 0) await open(leases.acquire(Math.max(1, lanes - owned.size)));
    const staying = [...owned].filter(([, held]) => held.released === undefined);
    const surplus = staying.length - fairLanes;
    if (surplus > 1) for (const [laneId, held] of staying.slice(0, surplus - 1)) void release(laneId, held);
    for (const laneId of await leases.withOrphans([...owned.keys()])) owned.get(laneId)?.lane.recoverSoon();
  };

  const tick = async (): Promise<void> => {
    if (freed.size > 0) {
      const laneIds = [...freed];
      freed.clear();
      await open(leases.acquireFreed(laneIds));
    }
    if (clock.monotonic() - lookedAt >= LOOK_EVERY_MS) await look();
    else if (noticed.size > 0) {
      const among = [...noticed];
      noticed.clear();
      await open(leases.acquire(Math.max(1, Math.min(among.length, fairLanes - owned.size)), among));
    }
    if (owned.size === 0) return;
    for (const work of await lookForWork([...owned.values()].map(({ lane }) => lane))) wakeOwned(work);
  };

  const keepRenewing = async (): Promise<void> => {
    while (!stopRenewing.signal.aborted) {
      let renewed = true;
      await renew().catch((error) => {
        loopFailed({ loop: 'renew', error });
        renewed = false;
      });
      await clock.sleep(renewed ? leaseMs / 3 : TICK_MS, stopRenewing.signal);
    }
  };
  const keepTicking = async (): Promise<void> => {
    while (!stopping) {
      const noticeCame = new AbortController();
      wakeTick = () => noticeCame.abort('noticed');
      await tick().catch((error) => loopFailed({ loop: 'lanes', error }));
      await clock.sleep(TICK_MS, noticeCame.signal);
    }
  };

  const leave = (): Promise<void> => leases.leave().catch((error) => loopFailed({ loop: 'leave', error }));

  return {
    run() {
      // Leases are renewed beside everything else: no slow look at the queues may cost us a lane.
      renewing = keepRenewing();
      notices.listen();
      ticking = keepTicking();
    },
    wake(work) {
      notices.tell(work.filter((item) => !wakeOwned(item)));
    },
    async stop() {
      stopping = true;
      wakeTick();
      const closed = notices.close();
      await Promise.all([ticking, leave()]);
      // Renewed until the last call is answered: nobody else must take a lane whose outcomes we still hear of.
      await Promise.all([...owned].map(([laneId, held]) => release(laneId, held)));
      await closed;
      stopRenewing.abort('stopped');
      await renewing;
      await leave(); // a heartbeat may have been on its way
    },
  };
}
