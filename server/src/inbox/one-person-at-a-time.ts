import type { Transaction } from '../platform/database.ts';
import type { RawEvent } from './incoming.ts';

/**
 * Events that are worked off side by side in one transaction are of different dialogs as far as their bodies tell, and may turn out to be
 * of one person all the same. What stands in the database of that person holds for one of them at a time.
 */
export interface OnePersonAtATime {
  /** Waits until those who entered before have left. An event is with one person at a time. */
  enter(tx: Transaction, raw: RawEvent, person: string): Promise<void>;
  /** When everything that the event asked for is done, or nothing will be. */
  leave(raw: RawEvent): void;
}

export function createOnePersonAtATime(): OnePersonAtATime {
  /** In each transaction, when the last one in the line of a person has left. */
  const lines = new WeakMap<Transaction, Map<string, Promise<void>>>();
  const ends = new WeakMap<RawEvent, () => void>();

  const leave = (raw: RawEvent): void => {
    ends.get(raw)?.();
    ends.delete(raw);
  };

  return {
    async enter(tx, raw, person) {
      leave(raw); // a body with several events does one after the other
      const line = lines.get(tx) ?? new Map<string, Promise<void>>();
      lines.set(tx, line);
      const before = line.get(person);
      const { promise, resolve } = Promise.withResolvers<void>();
      line.set(person, promise);
      ends.set(raw, resolve);
      await before;
    },
    leave,
  };
}
