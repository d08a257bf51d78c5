import type { SeededRandom } from './seeded-random.ts';

/** Virtual time: one queue of all that is going to happen. */
export interface Timeline {
  /** Milliseconds since the beginning. */
  now(): number;
  /** How many things have happened. */
  count(): number;
  /** Lets it happen after `ms`; at one moment in random order. */
  after(ms: number, actor: string, what: string, happen: () => void): Planned;
  /** Something to be told in the trace that is no event of its own. */
  note(actor: string, what: string): void;
  /** Goes on until `isOver`, or until nothing is left to happen. */
  run(isOver: () => boolean): Promise<void>;
  /** Of everything that happened, in order: equal for two runs of one seed. */
  hash(): string;
}

export interface Planned {
  cancel(): void;
}

/** A class, since a run makes thousands: each would have a closure of its own to be cancelled by. */
class Entry implements Planned {
  readonly at: number;
  readonly tieBreak: number;
  readonly sequence: number;
  readonly actor: string;
  readonly what: string;
  happen: (() => void) | null;

  constructor(at: number, tieBreak: number, sequence: number, actor: string, what: string, happen: () => void) {
    this.at = at;
    this.tieBreak = tieBreak;
    this.sequence = sequence;
    this.actor = actor;
    this.what = what;
    this.happen = happen;
  }

  cancel(): void {
    this.happen = null;
  }
}

const EVENTS_PER_TURN_OF_THE_REAL_LOOP = 1_024;
/** Its microtasks cost a third of those of `queueMicrotask`, each of which has a resource of its own. */
const SETTLED = Promise.resolve();

const isBefore = (a: Entry, b: Entry): boolean =>
  a.at !== b.at ? a.at < b.at : a.tieBreak !== b.tieBreak ? a.tieBreak < b.tieBreak : a.sequence < b.sequence;

export function createTimeline(random: SeededRandom, trace?: (line: string) => void): Timeline {
  const heap: Entry[] = [];
  let now = 0;
  let count = 0;
  let sequence = 0;
  let hash = 0x811c9dc5;

  // FNV-1a, over words instead of bytes.
  const mix = (word: number): void => {
    hash = Math.imul(hash ^ word, 0x01000193) >>> 0;
  };
  const hashes = new Map<string, number>();
  const hashOf = (text: string): number => {
    let known = hashes.get(text);
    if (known === undefined) {
      known = 0;
      for (let index = 0; index < text.length; index += 1) known = (Math.imul(known, 31) + text.charCodeAt(index)) | 0;
      hashes.set(text, known);
    }
    return known;
  };
  const tell = (actor: string, what: string): void => {
    mix(Math.round(now * 1_000));
    mix(hashOf(actor));
    mix(hashOf(what));
    trace?.(`${now.toFixed(3).padStart(10)} ms  ${actor.padEnd(12)} ${what}`);
  };

  const push = (entry: Entry): void => {
    let place = heap.push(entry) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above] as Entry;
      if (!isBefore(entry, parent)) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = entry;
  };
  const pop = (): Entry | undefined => {
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Entry, heap[below] as Entry)) below += 1;
      const child = heap[below] as Entry;
      if (!isBefore(child, last)) break;
      heap[place] = child;
      place = below;
    }
    heap[place] = last;
    return first;
  };

  return {
    now: () => now,
    count: () => count,
    after(ms, actor, what, happen) {
      sequence += 1;
      const entry = new Entry(now + Math.max(0, ms), random.fraction(), sequence, actor, what, happen);
      push(entry);
      return entry;
    },
    note: tell,
    run: (isOver) =>
      new Promise((resolve, reject) => {
        // Every promise that can go on goes on first: what a microtask asks of `nextTick` is done when none of them is left.
        const turnAfterAllPromises = (): void => process.nextTick(turn);
        const turn = (): void => {
          try {
            let next = pop();
            while (next !== undefined && next.happen === null) next = pop();
            if (next === undefined || isOver()) {
              resolve();
              return;
            }
            now = next.at;
            count += 1;
            tell(next.actor, next.what);
            next.happen?.();
            // Now and then the process gets to what is not simulated, such as its test runner's timers.
            if (count % EVENTS_PER_TURN_OF_THE_REAL_LOOP === 0) setImmediate(turn);
            else void SETTLED.then(turnAfterAllPromises);
          } catch (error) {
            reject(error);
          }
        };
        setImmediate(turn);
      }),
    hash: () => hash.toString(16).padStart(8, '0'),
  };
}
