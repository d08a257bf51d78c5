import type { Connection } from '../connections/connections.ts';
import { createSlidingWindow, LIMITS, type SlidingWindow } from '../limits/limits.ts';
import type { Clock } from '../platform/clock.ts';
import { createPace, type Pace } from './pace.ts';
import type { UpstreamBreaker } from './upstream-breaker.ts';

// What one claim takes at most, however many slots are free: its transaction must stay short.
const MESSAGES_PER_CLAIM_MAX = 1_000;

/** One connection that a lane sends through. */
export interface Line {
  connectionId: number;
  /** The network's limit of calls, one slot each however many messages it carries; null for an upstream, which has none of ours. */
  calls: SlidingWindow | null;
  /** Messages that one call may carry. */
  batchMax: number;
  /** There may be due work. */
  hot: boolean;
  /** What the network's answers leave of its speed. */
  readonly pace: Pace;
  /** Notifications of the group per second that this connection's operator allows, and its answers. */
  readonly notificationsMax: number;
  /** Takes over what the connection has now. */
  follow(connection: Connection, batchMax: number): void;
}

export function createLine(connectionId: number, clock: Clock, breaker: UpstreamBreaker): Line {
  const pace = createPace(clock, breaker);
  let allowed: number = LIMITS.notificationsPerGroup.max;
  return {
    connectionId,
    calls: null,
    batchMax: 1,
    hot: true,
    pace,
    get notificationsMax() {
      return pace.of(allowed);
    },
    follow({ kind, settings }, batchMax) {
      allowed = settings.messagesPerSecond ?? LIMITS.notificationsPerGroup.max;
      this.batchMax = batchMax;
      if (kind === 'notify') return;
      const { max, windowMs } = kind === 'vk' ? LIMITS.vkCalls : LIMITS.okCalls;
      this.calls ??= createSlidingWindow({ max, windowMs, clock });
      const callsMax = settings.callsPerSecond ?? max;
      this.calls.setMax(Math.max(1, Math.floor((callsMax * pace.of(allowed)) / allowed)));
    },
  };
}

export interface Room {
  /** Messages. */
  limit: number;
  /** In which they are to leave. */
  calls: number;
  /** 0: replies only. */
  priorityMax: 0 | 1;
  /** When what is missing frees by itself; Infinity where answers have to come first. */
  nextFreeInMs: number;
}

/** How many messages a connection may send now: its calls bound all of them, the group's slots bound notifications. */
export function roomOn({ calls, batchMax, pace }: Pick<Line, 'calls' | 'batchMax' | 'pace'>, notifications: SlidingWindow): Room {
  const messagesMax = Math.min(MESSAGES_PER_CLAIM_MAX, pace.messagesMax());
  const slots = notifications.free();
  const slotsInMs = notifications.nextFreeInMs() ?? Number.POSITIVE_INFINITY;
  // An upstream takes one call with all that may go, and no replies.
  if (calls === null) return { limit: Math.min(slots, batchMax, messagesMax), calls: 1, priorityMax: 1, nextFreeInMs: slotsInMs };
  const free = calls.free();
  if (free === 0) return { limit: 0, calls: 0, priorityMax: 0, nextFreeInMs: calls.nextFreeInMs() ?? Number.POSITIVE_INFINITY };
  const fits = Math.min(free * batchMax, messagesMax);
  if (slots === 0) return { limit: fits, calls: free, priorityMax: 0, nextFreeInMs: slotsInMs };
  return { limit: Math.min(fits, slots), calls: free, priorityMax: 1, nextFreeInMs: 0 };
}
