interface Entry {
  readonly at: number;
  /** Of equal times the one that was added first runs first. */
  readonly order: number;
  /** Null once it was taken back. */
  task: (() => void) | null;
}

/** What is still to be done, by time. */
export interface Agenda {
  /** The returned function takes it back. */
  add(at: number, task: () => void): () => void;
  /** When the next task falls due; null where there is none. */
  nextDue(): number | null;
  /** Takes out the next task that is due by `end`; null where there is none. */
  takeDue(end: number): { at: number; task: () => void } | null;
  clear(): void;
}

/** A binary heap: a load run has hundreds of thousands of deliveries waiting. */
export function createAgenda(): Agenda {
  let heap: Entry[] = [];
  let added = 0;

  const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
  const raise = (entry: Entry): void => {
    let place = heap.length;
    while (place > 0) {
      const parentPlace = (place - 1) >> 1;
      const parent = heap[parentPlace];
      if (parent === undefined || !isBefore(entry, parent)) break;
      heap[place] = parent;
      place = parentPlace;
    }
    heap[place] = entry;
  };
  const lower = (entry: Entry): void => {
    let place = 0;
    for (;;) {
      const [left, right] = [heap[2 * place + 1], heap[2 * place + 2]];
      if (left === undefined) break;
      const isRight = right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (!isBefore(child, entry)) break;
      heap[place] = child;
      place = 2 * place + (isRight ? 2 : 1);
    }
    heap[place] = entry;
  };
  const removeFirst = (): void => {
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) lower(last);
  };
  const first = (): Entry | undefined => {
    while (heap[0] !== undefined && heap[0].task === null) removeFirst();
    return heap[0];
  };

  return {
    add(at, task) {
      added += 1;
      const entry: Entry = { at, order: added, task };
      raise(entry);
      return () => {
        entry.task = null;
      };
    },
    nextDue: () => first()?.at ?? null,
    takeDue(end) {
      const next = first();
      if (next === undefined || next.task === null || next.at > end) return null;
      removeFirst();
      return { at: next.at, task: next.task };
    },
    clear() {
      heap = [];
    },
  };
}
