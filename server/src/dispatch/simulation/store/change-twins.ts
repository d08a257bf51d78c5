import type { CourseNote, HistoryEntry } from '../../contract.ts';
import { workRow } from './lane-twins.ts';
import { updateEach } from './queue-twins.ts';
import { dayKey, type MessageRow, sentKey, type Tables } from './tables.ts';
import { type Cell, holdAll, seen, type Transaction, write } from './transactions.ts';

// Twins of the statements of changes.ts and limits/day-caps.ts.

type Values = readonly unknown[];
const byIds = <Row>(cells: ReadonlyMap<number, Cell<Row>>, ids: readonly number[]): Cell<Row>[] =>
  [...new Set(ids)].sort((a, b) => a - b).flatMap((id) => cells.get(id) ?? []);
const time = (at: Date | null | undefined): number | null => at?.getTime() ?? null;

function daysOf(values: Values): { key: string; sentAt: number[] }[] {
  const [laneIds, persons, times, firsts, counts] = values as [number[], string[], Date[], number[], number[]];
  return persons.map((person, index) => {
    const from = (firsts[index] as number) - 1;
    const sentAt = times.slice(from, from + (counts[index] as number)).map((at) => at.getTime());
    return { key: dayKey(laneIds[index] as number, person), sentAt };
  });
}

export const CHANGE_TWINS = {
  async 'dispatch.lock.deliveries'(tx: Transaction, tables: Tables, values: Values) {
    const [ids] = values as [number[]];
    const cells = byIds(tables.delivery.cells, ids).filter((cell) => seen(tx, cell) !== null);
    return (await holdAll(tx, cells, () => true)).map(
      ({ messageId: id, step, state, dueAt, attempt, daySlotAt, dayPersons, maybeSent }) => ({
        ...{ id, step, state, attempt, dayPersons, maybeSent, dueAt: new Date(dueAt) },
        daySlotAt: daySlotAt === null ? null : new Date(daySlotAt),
      }),
    );
  },
  async 'dispatch.lock.messages'(tx: Transaction, tables: Tables, values: Values) {
    const [ids] = values as [number[]];
    const cells = byIds(tables.message.cells, ids).filter((cell) => seen(tx, cell) !== null);
    return (await holdAll(tx, cells, () => true)).map((row) => {
      const { id, accountId, kind, status, channel, steps, history, notes, statusUrl, callbackDataJson, createdAt, expiresAt } =
        row;
      return {
        ...{ id, accountId, kind, status, channel, steps, history, notes, statusUrl, callbackDataJson },
        ...{ createdAt: new Date(createdAt), expiresAt: new Date(expiresAt) },
      };
    });
  },
  async 'dispatch.change.messages'(tx: Transaction, tables: Tables, values: Values) {
    const [ids, statuses, channels, errorCodes, entries, notes] = values as [
      number[],
      (string | null)[],
      (string | null)[],
      (number | null)[],
      (string | null)[],
      (string | null)[],
    ];
    const touched: MessageRow[] = [];
    for (const [index, id] of ids.entries()) {
      const cell = tables.message.cells.get(id);
      const [row] = cell === undefined ? [] : await holdAll(tx, [cell], () => true);
      if (row === undefined) continue;
      const entry = entries[index] ?? null;
      const noted = notes[index] ?? null;
      const changed: MessageRow = {
        ...row,
        status: statuses[index] ?? row.status,
        channel: channels[index] ?? row.channel,
        errorCode: errorCodes[index] ?? row.errorCode,
        history: entry === null ? row.history : [...row.history, JSON.parse(entry) as HistoryEntry],
        notes: noted === null ? row.notes : (JSON.parse(noted) as CourseNote[]),
      };
      await write(tx, tables.message, id, changed);
      touched.push(changed);
    }
    return touched;
  },
  async 'dispatch.change.remove'(tx: Transaction, tables: Tables, values: Values) {
    const [ids] = values as [number[]];
    const rows = await holdAll(tx, byIds(tables.delivery.cells, ids), () => true);
    for (const { messageId } of rows) await write(tx, tables.delivery, messageId, null);
    return rows;
  },
  async 'dispatch.change.queue'(tx: Transaction, tables: Tables, values: Values) {
    const [ids, steps, dueAts, attempts, laneIds, connectionIds, stepEnds, keepSlots, maybeSents] = values as [
      number[],
      number[],
      Date[],
      number[],
      number[],
      number[],
      (Date | null)[],
      boolean[],
      boolean[],
    ];
    await updateEach(tx, tables, ids, (row, index) => ({
      ...row,
      state: 'queued',
      step: steps[index] as number,
      dueAt: (dueAts[index] as Date).getTime(),
      attempt: attempts[index] as number,
      laneId: laneIds[index] as number,
      connectionId: connectionIds[index] as number,
      stepEndsAt: row.step === steps[index] ? row.stepEndsAt : time(stepEnds[index]),
      daySlotAt: keepSlots[index] ? row.daySlotAt : null,
      dayPersons: keepSlots[index] ? row.dayPersons : null,
      maybeSent: maybeSents[index] as boolean,
    }));
    return ids.flatMap((id) => {
      const row = seen(tx, tables.delivery.cells.get(id));
      return row === null ? [] : [workRow(row)];
    });
  },
  'dispatch.change.await'(tx: Transaction, tables: Tables, values: Values) {
    const [ids, pollAt] = values as [number[], Date[]];
    return updateEach(tx, tables, ids, (row, index) => ({ ...row, state: 'sent', dueAt: (pollAt[index] as Date).getTime() }));
  },
  'dispatch.change.clear_step_end'(tx: Transaction, tables: Tables, values: Values) {
    const [ids] = values as [number[]];
    return updateEach(tx, tables, ids, (row) => ({ ...row, stepEndsAt: null }));
  },
  async 'dispatch.change.remember_sent'(tx: Transaction, tables: Tables, values: Values) {
    const [connectionIds, networkIds, messageIds, steps, at] = values as [number[], string[], number[], number[], Date];
    for (const [index, networkId] of networkIds.entries()) {
      const connectionId = connectionIds[index] as number;
      const key = sentKey(connectionId, networkId);
      // on conflict do nothing: waits for whoever inserts the same, and leaves it where it came to be.
      const cell = tables.sent.cells.get(key);
      if (cell !== undefined && (await holdAll(tx, [cell], () => true)).length > 0) continue;
      const row = { connectionId, networkId, messageId: messageIds[index] as number, step: steps[index] as number };
      await write(tx, tables.sent, key, { ...row, sentAt: at.getTime() });
    }
    return [];
  },
  async 'dispatch.change.events'(tx: Transaction, tables: Tables, values: Values) {
    const [, messageIds, statuses, channels] = values as [number[], number[], string[], string[]];
    for (const [index, messageId] of messageIds.entries()) {
      const id = tables.nextId();
      const row = { id, messageId, status: statuses[index] as string, channel: channels[index] as string };
      await write(tx, tables.event, id, row);
    }
    return [];
  },
  async 'limits.day.lock'(tx: Transaction, tables: Tables, values: Values) {
    const [laneIds, persons] = values as [number[], string[]];
    const names = persons.map((person, index) => ({ laneId: laneIds[index] as number, person }));
    names.sort((a, b) => a.laneId - b.laneId || (a.person < b.person ? -1 : 1));
    const found: object[] = [];
    for (const { laneId, person } of names) {
      const cell = tables.day.cells.get(dayKey(laneId, person));
      if (seen(tx, cell) === null || cell === undefined) continue;
      const [row] = await holdAll(tx, [cell], () => true);
      if (row !== undefined) found.push({ laneId, person, sentAt: row.sentAt.map((at) => new Date(at)) });
    }
    return found;
  },
  async 'limits.day.set'(tx: Transaction, tables: Tables, values: Values) {
    for (const { key, sentAt } of daysOf(values)) await write(tx, tables.day, key, { sentAt });
    return [];
  },
  async 'limits.day.add'(tx: Transaction, tables: Tables, values: Values) {
    const added: object[] = [];
    for (const { key, sentAt } of daysOf(values)) {
      const cell = tables.day.cells.get(key);
      if (cell !== undefined && (await holdAll(tx, [cell], () => true)).length > 0) continue;
      await write(tx, tables.day, key, { sentAt });
      added.push({});
    }
    return added;
  },
};
