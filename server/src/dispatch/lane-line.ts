import type { Connection } from '../connections/connections.ts';
import { type CoolingSlots, createSlidingWindow, LIMITS, type SlidingWindow } from '../limits/limits.ts';
import type { Clock } from '../platform/clock.ts';
import { coolingAfter } from './hand-over.ts';
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
  /** What the network's answers leave of its speed. */
  readonly pace: Pace;
  /** Notifications of the group per second that this connection's operator allows, and its answers. */
  readonly notificationsMax: number;
  /** Takes over what the connection has now. */
  follow(connection: Connection, batchMax: number): void;
}

/** `cooling`: slots of calls that an owner before us used. */
export function createLine(
  connectionId: number,
  clock: Clock,
  breaker: UpstreamBreaker,
  cooling: readonly CoolingSlots[] = [],
): Line {
  const openedAt = clock.monotonic();
  const pace = createPace(clock, breaker);
  let allowed: number = LIMITS.notificationsPerGroup.max;
  return {
    connectionId,
    calls: null,
    batchMax: 1,
    pace,
    get notificationsMax() {
      return pace.of(allowed);
    },
    follow({ kind, settings }, batchMax) {
      allowed = settings.messagesPerSecond ?? LIMITS.notificationsPerGroup.max;
      this.batchMax = batchMax;
      if (kind === 'notify') return;
      const { max, windowMs } = kind === 'vk' ? LIMITS.vkCalls : LIMITS.okCalls;
      this.calls ??= createSlidingWindow({ max, windowMs, clock, cooling: coolingAfter(cooling, clock.monotonic() - openedAt) });
      const callsMax = settings.callsPerSecond ?? max;
      this.calls.setMax(Math.max(1, Math.floor((callsMax * pace.of(allowed)) / allowed)));
    },
  };
}

export interface Room {
  /** Messages, as far as calls go: the group's slots bound notifications besides. */
  messages: number;
  /** In which they are to leave. */
  calls: number;
  /** When a call frees by itself where there is none; Infinity where answers have to come first. */
  nextFreeInMs: number;
}

/** How many messages a connection may send now. */
export function roomOn({ calls, batchMax, pace }: Pick<Line, 'calls' | 'batchMax' | 'pace'>): Room {
  // An upstream takes one call with all that may go.
  const free = calls === null ? 1 : calls.free();
  const nextFreeInMs = free > 0 ? 0 : (calls?.nextFreeInMs() ?? Number.POSITIVE_INFINITY);
  return { messages: Math.min(free * batchMax, MESSAGES_PER_CLAIM_MAX, pace.messagesMax()), calls: free, nextFreeInMs };
}
