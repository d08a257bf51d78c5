import { PARKED } from './classes.ts';

/** Messages of this queue became due: what a lane is woken with. */
export interface Work {
  laneId: number;
  connectionId: number;
  /** See classes.ts. */
  priority: number;
  accountId: number;
  /** When the earliest of them was due, in ms since 1970: what was due before it is known already. */
  dueAt: number;
  /** The first of those; 0 where it is not known. */
  messageId: number;
}

/** A queued row of `delivery`, for what its lane is to be woken with. */
export interface WorkRow extends Omit<Work, 'dueAt'> {
  dueAt: Date;
}

/** What of these rows is due, and not put aside. */
export function workOf(rows: readonly WorkRow[], now: Date): readonly Work[] {
  const due = rows.filter(({ dueAt, priority }) => dueAt <= now && priority < PARKED);
  return distinctWork(due.map((row) => ({ ...row, dueAt: row.dueAt.getTime() })));
}

/** Each queue once, with the earliest time. */
export function distinctWork(work: Iterable<Work>): readonly Work[] {
  const earliest = new Map<string, Work>();
  for (const item of work) {
    const key = `${item.laneId}:${item.connectionId}:${item.priority}:${item.accountId}`;
    const known = earliest.get(key);
    if (known === undefined || item.dueAt < known.dueAt || (item.dueAt === known.dueAt && item.messageId < known.messageId))
      earliest.set(key, item);
  }
  return [...earliest.values()];
}
