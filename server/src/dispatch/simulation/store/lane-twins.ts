import { PARKED } from '../../classes.ts';
import type { HandOver } from '../../hand-over.ts';
import { LANES_CHANNEL } from '../../lane-notices.ts';
import { isDueIn, queuesOf } from './queue-twins.ts';
import { type DeliveryRow, type LaneRow, sentKey, type Tables } from './tables.ts';
import { cellsWhere, holdAll, holdFree, rowsOf, seen, type Transaction, write } from './transactions.ts';

// Twins of the statements of lane-leases.ts, lane-notices.ts and lane-directory.ts.

const byId = (a: { committed: LaneRow | null }, b: { committed: LaneRow | null }): number =>
  (a.committed?.id ?? 0) - (b.committed?.id ?? 0);

function lanesWithWork(tx: Transaction, tables: Tables): Set<number> {
  const found = new Set<number>();
  for (const row of rowsOf(tx, tables.delivery)) if (row.state !== 'sent') found.add(row.laneId);
  return found;
}

const isFree = (lane: LaneRow, now: number): boolean => lane.owner === null || (lane.leaseUntil ?? Infinity) < now;

const livingWorkers = (tx: Transaction, tables: Tables, leaseMs: number): number =>
  rowsOf(tx, tables.worker).filter(({ seenAt }) => seenAt > tx.now - leaseMs).length;

async function acquire(tx: Transaction, tables: Tables, values: readonly unknown[]): Promise<object[]> {
  const [, , , max, among] = values as [string, number, number, number, (readonly number[])?];
  const busy = lanesWithWork(tx, tables);
  return take(tx, tables, values, { max, isWanted: ({ id }) => busy.has(id) && (among?.includes(id) ?? true) });
}

async function acquireFreed(tx: Transaction, tables: Tables, values: readonly unknown[]): Promise<object[]> {
  const [workerId, leaseMs, , laneIds] = values as [string, number, number, readonly number[]];
  const lanes = rowsOf(tx, tables.lane);
  const owned = lanes.filter(({ owner, leaseUntil }) => owner !== null && (leaseUntil ?? 0) > tx.now);
  const shared = lanes.filter((lane) => owned.includes(lane) || laneIds.includes(lane.id)).length;
  const own = owned.filter(({ owner }) => owner === workerId).length;
  const max = Math.max(0, Math.ceil(shared / Math.max(1, livingWorkers(tx, tables, leaseMs))) - own);
  return take(tx, tables, values, { max, isWanted: ({ id }) => laneIds.includes(id) });
}

async function take(
  tx: Transaction,
  tables: Tables,
  values: readonly unknown[],
  { max, isWanted }: { max: number; isWanted(lane: LaneRow): boolean },
): Promise<object[]> {
  const [workerId, leaseMs, quarantineMs] = values as [string, number, number];
  const wanted = (lane: LaneRow) => isFree(lane, tx.now) && isWanted(lane);
  const lanes = holdFree(tx, cellsWhere(tx, tables.lane, wanted).sort(byId), max);
  const taken: object[] = [];
  for (const lane of lanes) {
    const { id: laneId, network, groupId } = lane;
    const epoch = lane.epoch + 1;
    const quietEnds = [lane.quietUntil, lane.owner === null ? null : (lane.leaseUntil ?? 0) + quarantineMs];
    const known = quietEnds.filter((at) => at !== null);
    const quietUntil = known.length === 0 ? null : Math.max(...known);
    await write(tx, tables.lane, laneId, { ...lane, owner: workerId, epoch, leaseUntil: tx.now + leaseMs, quietUntil });
    const left = lane.handedOver?.epoch === lane.epoch ? lane.handedOver : null;
    const quietMs = left === null ? Math.max(0, (quietUntil ?? tx.now) - tx.now) : 0;
    taken.push({
      laneId,
      epoch,
      network,
      groupId,
      quietMs,
      handOver: left,
      handedOverMsAgo: left === null ? null : tx.now - left.at,
    });
  }
  return taken;
}

const inOrder = (a: DeliveryRow, b: DeliveryRow): number => a.dueAt - b.dueAt || a.messageId - b.messageId;
/** What a lane is woken with. */
export const workRow = ({ laneId, connectionId, priority, accountId, dueAt, messageId }: DeliveryRow) => ({
  ...{ laneId, connectionId, priority, accountId, dueAt: new Date(dueAt), messageId },
});

export const LANE_TWINS = {
  async 'dispatch.lanes.renew'(tx: Transaction, tables: Tables, values: readonly unknown[]) {
    const [workerId, laneIds, epochs, leaseMs] = values as [string, readonly number[], readonly number[], number];
    const own = (lane: LaneRow) => lane.owner === workerId && epochs[laneIds.indexOf(lane.id)] === lane.epoch;
    const lanes = await holdAll(tx, cellsWhere(tx, tables.lane, own).sort(byId), own);
    for (const lane of lanes) await write(tx, tables.lane, lane.id, { ...lane, leaseUntil: tx.now + leaseMs });
    return lanes.map(({ id }) => ({ id }));
  },
  'dispatch.lanes.acquire': acquire,
  'dispatch.lanes.acquire_among': acquire,
  'dispatch.lanes.acquire_freed': acquireFreed,
  async 'dispatch.lanes.release'(tx: Transaction, tables: Tables, values: readonly unknown[]) {
    const [owner, laneId, epoch, quietMs, left] = values as [string, number, number, number, string | null];
    const handedOver = left === null ? null : { ...(JSON.parse(left) as HandOver & { epoch: number }), at: tx.now };
    const own = (lane: LaneRow) => lane.id === laneId && lane.owner === owner && lane.epoch === epoch;
    const lanes = await holdAll(tx, cellsWhere(tx, tables.lane, own), own);
    for (const lane of lanes) {
      const quietUntil = Math.max(lane.quietUntil ?? 0, tx.now + quietMs);
      await write(tx, tables.lane, laneId, { ...lane, owner: null, leaseUntil: null, quietUntil, handedOver });
      tx.notices.push(`${LANES_CHANNEL} ${laneId}`);
    }
    return lanes;
  },
  async 'dispatch.lanes.heartbeat'(tx: Transaction, tables: Tables, values: readonly unknown[]) {
    const [id] = values as [string];
    await write(tx, tables.worker, id, { id, seenAt: tx.now });
    return [{}];
  },
  async 'dispatch.lanes.leave'(tx: Transaction, tables: Tables, values: readonly unknown[]) {
    const [id] = values as [string];
    await write(tx, tables.worker, id, null);
    return [{}];
  },
  'dispatch.lanes.share'(tx: Transaction, tables: Tables, values: readonly unknown[]) {
    const [leaseMs] = values as [number];
    const busy = lanesWithWork(tx, tables);
    const lanes = rowsOf(tx, tables.lane);
    return [
      {
        workers: livingWorkers(tx, tables, leaseMs),
        owned: lanes.filter(({ owner, leaseUntil }) => owner !== null && (leaseUntil ?? 0) > tx.now).length,
        waiting: lanes.filter((lane) => isFree(lane, tx.now) && busy.has(lane.id)).length,
      },
    ];
  },
  'dispatch.lanes.due'(tx: Transaction, tables: Tables, values: readonly unknown[]) {
    const [laneIds] = values as [readonly number[]];
    const waiting = rowsOf(tx, tables.delivery).filter(
      ({ state, laneId, priority }) => state === 'queued' && priority < PARKED && laneIds.includes(laneId),
    );
    const byQueue = Map.groupBy(
      waiting.sort(inOrder),
      (row) => `${row.laneId}:${row.connectionId}:${row.priority}:${row.accountId}`,
    );
    return [...byQueue.values()].flatMap(([first]) => (first === undefined ? [] : [workRow(first)]));
  },
  'dispatch.lanes.newly_due'(tx: Transaction, tables: Tables, values: readonly unknown[]) {
    const at = values[6] as Date;
    return queuesOf(values, [0, 1, 2, 3, 4, 5]).flatMap((queue) => {
      const due = rowsOf(tx, tables.delivery)
        .filter((row) => isDueIn(row, queue, at))
        .sort(inOrder);
      return due.slice(0, 1).map(workRow);
    });
  },
  'dispatch.lanes.with_orphans'(tx: Transaction, tables: Tables, values: readonly unknown[]) {
    const [laneIds] = values as [readonly number[]];
    const isOrphan = ({ state, laneId, epoch }: DeliveryRow): boolean =>
      state === 'sending' && epoch < (seen(tx, tables.lane.cells.get(laneId))?.epoch ?? 0);
    const lanes = new Set(
      rowsOf(tx, tables.delivery)
        .filter(isOrphan)
        .map(({ laneId }) => laneId),
    );
    return laneIds.filter((id) => lanes.has(id)).map((id) => ({ id }));
  },
  'dispatch.lanes.notify'(tx: Transaction, _: Tables, values: readonly unknown[]) {
    const [payloads] = values as [readonly string[]];
    tx.notices.push(...payloads.map((payload) => `${LANES_CHANNEL} ${payload}`));
    return [];
  },
  'dispatch.receipts.find'(tx: Transaction, tables: Tables, values: readonly unknown[]) {
    const [connectionIds, networkIds] = values as [readonly number[], readonly string[]];
    return connectionIds.flatMap((connectionId, index) => {
      const row = seen(tx, tables.sent.cells.get(sentKey(connectionId, networkIds[index] as string)));
      return row === null ? [] : [{ index: index + 1, messageId: row.messageId, step: row.step }];
    });
  },
};
