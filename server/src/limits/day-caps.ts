import type { Queryable, Statement } from '../platform/database.ts';

/** A place in the last 24 hours of a person with one group, under every name it was counted in. */
export interface DayPlace {
  laneId: number;
  persons: readonly string[];
  takenAt: Date;
}

/** One notification that asks for a place in its person's last 24 hours. */
export interface DayWant {
  laneId: number;
  /** Every name we know the person by: `phone:7999…`, `user:37119444`. The send counts in each. */
  persons: readonly string[];
  max: number;
  /**
   * Its place since an earlier call that had no answer: it moves to now, for now is when the person may get it, and is never refused. After
   * an hour it stays where it is, and another one is asked for: no network remembers keys for ever, and the person may get a second message.
   */
  held?: Omit<DayPlace, 'laneId'>;
}

export type DayAnswer = { taken: true; persons: readonly string[] } | { taken: false; freeAt: Date };

export interface DayCaps {
  /**
   * Takes a place for each want in all names of its person, or in none. In order: an earlier want of the same person is
   * counted before a later one. The answer says for each under which names it was taken, or when it could be.
   */
  take(tx: Queryable, wants: readonly DayWant[], now: Date): Promise<readonly DayAnswer[]>;
  /** Gives places back, after a definite refusal only: whoever may have got the message has had it. */
  giveBack(tx: Queryable, places: readonly DayPlace[]): Promise<void>;
  /** What the people of these lanes got in the last 24 hours, oldest first, in the order of `of`. Takes and locks nothing. */
  sent(queryable: Queryable, of: readonly { laneId: number; person: string }[], now: Date): Promise<readonly (readonly Date[])[]>;
}

const LOCK: Statement = {
  name: 'limits.day.lock',
  // In the order of lanes and names, so that two transactions on the same people cannot wait for each other.
  text: `
    select w.lane_id as "laneId", w.person, w.sent_at as "sentAt"
    from unnest($1::int[], $2::text[]) as p(lane_id, person) join day_window as w using (lane_id, person)
    order by w.lane_id, w.person for update of w`,
};
// An array of arrays cannot be ragged in PostgreSQL, so the times travel flat with the length of each.
const TIMES = `
  select p.lane_id, p.person, ($3::timestamptz[])[p.first : p.first + p.count - 1] as sent_at
  from unnest($1::int[], $2::text[], $4::int[], $5::int[]) as p(lane_id, person, first, count)`;
const SET: Statement = {
  name: 'limits.day.set',
  text: `update day_window as w set sent_at = t.sent_at from (${TIMES}) as t where w.lane_id = t.lane_id and w.person = t.person`,
};
const ADD: Statement = {
  name: 'limits.day.add',
  // A row that was not there could not be locked: one that is there now was counted by an owner that has lost the lane and did not
  // know it yet, and must not be written over.
  text: `
    insert into day_window (lane_id, person, sent_at) select t.lane_id, t.person, t.sent_at from (${TIMES}) as t
    order by t.lane_id, t.person
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
    async take(tx, wants, now) {
      const days = await lock(
        tx,
        wants.flatMap(({ laneId, persons, held }) =>
          [...persons, ...(held?.persons ?? [])].map((person) => ({ laneId, person })),
        ),
      );
      const since = now.getTime() - windowMs;
      for (const day of days.values()) day.sent = day.sent.filter((sentAt) => sentAt.getTime() > since);
      const answers = wants.map((want) => takeOne(days, want, now, windowMs));
      await store(tx, days);
      return answers;
    },
    async giveBack(tx, places) {
      const days = await lock(
        tx,
        places.flatMap(({ laneId, persons }) => persons.map((person) => ({ laneId, person }))),
      );
      for (const place of places) remove(days, place);
      await store(tx, days);
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

/** One name of a person at one group. */
interface Name {
  laneId: number;
  person: string;
}
interface Day extends Name {
  sent: Date[];
  /** Its row was there, and is locked until the transaction ends. */
  isStored: boolean;
  isChanged: boolean;
}
type Days = ReadonlyMap<string, Day>;

const keyOf = (laneId: number, person: string): string => `${laneId} ${person}`;
const daysOf = (days: Days, { laneId, persons }: { laneId: number; persons: readonly string[] }): Day[] =>
  persons.flatMap((person) => days.get(keyOf(laneId, person)) ?? []);

/** A day for each of these names; those that are stored are locked. */
async function lock(tx: Queryable, names: readonly Name[]): Promise<Days> {
  const days = new Map(
    names.map(({ laneId, person }): [string, Day] => [
      keyOf(laneId, person),
      { laneId, person, sent: [], isStored: false, isChanged: false },
    ]),
  );
  if (days.size === 0) return days;
  const wanted = [...days.values()];
  const columns = [wanted.map(({ laneId }) => laneId), wanted.map(({ person }) => person)];
  for (const { laneId, person, sentAt } of await tx.rows<Name & { sentAt: Date[] }>(LOCK, columns))
    days.set(keyOf(laneId, person), { laneId, person, sent: sentAt, isStored: true, isChanged: false });
  return days;
}

// How long networks know a repeat by its key is documented by none.
const REPEAT_KNOWN_MS = 3_600_000;

function takeOne(days: Days, want: DayWant, now: Date, windowMs: number): DayAnswer {
  const { laneId, persons: named, max } = want;
  const isFresh = want.held !== undefined && now.getTime() - want.held.takenAt.getTime() < REPEAT_KNOWN_MS;
  const held = isFresh ? want.held : undefined;
  if (held !== undefined) remove(days, { laneId, ...held });
  const full = daysOf(days, { laneId, persons: named }).filter(({ sent }) => sent.length >= max);
  if (full.length > 0 && held === undefined) {
    const freeAt = Math.max(...full.map(({ sent }) => (sent[sent.length - max]?.getTime() ?? now.getTime()) + windowMs));
    return { taken: false, freeAt: new Date(freeAt) };
  }
  const persons = [...new Set([...named, ...(held?.persons ?? [])])];
  for (const day of daysOf(days, { laneId, persons })) {
    day.sent.push(now);
    day.isChanged = true;
  }
  return { taken: true, persons };
}

/** Takes one time of the place out of each of its names, for notifications claimed together bear the same time. */
function remove(days: Days, place: DayPlace): void {
  for (const day of daysOf(days, place)) {
    const index = day.sent.findIndex((sentAt) => sentAt.getTime() === place.takenAt.getTime());
    if (index < 0) continue;
    day.sent.splice(index, 1);
    day.isChanged = true;
  }
}

/** Throws where another process has begun to count a person whose row was not there to be locked. */
async function store(tx: Queryable, days: Days): Promise<void> {
  const changed = [...days.values()].filter(({ isChanged }) => isChanged);
  const known = changed.filter(({ isStored }) => isStored);
  const added = changed.filter(({ isStored }) => !isStored);
  if (known.length > 0) await tx.run(SET, columnsOf(known));
  if (added.length === 0) return;
  const count = await tx.run(ADD, columnsOf(added));
  if (count < added.length)
    throw new Error(`the days of ${added.length - count} people were counted by another process meanwhile`);
}

function columnsOf(days: readonly Day[]): readonly unknown[] {
  const firsts: number[] = [];
  const flat: Date[] = [];
  for (const { sent } of days) {
    firsts.push(flat.length + 1);
    flat.push(...sent);
  }
  return [days.map(({ laneId }) => laneId), days.map(({ person }) => person), flat, firsts, days.map(({ sent }) => sent.length)];
}
