import type { Clock } from '../platform/clock.ts';
import type { Lane } from './lane.ts';
import type { LaneLeases } from './lane-leases.ts';
import type { Work } from './work.ts';

/** Finds due work of these lanes that nobody told of. */
export type WorkLook = (lanes: readonly Lane[]) => Promise<readonly Work[]>;

// A look that took long is not soon repeated: at most a twentieth of the time is spent on looking.
const REST_PER_COST = 20;
// All queues from their beginnings, cursors or no cursors: what a cursor has passed by is found by this alone. What is left of rows that
// went before is walked through, which takes the longer the more of it a snapshot keeps.
const ALL_EVERY_MS = { min: 1_000, max: 5_000 };
// Queues with nothing due, from their cursors on: what comes due by itself.
const COLD_EVERY_MS = { min: 0, max: 1_000 };

export function createWorkLook(leases: Pick<LaneLeases, 'dueWork' | 'newlyDue'>, clock: Clock): WorkLook {
  const seen = new WeakSet<Lane>();
  let allAt = Number.NEGATIVE_INFINITY;
  let coldAt = Number.NEGATIVE_INFINITY;

  const restAfter = (startedAt: number, { min, max }: { min: number; max: number }): number =>
    clock.monotonic() + Math.min(max, Math.max(min, (clock.monotonic() - startedAt) * REST_PER_COST));

  return async (lanes) => {
    const startedAt = clock.monotonic();
    const now = new Date(clock.now());
    const isForAll = startedAt >= allAt;
    const unknown = isForAll ? lanes : lanes.filter((lane) => !seen.has(lane));
    const work: Work[] = [];
    if (unknown.length > 0) {
      const laneIds = unknown.map(({ laneId }) => laneId);
      work.push(...(await leases.dueWork(laneIds, now)));
      for (const lane of unknown) seen.add(lane);
    }
    if (isForAll) allAt = restAfter(startedAt, ALL_EVERY_MS);
    else if (startedAt >= coldAt) {
      const cold = lanes.flatMap((lane) => lane.coldQueues().map((queue) => ({ laneId: lane.laneId, ...queue })));
      work.push(...(await leases.newlyDue(cold, now)));
      coldAt = restAfter(startedAt, COLD_EVERY_MS);
    }
    return work;
  };
}
