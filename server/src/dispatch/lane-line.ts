import type { Connection } from '../connections/connections.ts';
import { createSlidingWindow, LIMITS, type SlidingWindow } from '../limits/limits.ts';
import type { Clock } from '../platform/clock.ts';

// No upstream takes more in one request (gateway.md, Request).
const MESSAGES_PER_CALL_MAX = 1_000;

/** One connection that a lane sends through. */
export interface Line {
  connectionId: number;
  /** The network's limit of calls; the community's own connections only, an upstream is shared by many lanes. */
  calls: SlidingWindow;
  /** There may be due work. */
  hot: boolean;
  /** By the monotonic clock: the network wants no calls before. */
  throttledUntil: number;
  /** Notifications of the group per second that this connection's operator allows. */
  notificationsMax: number;
  /** Takes over the limits that the connection has now. */
  follow(connection: Connection): void;
}

export function createLine(connectionId: number, clock: Clock): Line {
  const calls = createSlidingWindow({ ...LIMITS.okCalls, clock });
  return {
    connectionId,
    calls,
    hot: true,
    throttledUntil: Number.NEGATIVE_INFINITY,
    notificationsMax: LIMITS.notificationsPerGroup.max,
    follow({ kind, settings }) {
      this.notificationsMax = settings.messagesPerSecond ?? LIMITS.notificationsPerGroup.max;
      calls.setMax(settings.callsPerSecond ?? (kind === 'vk' ? LIMITS.vkCalls : LIMITS.okCalls).max);
    },
  };
}

export interface Room {
  limit: number;
  /** 0: replies only. */
  priorityMax: 0 | 1;
  /** When what is missing frees by itself; Infinity where answers have to come first. */
  nextFreeInMs: number;
}

/** How many messages a connection may send now: its calls bound all of them, the group's slots bound notifications. */
export function roomOn(kind: Connection['kind'], calls: SlidingWindow, notifications: SlidingWindow): Room {
  const slots = notifications.free();
  const slotsInMs = notifications.nextFreeInMs() ?? Number.POSITIVE_INFINITY;
  if (kind === 'notify') return { limit: Math.min(slots, MESSAGES_PER_CALL_MAX), priorityMax: 1, nextFreeInMs: slotsInMs };
  const free = calls.free();
  if (free === 0) return { limit: 0, priorityMax: 0, nextFreeInMs: calls.nextFreeInMs() ?? Number.POSITIVE_INFINITY };
  if (slots === 0) return { limit: free, priorityMax: 0, nextFreeInMs: slotsInMs };
  return { limit: Math.min(free, slots), priorityMax: 1, nextFreeInMs: 0 };
}
