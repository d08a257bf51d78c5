import type { Group, World } from '../world/world.ts';
import { type EventSettings, SENT_EVENTS } from './event-settings.ts';
import { eventBody, type VkEvent } from './vk-events.ts';

/** How VK keeps events for long poll. [?] Length, lifetime of the key and its default settings are ours (contracts/vk.md 2, 9). */
export const LONG_POLL = {
  eventsKeptMax: 10_000,
  keyLifetimeMs: 3_600_000,
  waitSecondsDefault: 25,
  waitSecondsMax: 90,
} as const;

export interface LongPollSettings extends EventSettings {
  isEnabled: boolean;
}

/** An answer as it goes over the wire: `failed` says what the poller must renew (contracts/vk.md 2). */
export type LongPollAnswer =
  | { ts: string; updates: Record<string, unknown>[] }
  | { failed: 1; ts: number }
  | { failed: 2 }
  | { failed: 3 };

export interface LongPoll {
  settings(group: Group): LongPollSettings;
  /** A key and the number of the newest event; null while the community has long poll switched off. */
  open(group: Group): { key: string; ts: string } | null;
  publish(event: VkEvent, copies: number): void;
  /** Every session of the community meets this failure once: history cut (1), keys dead (2), keys and numbers dead (3). */
  fail(group: Group, failure: 1 | 2 | 3): void;
  /** Answers at once where there are events after `ts`, else with the next one, or without any after `waitSeconds`. */
  poll(
    group: Group,
    request: { key: string; ts: string | undefined; waitSeconds: number },
    gone: Promise<void>,
  ): Promise<LongPollAnswer>;
  /** Events are forgotten, their numbers go on. Keys and settings stay unless `subscriptions`. */
  reset(options: { subscriptions: boolean }): void;
}

// Switched on from the start, so that a bot can be tried without an administrator. VK has it off.
const initialSettings = (): LongPollSettings => ({ isEnabled: true, apiVersion: '5.199', enabled: new Set(SENT_EVENTS) });

interface Queue {
  settings: LongPollSettings;
  /** Keys and the time they expire at, ms on the monotonic scale. */
  keys: Map<string, number>;
  /** Number of the newest event. */
  lastTs: number;
  /** The newest events, oldest first; the last one has the number `lastTs`. */
  bodies: Record<string, unknown>[];
  waiting: Set<() => void>;
  /** Keys whose information was lost: answered with 3, where other dead keys get 2. */
  lost: Set<string>;
}

export function createLongPoll(world: World): LongPoll {
  const queues = new Map<Group, Queue>();
  const queueOf = (group: Group): Queue => {
    const found = queues.get(group);
    if (found !== undefined) return found;
    const made: Queue = {
      settings: initialSettings(),
      keys: new Map(),
      lastTs: world.ids.dialogBase, // grows with the start of the run: a ts of an earlier run is never taken for one of this
      bodies: [],
      waiting: new Set(),
      lost: new Set(),
    };
    queues.set(group, made);
    return made;
  };
  const after = (queue: Queue, ts: number): LongPollAnswer => ({
    ts: String(queue.lastTs),
    updates: queue.bodies.slice(queue.bodies.length - (queue.lastTs - ts)),
  });
  const isValid = (queue: Queue, key: string): boolean => (queue.keys.get(key) ?? 0) > world.clock.monotonic();

  const check = (queue: Queue, key: string, ts: string | undefined): LongPollAnswer | number => {
    if (queue.lost.has(key)) return { failed: 3 };
    if (!isValid(queue, key) || !queue.settings.isEnabled) return { failed: 2 };
    if (ts === undefined || ts === '') return queue.lastTs;
    // [?] VK's answer to a number it never gave is not known.
    if (!/^\d{1,15}$/.test(ts) || Number(ts) > queue.lastTs) return { failed: 3 };
    const oldest = queue.lastTs - queue.bodies.length;
    return Number(ts) < oldest ? { failed: 1, ts: oldest } : Number(ts);
  };

  return {
    settings: (group) => queueOf(group).settings,
    open(group) {
      const queue = queueOf(group);
      if (!queue.settings.isEnabled) return null;
      const now = world.clock.monotonic();
      for (const [key, expiresAt] of queue.keys) if (expiresAt <= now) queue.keys.delete(key);
      const key = world.ids.hex(40);
      queue.keys.set(key, now + LONG_POLL.keyLifetimeMs);
      return { key, ts: String(queue.lastTs) };
    },
    publish(event, copies) {
      const queue = queueOf(event.group);
      if (!queue.settings.isEnabled || !queue.settings.enabled.has(event.type)) return;
      for (let copy = 0; copy < copies; copy += 1) {
        queue.bodies.push(eventBody(event, queue.settings.apiVersion));
        queue.lastTs += 1;
      }
      if (queue.bodies.length > LONG_POLL.eventsKeptMax * 1.1) queue.bodies = queue.bodies.slice(-LONG_POLL.eventsKeptMax);
      for (const wake of [...queue.waiting]) wake();
    },
    fail(group, failure) {
      const queue = queueOf(group);
      if (failure === 1) {
        // One number goes by without an event: whoever asks from before it has lost something.
        queue.bodies = [];
        queue.lastTs += 1;
      } else {
        if (failure === 3) for (const key of queue.keys.keys()) queue.lost.add(key);
        queue.keys.clear();
      }
      for (const wake of [...queue.waiting]) wake();
    },
    async poll(group, { key, ts, waitSeconds }, gone) {
      const queue = queueOf(group);
      const from = check(queue, key, ts);
      if (typeof from !== 'number') return from;
      if (queue.lastTs === from && waitSeconds > 0) {
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            cancel();
            queue.waiting.delete(wake);
            resolve();
          };
          const cancel = world.clock.scheduleReal(wake, Math.min(waitSeconds, LONG_POLL.waitSecondsMax) * 1_000);
          queue.waiting.add(wake);
          void gone.then(wake);
        });
      }
      const now = check(queue, key, String(from));
      return typeof now === 'number' ? after(queue, now) : now;
    },
    reset({ subscriptions }) {
      for (const queue of queues.values()) {
        queue.bodies = [];
        if (!subscriptions) continue;
        queue.keys.clear();
        queue.lost.clear();
        queue.settings = initialSettings();
        for (const wake of [...queue.waiting]) wake();
      }
    },
  };
}
