import type { DeliveryRow, Tables } from './tables.ts';
import { type Cell, cellsWhere, holdAll, holdFree, rowsOf, seen, type Transaction, write } from './transactions.ts';

// Twins of the statements of claim.ts, settle.ts, recover.ts and sweep.ts.

type Values = readonly unknown[];
const order = (key: (row: DeliveryRow) => number) => (a: Cell<DeliveryRow>, b: Cell<DeliveryRow>) => {
  const [left, right] = [a.committed, b.committed];
  if (left === null || right === null) return 0;
  return key(left) - key(right) || left.messageId - right.messageId;
};
const byMessage = order(({ messageId }) => messageId);
const date = (at: number | null): Date | null => (at === null ? null : new Date(at));
const epochOf = (tx: Transaction, tables: Tables, laneId: number): number | undefined =>
  seen(tx, tables.lane.cells.get(laneId))?.epoch;

/** The same change to each of the named rows; `columns` run along the ids. */
export async function updateEach(
  tx: Transaction,
  tables: Tables,
  ids: readonly number[],
  change: (row: DeliveryRow, index: number) => DeliveryRow,
): Promise<object[]> {
  const touched: object[] = [];
  for (const [index, id] of ids.entries()) {
    const cell = tables.delivery.cells.get(id);
    const rows = cell === undefined ? [] : await holdAll(tx, [cell], () => true);
    for (const row of rows) await write(tx, tables.delivery, id, change(row, index));
    touched.push(...rows);
  }
  return touched;
}

function sweep(tx: Transaction, tables: Tables, [now, limit]: Values, timeOf: (row: DeliveryRow) => number | null) {
  const until = (now as Date).getTime();
  const due = (row: DeliveryRow): boolean => row.state !== 'sending' && (timeOf(row) ?? Infinity) <= until;
  const cells = cellsWhere(tx, tables.delivery, due).sort(order((row) => timeOf(row) ?? 0));
  return holdFree(tx, cells, limit as number).map(({ messageId }) => ({ id: messageId }));
}

/** A queue with its cursor, as the columns of a statement name it. */
export interface QueueAfter {
  laneId: number;
  connectionId: number;
  priority: number;
  accountId: number;
  afterDueAt: number;
  afterId: number;
}

/** The queues whose lane, connection, priority, account, and cursor are in these columns. */
export function queuesOf(values: Values, columns: readonly [number, number, number, number, number, number]): QueueAfter[] {
  const [laneIds, connectionIds, priorities, accountIds, dueAts, ids] = columns.map((column) => values[column]) as [
    number[],
    number[],
    number[],
    number[],
    Date[],
    number[],
  ];
  return laneIds.map((laneId, index) => ({
    ...{ laneId, connectionId: connectionIds[index] as number, priority: priorities[index] as number },
    ...{ accountId: accountIds[index] as number, afterDueAt: (dueAts[index] as Date).getTime(), afterId: ids[index] as number },
  }));
}

/** Whether the row waits in this queue after its cursor, and is due. */
export function isDueIn(row: DeliveryRow, queue: QueueAfter, at: Date): boolean {
  const { laneId, connectionId, priority, accountId, afterDueAt, afterId } = queue;
  const isInQueue =
    row.laneId === laneId && row.connectionId === connectionId && row.priority === priority && row.accountId === accountId;
  const isAfter = row.dueAt > afterDueAt || (row.dueAt === afterDueAt && row.messageId > afterId);
  return row.state === 'queued' && isInQueue && isAfter && row.dueAt <= at.getTime();
}

/** What a claim reads of a row that it holds. */
function dueRow(tx: Transaction, tables: Tables, row: DeliveryRow, place: number): object[] {
  const message = seen(tx, tables.message.cells.get(row.messageId));
  if (message === null) return [];
  const { messageId, accountId, step, attempt, dayPersons, maybeSent } = row;
  const { kind, phone, peerId, text, keyboard, replyContent, templateId, templateVersion } = message;
  const { templateDataJson, service, deliveryPolicy, windows } = message;
  return [
    {
      ...{
        place,
        messageId,
        accountId,
        step,
        attempt,
        dayPersons,
        maybeSent,
        daySlotAt: date(row.daySlotAt),
        expiresAt: date(row.expiresAt),
        dueAt: date(row.dueAt),
      },
      ...{
        kind,
        phone,
        peerId,
        text,
        keyboard,
        replyContent,
        templateId,
        templateVersion,
        templateDataJson,
        service,
        deliveryPolicy,
        windows,
      },
      ...{ intent: message.intent ?? null, countsInDay: message.isBroadcast ?? false },
    },
  ];
}

export const QUEUE_TWINS = {
  'dispatch.claim.due'(tx: Transaction, tables: Tables, values: Values) {
    const [, epochs, , , , , , limits, at] = values as [0, number[], 0, 0, 0, 0, 0, number[], Date];
    return queuesOf(values, [0, 2, 3, 4, 5, 6]).flatMap((queue, index) => {
      if (epochOf(tx, tables, queue.laneId) !== epochs[index]) return [];
      const cells = cellsWhere(tx, tables.delivery, (row) => isDueIn(row, queue, at) && row.expiresAt > at.getTime());
      const rows = holdFree(tx, cells.sort(order(({ dueAt }) => dueAt)), limits[index] as number);
      return rows.flatMap((row) => dueRow(tx, tables, row, index + 1));
    });
  },
  'dispatch.claim.mark'(tx: Transaction, tables: Tables, values: Values) {
    const [ids, epochs, places, persons] = values as [number[], number[], (Date | null)[], (string | null)[]];
    return updateEach(tx, tables, ids, (row, index) => {
      const names = persons[index];
      return {
        ...{ ...row, state: 'sending', attempt: row.attempt + 1, epoch: epochs[index] as number },
        daySlotAt: places[index]?.getTime() ?? row.daySlotAt,
        dayPersons: typeof names === 'string' ? (JSON.parse(names) as string[]) : row.dayPersons,
      };
    });
  },
  'dispatch.claim.postpone'(tx: Transaction, tables: Tables, values: Values) {
    const [ids, dueAt] = values as [number[], Date[]];
    return updateEach(tx, tables, ids, (row, index) => ({ ...row, dueAt: (dueAt[index] as Date).getTime() }));
  },
  async 'dispatch.settle.ours'(tx: Transaction, tables: Tables, values: Values) {
    const [ids, laneIds, epochs, steps, attempts] = values as [number[], number[], number[], number[], number[]];
    const places = new Map(ids.map((id, index) => [id, index]));
    const ours = (row: DeliveryRow): boolean => {
      const index = places.get(row.messageId);
      if (index === undefined || row.state !== 'sending') return false;
      const epoch = epochs[index];
      const isOfCall = row.laneId === laneIds[index] && row.step === steps[index] && row.attempt === attempts[index];
      return isOfCall && row.epoch === epoch && epochOf(tx, tables, row.laneId) === epoch;
    };
    const rows = await holdAll(tx, cellsWhere(tx, tables.delivery, ours).sort(byMessage), ours);
    return rows.map(({ messageId }) => ({ id: messageId }));
  },
  'dispatch.recover.look'(tx: Transaction, tables: Tables, values: Values) {
    const [laneId, epoch, inHand, after, limit] = values as [number, number, number[], number, number];
    if (epochOf(tx, tables, laneId) !== epoch) return [];
    const strays = rowsOf(tx, tables.delivery).filter(
      (row) =>
        row.laneId === laneId &&
        row.state === 'sending' &&
        row.messageId > after &&
        (row.epoch < epoch || !inHand.includes(row.messageId)),
    );
    strays.sort((a, b) => a.messageId - b.messageId);
    return strays.slice(0, limit).map(({ messageId, connectionId }) => ({ id: messageId, connectionId }));
  },
  async 'dispatch.recover.lock'(tx: Transaction, tables: Tables, values: Values) {
    const [laneId, epoch, ids] = values as [number, number, number[]];
    if (epochOf(tx, tables, laneId) !== epoch) return [];
    const stray = (row: DeliveryRow) => row.laneId === laneId && row.state === 'sending' && ids.includes(row.messageId);
    const rows = await holdAll(tx, cellsWhere(tx, tables.delivery, stray).sort(byMessage), stray);
    return rows.map((row) => ({ id: row.messageId, connectionId: row.connectionId, isOrphan: row.epoch < epoch }));
  },
  'dispatch.sweep.due'(tx: Transaction, tables: Tables, [now]: Values) {
    const until = (now as Date).getTime();
    let [hasExpired, hasEndedStep, hasSilent]: (true | null)[] = [null, null, null];
    for (const { state, expiresAt, stepEndsAt, dueAt } of rowsOf(tx, tables.delivery)) {
      if (state === 'sending') continue;
      if (state === 'sent' && dueAt <= until) hasSilent = true;
      if (expiresAt <= until) hasExpired = true;
      if (stepEndsAt !== null && stepEndsAt <= until) hasEndedStep = true;
    }
    return [{ hasExpired, hasEndedStep, hasSilent }];
  },
  'dispatch.sweep.expired': (tx: Transaction, tables: Tables, values: Values) =>
    sweep(tx, tables, values, (row) => row.expiresAt),
  'dispatch.sweep.step_ended': (tx: Transaction, tables: Tables, values: Values) =>
    sweep(tx, tables, values, (row) => row.stepEndsAt),
  async 'dispatch.sweep.silent'(tx: Transaction, tables: Tables, values: Values) {
    const [at, limit, againMs, againMaxMs] = values as [Date, number, number, number];
    const now = at.getTime();
    const silent = (row: DeliveryRow): boolean => row.state === 'sent' && row.dueAt <= now;
    const rows = holdFree(tx, cellsWhere(tx, tables.delivery, silent).sort(order(({ dueAt }) => dueAt)), limit);
    const asked: object[] = [];
    for (const row of rows) {
      const sent = rowsOf(tx, tables.sent).find(({ messageId, step }) => messageId === row.messageId && step === row.step);
      const wait = Math.min(againMaxMs, Math.max(againMs, now - (sent?.sentAt ?? now)));
      await write(tx, tables.delivery, row.messageId, { ...row, dueAt: now + wait });
      asked.push({ connectionId: sent?.connectionId ?? null, networkId: sent?.networkId ?? null });
    }
    return asked;
  },
};
