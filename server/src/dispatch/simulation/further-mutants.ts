import type { Mutation } from './simulation.ts';
import { ACCEPT_TWINS } from './store/accept-twins.ts';
import { CHANGE_TWINS } from './store/change-twins.ts';
import type { Twin } from './store/memory-store.ts';
import { QUEUE_TWINS } from './store/queue-twins.ts';

const WINDOWS_OF_INSERT = 14;
const DUE_OF_INSERT = 20;

const accepting = ACCEPT_TWINS['dispatch.accept.insert'];
const inserting = (insert: Twin): Mutation => ({ twins: { 'dispatch.accept.insert': insert } });

/** Besides the ten: faults in what customers are told, each made at a port of the core as it stands. */
export function furtherMutants(): Readonly<Record<string, Mutation>> {
  return {
    'an answer before its message is stored': inserting(async (tx, tables, values) => {
      const ids = (await accepting(tx, tables, values)) as { id: number }[];
      for (const { id } of ids) {
        const cell = tables.message.cells.get(id);
        if (cell !== undefined) cell.pending = null;
      }
      return ids;
    }),
    'answers in another order than the items': inserting(async (tx, tables, values) =>
      (await accepting(tx, tables, values)).toReversed(),
    ),
    'a message is stored twice': inserting(async (tx, tables, values) => {
      await accepting(
        tx,
        tables,
        values.with(
          1,
          (values[1] as unknown[]).map(() => null),
        ),
      );
      return accepting(tx, tables, values);
    }),
    'the answer is kept under its key after the commit': {
      twins: { 'dispatch.accept.store_keys': async () => [] },
    },
    'a client’s id is looked up without being taken': {
      twins: {
        'dispatch.accept.claim_client_ids': async (_tx, _tables, [accountIds, names]) =>
          (names as string[]).map((clientMessageId, index) => ({ accountId: (accountIds as number[])[index], clientMessageId })),
      },
    },
    'a cancelled message stays in the queue': {
      twins: {
        'dispatch.change.remove': async (tx, tables, [ids]) => {
          const isCancelled = (id: number): boolean => tables.message.cells.get(id)?.pending?.status === 'CANCELLED';
          return CHANGE_TWINS['dispatch.change.remove'](tx, tables, [(ids as number[]).filter((id) => !isCancelled(id))]);
        },
      },
    },
    'a pause puts nothing aside that waits already': {
      twins: { 'dispatch.pause.park': async () => [{ lastId: null, seen: 0 }] },
    },
    'a budget is granted in full': {
      twins: {
        'limits.budget.take': async (_tx, _tables, [senderIds, , , wanted]) =>
          (senderIds as number[]).map((senderId, index) => ({ senderId, granted: (wanted as number[])[index] })),
      },
    },
    'a claim forgets what only the provider can keep to': {
      twins: {
        'dispatch.claim.due': (tx, tables, values) =>
          QUEUE_TWINS['dispatch.claim.due'](tx, tables, values).map((row) => ({ ...row, deliveryPolicy: 'any' })),
      },
    },
    'windows are looked at by nobody': inserting((tx, tables, values) => {
      const now = values[0] as Date;
      const [windows, dueAts] = [values[WINDOWS_OF_INSERT] as (string | null)[], values[DUE_OF_INSERT] as Date[]];
      const without = values.with(
        WINDOWS_OF_INSERT,
        windows.map(() => null),
      );
      return accepting(
        tx,
        tables,
        without.with(
          DUE_OF_INSERT,
          dueAts.map((at, index) => (windows[index] === null ? at : now)),
        ),
      );
    }),
  };
}
