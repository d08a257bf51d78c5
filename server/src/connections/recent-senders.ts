import type { Clock } from '../platform/clock.ts';
import type { Sender } from './senders.ts';

/** Senders by name that may be used for a while without asking the database again. */
export interface RecentSenders {
  get(accountId: number, name: string): Promise<Sender | null>;
  /** After a change by this process: the next `get` reads again. */
  clear(): void;
}

type Found = ReadonlyMap<string, Sender>;
interface Generation {
  startedAt: number;
  /** By name, the answer that it is in. */
  reads: Map<string, Promise<Found>>;
  used: Set<string>;
}

const ACCOUNTS_MAX = 10_000;

/**
 * At most `maxAgeMs` old. What an account used in the last while is read anew in one statement: an account that sends from a hundred
 * senders would otherwise ask a hundred times in each `maxAgeMs`. A sender that does not exist is not remembered.
 */
export function createRecentSenders(parts: {
  clock: Clock;
  maxAgeMs: number;
  read(accountId: number, names: readonly string[]): Promise<readonly Sender[]>;
}): RecentSenders {
  const { clock, maxAgeMs } = parts;
  const accounts = new Map<number, Generation>();

  const read = async (accountId: number, names: readonly string[]): Promise<Found> =>
    new Map((await parts.read(accountId, names)).map((sender) => [sender.name, sender]));

  const renew = (accountId: number, name: string, before: Generation | undefined): Generation => {
    const names = new Set(before?.used).add(name);
    const found = read(accountId, [...names]);
    const reads = new Map([...names].map((one) => [one, found]));
    // The age counts from the start of the read: what is read alone later, into this generation, is younger than it counts as.
    const generation: Generation = { startedAt: clock.monotonic(), reads, used: new Set() };
    accounts.delete(accountId); // to the end of the map: its first key is the oldest
    accounts.set(accountId, generation);
    if (accounts.size > ACCOUNTS_MAX) accounts.delete(accounts.keys().next().value as number);
    return generation;
  };

  return {
    async get(accountId, name) {
      const known = accounts.get(accountId);
      const isYoung = known !== undefined && clock.monotonic() - known.startedAt < maxAgeMs;
      const generation = isYoung ? known : renew(accountId, name, known);
      const found = generation.reads.get(name) ?? read(accountId, [name]);
      generation.reads.set(name, found);
      try {
        const sender = (await found).get(name) ?? null;
        if (sender === null) generation.reads.delete(name);
        else generation.used.add(name);
        return sender;
      } catch (error) {
        if (generation.reads.get(name) === found) generation.reads.delete(name);
        throw error;
      }
    },
    clear: () => accounts.clear(),
  };
}
