import type { Clock } from './clock.ts';

/** Values that may be used for a while without asking the database again. */
export interface AgedCache<Value> {
  /** The value of `key`, loaded when there is none young enough. Callers that come while it loads share one load. Null is not kept. */
  get(key: string, load: () => Promise<Value | null>): Promise<Value | null>;
  /** After a change by this process: the next `get` loads again. */
  clear(): void;
}

interface Entry<Value> {
  startedAt: number;
  value: Promise<Value | null>;
}

// The age counts from the start of the load, not from its end: what was changed in the database at some moment is seen
// everywhere at most `maxAgeMs` after that moment, however slow the load was.
export function createAgedCache<Value>(parts: { clock: Clock; maxAgeMs: number; entriesMax?: number }): AgedCache<Value> {
  const { clock, maxAgeMs, entriesMax = 10_000 } = parts;
  const entries = new Map<string, Entry<Value>>();
  return {
    get(key, load) {
      const known = entries.get(key);
      const now = clock.monotonic();
      if (known !== undefined && now - known.startedAt < maxAgeMs) return known.value;
      const entry: Entry<Value> = { startedAt: now, value: load() };
      entries.delete(key); // to the end of the map: its first key is the oldest
      entries.set(key, entry);
      if (entries.size > entriesMax) entries.delete(entries.keys().next().value as string);
      const forget = () => {
        if (entries.get(key) === entry) entries.delete(key);
      };
      entry.value.then((value) => value ?? forget(), forget);
      return entry.value;
    },
    clear: () => entries.clear(),
  };
}
