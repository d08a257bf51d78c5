import type { Queryable, Statement } from '../platform/database.ts';

/** A place in the last 24 hours of a person, under every name it was counted in. */
export interface DayPlace {
  persons: readonly string[];
  takenAt: Date;
}

/** One notification that asks for a place in its person's last 24 hours. */
export interface DayWant {
  /** Every name we know the person by: `phone:7999…`, `user:37119444`. The send counts in each. */
  persons: readonly string[];
  max: number;
  /** Its place since an earlier call that had no answer: it moves to now, for now is when the person may get it, and is never refused. */
  held?: DayPlace;
}

export type DayAnswer = { taken: true; persons: readonly string[] } | { taken: false; freeAt: Date };

export interface DayCaps {
  /**
   * Takes a place for each want in all names of its person, or in none. In order: an earlier want of the same person is
   * counted before a later one. The answer says for each under which names it was taken, or when it could be.
   */
  take(tx: Queryable, laneId: number, wants: readonly DayWant[], now: Date): Promise<readonly DayAnswer[]>;
  /** Gives places back, after a definite refusal only: whoever may have got the message has had it. */
  giveBack(tx: Queryable, laneId: number, places: readonly DayPlace[]): Promise<void>;
  /** What the people of these lanes got in the last 24 hours, oldest first, in the order of `of`. Takes and locks nothing. */
  sent(queryable: Queryable, of: readonly { laneId: number; person: string }[], now: Date): Promise<readonly (readonly Date[])[]>;
}

const LOCK: Statement = {
  name: 'limits.day.lock',
  // In the order of the names, so that two transactions on the same people cannot wait for each other.
  text: `select person, sent_at as "sentAt" from day_window where lane_id = $1 and person = any($2) order by person for update`,
};
// An array of arrays cannot be ragged in PostgreSQL, so the times travel flat with the length of each.
const TIMES = `
  select p.person, ($3::timestamptz[])[p.first : p.first + p.count - 1] as sent_at
  from unnest($2::text[], $4::int[], $5::int[]) as p(person, first, count)`;
const SET: Statement = {
  name: 'limits.day.set',
  text: `update day_window as w set sent_at = t.sent_at from (${TIMES}) as t where w.lane_id = $1 and w.person = t.person`,
};
const ADD: Statement = {
  name: 'limits.day.add',
  // A row that was not there could not be locked: one that is there now was counted by an owner that has lost the lane and did not
  // know it yet, and must not be written over.
  text: `
    insert into day_window (lane_id, person, sent_at) select $1, t.person, t.sent_at from (${TIMES}) as t order by t.person
    on conflict (lane_id, person) do nothing`,
};
const SENT: Statement = {
  name: 'limits.day.sent',
  text: `
    select p.position, d.sent_at as "sentAt"
    from unnest($1::int[], $2::text[]) with ordinality as p(lane_id, person, position) join day_window as d using (lane_id, person)`,
};
export function createDayCaps({ windowMs }: { windowMs: number }): DayCaps {
  return {
    async take(tx, laneId, wants, now) {
      const names = wants.flatMap(({ persons, held }) => [...persons, ...(held?.persons ?? [])]);
      if (names.length === 0) return [];
      const since = now.getTime() - windowMs;
      const times = await lock(tx, laneId, names);
      const known = new Set(times.keys());
      for (const [person, sent] of times)
        times.set(
          person,
          sent.filter((sentAt) => sentAt.getTime() > since),
        );
      const changed = new Set<string>();
      const answers = wants.map((want): DayAnswer => {
        if (want.held !== undefined) for (const person of remove(times, want.held)) changed.add(person);
        const full = want.persons.map((person) => times.get(person) ?? []).filter((sent) => sent.length >= want.max);
        if (full.length > 0 && want.held === undefined) {
          const freeAt = Math.max(...full.map((sent) => (sent[sent.length - want.max]?.getTime() ?? now.getTime()) + windowMs));
          return { taken: false, freeAt: new Date(freeAt) };
        }
        const persons = [...new Set([...want.persons, ...(want.held?.persons ?? [])])];
        for (const person of persons) {
          times.set(person, [...(times.get(person) ?? []), now]);
          changed.add(person);
        }
        return { taken: true, persons };
      });
      await store(tx, laneId, changed, known, times);
      return answers;
    },
    async giveBack(tx, laneId, places) {
      const times = await lock(
        tx,
        laneId,
        places.flatMap(({ persons }) => persons),
      );
      const changed = new Set(places.flatMap((place) => remove(times, place)));
      await store(tx, laneId, changed, changed, times);
    },
    async sent(queryable, of, now) {
      const since = now.getTime() - windowMs;
      const columns = [of.map(({ laneId }) => laneId), of.map(({ person }) => person)];
      const rows = await queryable.rows<{ position: number; sentAt: readonly Date[] }>(SENT, columns);
      const byPosition = new Map(rows.map(({ position, sentAt }) => [position, sentAt]));
      return of.map((_, index) => (byPosition.get(index + 1) ?? []).filter((sentAt) => sentAt.getTime() > since));
    },
  };
}

/** The times of these people, whose rows are locked until the transaction ends. */
async function lock(tx: Queryable, laneId: number, names: readonly string[]): Promise<Map<string, Date[]>> {
  const rows = await tx.rows<{ person: string; sentAt: Date[] }>(LOCK, [laneId, [...new Set(names)]]);
  return new Map(rows.map(({ person, sentAt }) => [person, sentAt]));
}

/** Takes one time of the place out of each of its names, for notifications claimed together bear the same time. Returns the names that had it. */
function remove(times: Map<string, Date[]>, { persons, takenAt }: DayPlace): string[] {
  return persons.filter((person) => {
    const sent = times.get(person) ?? [];
    const index = sent.findIndex((sentAt) => sentAt.getTime() === takenAt.getTime());
    if (index >= 0) times.set(person, sent.toSpliced(index, 1));
    return index >= 0;
  });
}

/** `known` are those whose rows are locked. Throws where another process has begun to count one that is not. */
async function store(
  tx: Queryable,
  laneId: number,
  changed: ReadonlySet<string>,
  known: ReadonlySet<string>,
  times: ReadonlyMap<string, Date[]>,
): Promise<void> {
  const persons = [...changed].sort();
  const locked = persons.filter((person) => known.has(person));
  const added = persons.filter((person) => !known.has(person));
  if (locked.length > 0) await tx.run(SET, columns(laneId, locked, times));
  if (added.length === 0) return;
  const count = await tx.run(ADD, columns(laneId, added, times));
  if (count < added.length) throw new Error(`the days of people of lane ${laneId} were counted by another process meanwhile`);
}

function columns(laneId: number, persons: readonly string[], times: ReadonlyMap<string, Date[]>): readonly unknown[] {
  const firsts: number[] = [];
  const counts: number[] = [];
  const flat: Date[] = [];
  for (const person of persons) {
    const sent = times.get(person) ?? [];
    firsts.push(flat.length + 1);
    counts.push(sent.length);
    flat.push(...sent);
  }
  return [laneId, persons, flat, firsts, counts];
}
