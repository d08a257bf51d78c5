import ipaddr from 'ipaddr.js';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { sha256 } from '../platform/one-use-secrets.ts';

/**
 * How many wrong tries are free, and after how long each comes back (generic cell rate algorithm). Nobody is ever locked out: who
 * waits may try again, and what strangers do wrong never counts against an address from which the login has been used before.
 */
const BOUNDS = {
  /** One login from one address: somebody who has forgotten a password. */
  pair: { tries: 5, backAfterMs: 60_000 },
  /** One address, whatever logins: an office behind one address types wrongly too. */
  address: { tries: 50, backAfterMs: 6_000 },
  /** One login, from all addresses where it was never used: many addresses that try one login together. */
  strangers: { tries: 20, backAfterMs: 30_000 },
  /** The second factor of one operator. Only who knows the password comes so far. */
  code: { tries: 5, backAfterMs: 60_000 },
} as const;

export type Bound = readonly [kind: keyof typeof BOUNDS, key: string];

/** Tries at passwords and codes, counted in the database: for all processes together. */
export interface Throttle {
  /** Takes one try of each. 0, or the seconds to wait where one has none left. */
  take(bounds: readonly Bound[]): Promise<number>;
  /** Gives the tries back: it was right. */
  giveBack(bounds: readonly Bound[]): Promise<void>;
}

const SQL = {
  take: {
    name: 'login_throttle_take',
    text: `
      insert into login_throttle (key, due_at) values ($1, $2::timestamptz + $3 * interval '1 ms')
      on conflict (key) do update set due_at = greatest(login_throttle.due_at, $2) + $3 * interval '1 ms'
      where login_throttle.due_at <= $2::timestamptz + $4 * interval '1 ms'`,
  },
  dueAt: { name: 'login_throttle_due_at', text: 'select due_at as "dueAt" from login_throttle where key = $1' },
  giveBack: {
    name: 'login_throttle_give_back',
    text: "update login_throttle set due_at = due_at - $2 * interval '1 ms' where key = $1",
  },
  forgetOld: { name: 'login_throttle_forget_old', text: 'delete from login_throttle where due_at < $1' },
} as const;

export function createThrottle({ database, clock }: { database: Database; clock: Clock }): Throttle {
  const keyOf = ([kind, key]: Bound): Buffer => sha256(`${kind} ${key}`);
  return {
    async take(bounds) {
      const now = clock.now();
      await database.run(SQL.forgetOld, [new Date(now)]);
      for (const bound of bounds) {
        const { tries, backAfterMs } = BOUNDS[bound[0]];
        const leewayMs = (tries - 1) * backAfterMs;
        if ((await database.run(SQL.take, [keyOf(bound), new Date(now), backAfterMs, leewayMs])) > 0) continue;
        const [row] = await database.rows<{ dueAt: Date }>(SQL.dueAt, [keyOf(bound)]);
        return Math.max(1, Math.ceil(((row?.dueAt.getTime() ?? now) - leewayMs - now) / 1_000));
      }
      return 0;
    },
    async giveBack(bounds) {
      for (const bound of bounds) await database.run(SQL.giveBack, [keyOf(bound), BOUNDS[bound[0]].backAfterMs]);
    },
  };
}

/** What counts as one address: an IPv6 customer has at least a /64, and moves in it freely. */
export function placeOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toNormalizedString().split(':').slice(0, 4).join(':');
}
