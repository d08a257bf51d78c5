import { type HandOver, NOTHING_TAKEN } from '../hand-over.ts';
import type { Mutation } from './simulation.ts';
import { CHANGE_TWINS } from './store/change-twins.ts';
import { LANE_TWINS } from './store/lane-twins.ts';
import type { Twin } from './store/memory-store.ts';
import { QUEUE_TWINS, queuesOf } from './store/queue-twins.ts';
import { dayKey } from './store/tables.ts';
import { cellsWhere, holdAll, write } from './store/transactions.ts';

const YEAR_MS = 31_536_000_000;

type Acquired = { quietMs: number; handOver: HandOver | null };
type Due = { expiresAt: Date };

const acquiring = (change: (row: Acquired) => Acquired): NonNullable<Mutation['twins']> =>
  Object.fromEntries(
    (['dispatch.lanes.acquire', 'dispatch.lanes.acquire_among', 'dispatch.lanes.acquire_freed'] as const).map((name) => [
      name,
      async (tx, tables, values) => ((await LANE_TWINS[name](tx, tables, values)) as Acquired[]).map(change),
    ]),
  );

/** Faults that a dispatcher may have: the ten of reliability 2.1 and those of its own queues, each made at a port of the core as it stands. */
export function mutants(): Readonly<Record<string, Mutation>> {
  let attempts = 0;
  return {
    'no quarantine after a take-over': { twins: acquiring((row) => ({ ...row, quietMs: 0 })) },
    'slots that were handed over are taken for free': {
      twins: acquiring((row) => (row.handOver === null ? row : { ...row, handOver: NOTHING_TAKEN })),
    },
    'the ttl is looked at in the claim only': {
      twins: {
        'dispatch.claim.due': async (tx, tables, values) =>
          ((await QUEUE_TWINS['dispatch.claim.due'](tx, tables, values)) as Due[]).map((row) => ({
            ...row,
            expiresAt: new Date(row.expiresAt.getTime() + YEAR_MS),
          })),
      },
    },
    'a new key for each attempt': {
      keyOf({ dedupKey }) {
        attempts += 1;
        return `${dedupKey} ${attempts}`;
      },
    },
    'a place of the day is taken after the send': {
      // What the claim should write is written when the outcome is.
      twins: (() => {
        let waiting: { write: Twin; values: readonly unknown[] }[] = [];
        const later =
          (write: Twin): Twin =>
          async (_tx, _tables, values) => {
            waiting.push({ write, values });
            return (values[1] as string[]).map(() => ({}));
          };
        return {
          'limits.day.set': later(CHANGE_TWINS['limits.day.set']),
          'limits.day.add': later(CHANGE_TWINS['limits.day.add']),
          'dispatch.settle.ours': async (tx, tables, values) => {
            const late = waiting;
            waiting = [];
            for (const one of late) await one.write(tx, tables, one.values);
            return QUEUE_TWINS['dispatch.settle.ours'](tx, tables, values);
          },
        } satisfies Mutation['twins'];
      })(),
    },
    'an outcome is written whatever the epoch': {
      twins: {
        'dispatch.settle.ours': async (tx, tables, [ids]) => {
          const isNamed = ({ messageId }: { messageId: number }) => (ids as number[]).includes(messageId);
          const rows = await holdAll(tx, cellsWhere(tx, tables.delivery, isNamed), isNamed);
          return rows.map(({ messageId }) => ({ id: messageId }));
        },
      },
    },
    'SENT is stored after its callback': {
      enqueue: async (_tx, database, add) => add(database),
    },
    'the next route after a time-out': { outcomes: 'unanswered-is-refused' },
    'a place of the day is given back after a time-out': {
      twins: {
        'dispatch.change.queue': async (tx, tables, values) => {
          const [ids, , , , , , , keepSlots, maybeSents] = values as [number[], 0, 0, 0, 0, 0, 0, boolean[], boolean[]];
          for (const [index, id] of ids.entries()) {
            const row = tables.delivery.cells.get(id)?.pending;
            if (!maybeSents[index] || row === null || row === undefined || row.daySlotAt === null) continue;
            for (const person of row.dayPersons ?? []) {
              const key = dayKey(row.laneId, person);
              const day = tables.day.cells.get(key);
              const [held] = day === undefined ? [] : await holdAll(tx, [day], () => true);
              const place = held?.sentAt.indexOf(row.daySlotAt) ?? -1;
              if (held !== undefined && place >= 0) await write(tx, tables.day, key, { sentAt: held.sentAt.toSpliced(place, 1) });
            }
          }
          return CHANGE_TWINS['dispatch.change.queue'](
            tx,
            tables,
            values.with(
              7,
              keepSlots.map(() => false),
            ),
          );
        },
      },
    },
    'a cursor never goes back': {
      twins: (() => {
        const furthest = new Map<string, { dueAt: Date; id: number }>();
        const due: Twin = (tx, tables, values) => {
          const [dueAts, ids] = [[...(values[5] as Date[])], [...(values[6] as number[])]];
          for (const [index, { laneId, connectionId, priority, accountId }] of queuesOf(values, [0, 2, 3, 4, 5, 6]).entries()) {
            const key = [laneId, (values[1] as number[])[index], connectionId, priority, accountId].join(':');
            const [known, dueAt, id] = [furthest.get(key), dueAts[index] as Date, ids[index] as number];
            const isFurther =
              known !== undefined && (known.dueAt > dueAt || (known.dueAt.getTime() === dueAt.getTime() && known.id > id));
            if (!isFurther) furthest.set(key, { dueAt, id });
            else [dueAts[index], ids[index]] = [known.dueAt, known.id];
          }
          return QUEUE_TWINS['dispatch.claim.due'](tx, tables, values.with(5, dueAts).with(6, ids));
        };
        return { 'dispatch.claim.due': due };
      })(),
    },
    'the lease is counted by the wall clock': { clock: (clock) => ({ ...clock, monotonic: clock.now }) },
    'the outbox is written outside of the transaction': {
      enqueue: async (_tx, database, add) => {
        void add(database).catch(() => {});
      },
    },
  };
}
