import type { Queryable, Statement } from '../platform/database.ts';

/** One notification that asks for a place in its person's last 24 hours. */
export interface DayWant {
  /** Every name we know the person by: `phone:7999…`, `user:37119444`. The send counts in each. */
  persons: readonly string[];
  max: number;
}

export interface DayCaps {
  /**
   * Takes a place for each want in all names of its person, or in none. In order: an earlier want of the same person is
   * counted before a later one. The answer says for each whether it was taken, and when a refused one could be.
   */
  take(
    tx: Queryable,
    laneId: number,
    wants: readonly DayWant[],
    now: Date,
  ): Promise<readonly ({ taken: true } | { taken: false; freeAt: Date })[]>;
  /** Gives one place back, after a definite refusal only: whoever may have got the message has had it. */
  giveBack(tx: Queryable, laneId: number, persons: readonly string[], takenAt: Date): Promise<void>;
}

const LOCK: Statement = {
  name: 'limits.day.lock',
  // In the order of the names, so that two transactions on the same people cannot wait for each other.
  text: `select person, sent_at as "sentAt" from day_window where lane_id = $1 and person = any($2) order by person for update`,
};
const STORE: Statement = {
  name: 'limits.day.store',
  // An array of arrays cannot be ragged in PostgreSQL, so the times travel flat with the length of each.
  text: `
    insert into day_window (lane_id, person, sent_at)
    select $1, p.person, ($3::timestamptz[])[p.first : p.first + p.count - 1]
    from unnest($2::text[], $4::int[], $5::int[]) as p(person, first, count)
    on conflict (lane_id, person) do update set sent_at = excluded.sent_at`,
};
const GIVE_BACK: Statement = {
  name: 'limits.day.give_back',
  // One of them: notifications claimed together bear the same time.
  text: `
    update day_window
    set sent_at = sent_at[:array_position(sent_at, $3::timestamptz) - 1] || sent_at[array_position(sent_at, $3::timestamptz) + 1:]
    where lane_id = $1 and person = any($2) and $3 = any(sent_at)`,
};

export function createDayCaps({ windowMs }: { windowMs: number }): DayCaps {
  return {
    async take(tx, laneId, wants, now) {
      const persons = [...new Set(wants.flatMap((want) => want.persons))];
      if (persons.length === 0) return [];
      const since = now.getTime() - windowMs;
      const times = new Map<string, Date[]>();
      for (const row of await tx.rows<{ person: string; sentAt: Date[] }>(LOCK, [laneId, persons])) {
        times.set(
          row.person,
          row.sentAt.filter((sentAt) => sentAt.getTime() > since),
        );
      }
      const changed = new Set<string>();
      const answers = wants.map((want) => {
        const full = want.persons.map((person) => times.get(person) ?? []).filter((sent) => sent.length >= want.max);
        if (full.length > 0) {
          const freeAt = Math.max(...full.map((sent) => (sent[sent.length - want.max]?.getTime() ?? now.getTime()) + windowMs));
          return { taken: false, freeAt: new Date(freeAt) } as const;
        }
        for (const person of want.persons) {
          times.set(person, [...(times.get(person) ?? []), now]);
          changed.add(person);
        }
        return { taken: true } as const;
      });
      if (changed.size > 0) await store(tx, laneId, [...changed].sort(), times);
      return answers;
    },
    async giveBack(tx, laneId, names, takenAt) {
      await tx.run(GIVE_BACK, [laneId, names, takenAt]);
    },
  };
}

async function store(
  tx: Queryable,
  laneId: number,
  persons: readonly string[],
  times: ReadonlyMap<string, Date[]>,
): Promise<void> {
  const firsts: number[] = [];
  const counts: number[] = [];
  const flat: Date[] = [];
  for (const person of persons) {
    const sent = times.get(person) ?? [];
    firsts.push(flat.length + 1);
    counts.push(sent.length);
    flat.push(...sent);
  }
  await tx.run(STORE, [laneId, persons, flat, firsts, counts]);
}
