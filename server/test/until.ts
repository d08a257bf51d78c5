import { vi } from 'vitest';

// A bound for what never comes, not for what is slow: other test files share the cores.
const GIVE_UP_MS = 60_000;

/** Waits for a condition; its value, once that is true of anything. */
export const until = <Value>(condition: () => Value | Promise<Value>): Promise<Value> =>
  vi.waitUntil(condition, { timeout: GIVE_UP_MS, interval: 5 }) as Promise<Value>;
