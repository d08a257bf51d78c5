import type { Group, World } from '../world/world.ts';
import type { OkEvent, OkEventType } from './ok-events.ts';

/** [?] None is documented for OK; they are those of its cousin and of events.updates (contracts/ok.md 3.1). */
export const UPDATES = {
  keptMax: 10_000,
  countDefault: 100,
  countMax: 1_000,
  waitSecondsDefault: 30,
  waitSecondsMax: 90,
} as const;

export interface UpdatesRequest {
  /** Everything up to it counts as read. Without one: what is new since the last mark. */
  marker: string | undefined;
  count: number;
  waitSeconds: number;
  /** Only these; null for all. */
  types: readonly OkEventType[] | null;
  /** Whether what this answer brings counts as read at once. */
  commit: boolean;
}

/** The queue that long polling reads. It fills only while the group has a long polling subscription. */
export interface Updates {
  /** Null where there is no subscription. */
  subscription(group: Group): { types: readonly OkEventType[]; time: number } | null;
  subscribe(group: Group, types: readonly OkEventType[]): void;
  unsubscribe(group: Group): boolean;
  publish(event: OkEvent, copies: number): void;
  /** Waits for something new, at most `waitSeconds`. Null where there is no subscription. */
  poll(group: Group, request: UpdatesRequest, gone: Promise<void>): Promise<{ updates: object[]; marker: string } | null>;
  reset(options: { subscriptions: boolean }): void;
}

interface Queue {
  types: readonly OkEventType[];
  time: number;
  /** Oldest first; numbers grow by one. */
  events: { number: number; event: OkEvent }[];
  lastNumber: number;
  readUpTo: number;
  /** Looks whether the poller now has something, or is told that its waiting is over. */
  waiting: Set<(isOver: boolean) => void>;
}

export function createUpdates(world: World): Updates {
  const queues = new Map<Group, Queue>();
  // Markers of an earlier run are smaller than every one of this run.
  let lastNumber = world.ids.dialogBase;

  const wakeAll = (queue: Queue, isOver: boolean): void => {
    for (const wake of [...queue.waiting]) wake(isOver);
  };
  const startOf = (queue: Queue, marker: string | undefined): number => {
    const given = Number(marker);
    if (marker === undefined || marker === '' || !(given <= queue.lastNumber)) return queue.readUpTo;
    queue.readUpTo = Math.max(queue.readUpTo, given);
    return given;
  };
  const take = (queue: Queue, from: number, { types, count }: UpdatesRequest): Queue['events'] =>
    queue.events.filter(({ number, event }) => number > from && (types?.includes(event.type) ?? true)).slice(0, count);

  return {
    subscription(group) {
      const queue = queues.get(group);
      return queue === undefined ? null : { types: queue.types, time: queue.time };
    },
    subscribe(group, types) {
      const queue = queues.get(group);
      if (queue !== undefined) queue.types = types;
      else
        queues.set(group, { types, time: world.clock.now(), events: [], lastNumber, readUpTo: lastNumber, waiting: new Set() });
    },
    unsubscribe(group) {
      const queue = queues.get(group);
      if (queue !== undefined) wakeAll(queue, true);
      return queues.delete(group);
    },
    publish(event, copies) {
      const queue = queues.get(event.group);
      if (queue === undefined || !queue.types.includes(event.type)) return;
      for (let copy = 0; copy < copies; copy += 1) {
        lastNumber += 1;
        queue.lastNumber = lastNumber;
        queue.events.push({ number: lastNumber, event });
      }
      if (queue.events.length > UPDATES.keptMax * 1.1) queue.events = queue.events.slice(-UPDATES.keptMax);
      wakeAll(queue, false);
    },
    async poll(group, request, gone) {
      const queue = queues.get(group);
      if (queue === undefined) return null;
      const from = startOf(queue, request.marker);
      if (take(queue, from, request).length === 0 && request.waitSeconds > 0) {
        await new Promise<void>((resolve) => {
          const wake = (isOver: boolean): void => {
            if (!isOver && take(queue, from, request).length === 0) return; // an event of a type that was not asked for
            cancel();
            queue.waiting.delete(wake);
            resolve();
          };
          const cancel = world.clock.scheduleReal(() => wake(true), request.waitSeconds * 1_000);
          queue.waiting.add(wake);
          void gone.then(() => wake(true));
        });
      }
      const taken = take(queue, from, request);
      const marker = taken.at(-1)?.number ?? from;
      if (request.commit) queue.readUpTo = Math.max(queue.readUpTo, marker);
      return { updates: taken.map(({ event }) => event.body), marker: String(marker) };
    },
    reset({ subscriptions }) {
      for (const queue of queues.values()) {
        queue.events = [];
        queue.readUpTo = queue.lastNumber;
        if (subscriptions) wakeAll(queue, true);
      }
      if (subscriptions) queues.clear();
    },
  };
}
