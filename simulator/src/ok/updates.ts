import type { Group, World } from '../world/world.ts';
import type { Refused } from './ok-errors.ts';
import type { OkEvent } from './ok-events.ts';
import type { OkSettingValues } from './ok-settings.ts';
import { readNumber } from './parameters.ts';

// Of one subscription; nobody reads so far back.
const KEPT_MAX = 10_000;

export interface UpdatesRequest {
  /** Everything up to it counts as read. Without one: what is new since the last mark. */
  marker: string | undefined;
  count: number;
  waitSeconds: number;
  /** Only these; null for all. */
  types: readonly string[] | null;
  /** Whether what this answer brings counts as read at once. */
  commit: boolean;
}

/**
 * Reads a request of `me/updates` or of its twin `events.updates`: `marker`, `count`, `timeout` in seconds, `types` with commas
 * between, `commit`. The first that cannot be so refuses it. Source: contracts/ok.md 3.1.
 */
export function readUpdatesRequest(
  query: Readonly<Record<string, string>>,
  settings: Readonly<OkSettingValues>,
): { ok: true; request: UpdatesRequest } | Refused {
  const count = readNumber(query, 'count', { min: 1, max: settings.updatesCountMax, fallback: settings.updatesCountDefault });
  if (!count.ok) return count;
  const { updatesWaitMaxSeconds: max, updatesWaitDefaultSeconds: fallback } = settings;
  const wait = readNumber(query, 'timeout', { min: 0, max, fallback });
  if (!wait.ok) return wait;
  const types =
    query['types'] === undefined || query['types'] === '' ? null : query['types'].split(',').map((type) => type.trim());
  const commit = query['commit'] === 'true';
  return { ok: true, request: { marker: query['marker'], count: count.value, waitSeconds: wait.value, types, commit } };
}

/** The queue that long polling reads. It fills only while the group has a long polling subscription. */
export interface Updates {
  /** Null where there is no subscription. */
  subscription(group: Group): { types: readonly string[]; time: number } | null;
  subscribe(group: Group, types: readonly string[]): void;
  unsubscribe(group: Group): boolean;
  publish(event: OkEvent, copies: number): void;
  /** Waits for something new, at most `waitSeconds`. Null where there is no subscription. */
  poll(group: Group, request: UpdatesRequest, gone: Promise<void>): Promise<{ updates: object[]; marker: string } | null>;
  reset(options: { subscriptions: boolean }): void;
}

interface Queue {
  types: readonly string[];
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
      if (queue.events.length > KEPT_MAX * 1.1) queue.events = queue.events.slice(-KEPT_MAX);
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
