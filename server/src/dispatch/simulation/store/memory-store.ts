import { createTransactionEnd, type Database, type Queryable } from '../../../platform/database.ts';
import { ACCEPT_TWINS } from './accept-twins.ts';
import { CANCEL_TWINS } from './cancel-twins.ts';
import { CHANGE_TWINS } from './change-twins.ts';
import { LANE_TWINS } from './lane-twins.ts';
import { QUEUE_TWINS } from './queue-twins.ts';
import { createTables, type Tables } from './tables.ts';
import { commit, openTransaction, type RowChange, rollBack, type Transaction } from './transactions.ts';

/** Does to the tables in memory what a statement of that name does to those of PostgreSQL; the same values, the same rows. */
export type Twin = (tx: Transaction, tables: Tables, values: readonly unknown[]) => object[] | Promise<object[]>;

/** Of what customers ask for, by the names of the statements. */
export const REQUEST_TWINS: Readonly<Record<string, Twin>> = { ...ACCEPT_TWINS, ...CANCEL_TWINS };

/** Of what lanes do. */
export const TWINS: Readonly<Record<string, Twin>> = { ...LANE_TWINS, ...QUEUE_TWINS, ...CHANGE_TWINS };

/** The tables of dispatch in memory, with the transactions, row locks and notices of PostgreSQL. */
export interface MemoryStore {
  readonly tables: Tables;
  begin(by: string): Transaction;
  /** Throws where the statement has no twin: a simulation that skipped it would prove nothing. */
  run(tx: Transaction, name: string, values: readonly unknown[]): object[] | Promise<object[]>;
  commit(tx: Transaction): void;
  rollBack(tx: Transaction): void;
  listen(channel: string, onNotice: (payload: string) => void): () => void;
  /** The same as the core sees it, without delays or faults. */
  database(by: string): Database;
}

export function createMemoryStore(parts: {
  /** Milliseconds since 1970, by the clock of the database. */
  now(): number;
  /** Besides the known ones, or instead of them. */
  twins?: Readonly<Record<string, Twin>>;
  onCommit?(tx: Transaction, changes: readonly RowChange[]): void;
  /** By the name of the statement: after it, before its answer. */
  onStatement?: Readonly<Record<string, (tx: Transaction, rows: readonly object[], values: readonly unknown[]) => void>>;
}): MemoryStore {
  const tables = createTables();
  const twins = new Map(Object.entries({ ...TWINS, ...REQUEST_TWINS, ...parts.twins }));
  const looks = new Map(Object.entries(parts.onStatement ?? {}));
  const listeners = new Map<string, Set<(payload: string) => void>>();

  const store: MemoryStore = {
    tables,
    begin: (by) => openTransaction(by, parts.now()),
    run(tx, name, values) {
      const twin = twins.get(name);
      if (twin === undefined) throw new Error(`statement ${name} has no twin in memory: write one in simulation/store/`);
      if (tx.over) throw new Error(`statement ${name} came after the end of its transaction`);
      const rows = twin(tx, tables, values);
      const look = looks.get(name);
      if (look === undefined) return rows;
      const looked = (found: object[]): object[] => {
        look(tx, found, values);
        return found;
      };
      return rows instanceof Promise ? rows.then(looked) : looked(rows);
    },
    commit(tx) {
      const changes = commit(tx);
      if (changes.length > 0) parts.onCommit?.(tx, changes);
      for (const notice of tx.notices) {
        const space = notice.indexOf(' ');
        for (const tell of listeners.get(notice.slice(0, space)) ?? []) tell(notice.slice(space + 1));
      }
    },
    rollBack,
    listen(channel, onNotice) {
      const known = listeners.get(channel) ?? new Set();
      listeners.set(channel, known.add(onNotice));
      return () => known.delete(onNotice);
    },
    database: (by) => databaseOver(store, by),
  };
  return store;
}

function databaseOver(store: MemoryStore, by: string): Database {
  const inTransaction = async <Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> => {
    const tx = store.begin(by);
    try {
      const result = await work(tx);
      store.commit(tx);
      return result;
    } catch (error) {
      store.rollBack(tx);
      throw error;
    }
  };
  const over = (tx: Transaction): Queryable => ({
    rows: async <Row extends object>({ name }: { name: string }, values: readonly unknown[] = []) =>
      (await store.run(tx, name, values)) as Row[],
    run: async ({ name }, values = []) => (await store.run(tx, name, values)).length,
  });
  return {
    rows: (statement, values) => inTransaction((tx) => over(tx).rows(statement, values)),
    run: (statement, values) => inTransaction((tx) => over(tx).run(statement, values)),
    async transaction(work) {
      const end = createTransactionEnd();
      const result = await inTransaction(async (tx) => {
        const done = await work({ ...over(tx), ...end });
        await end.runBeforeCommit();
        return done;
      });
      end.runAfterCommit();
      return result;
    },
    listen: async (channel, onNotice) => {
      const stop = store.listen(channel, onNotice);
      return async () => stop();
    },
    close: async () => {},
  };
}
