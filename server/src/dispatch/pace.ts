import type { SendOutcome } from '@soroka/channels';
import type { Clock } from '../platform/clock.ts';
import { BACK_OFF } from './back-off.ts';
import { type LaneSlowed, laneSlowed } from './events.ts';
import { createGrowingPause } from './growing-pause.ts';
import type { UpstreamBreaker } from './upstream-breaker.ts';

/** How fast one lane may send through one connection, by what its calls came to. */
export interface Pace {
  /** Of `max` a second, how many may go now; at least one. */
  of(max: number): number;
  /** Messages that may leave now: one where it is tried whether anything goes through. */
  messagesMax(): number;
  /** Milliseconds in which nothing may be called. */
  closedForMs(): number;
  /** A call is made ready: `heard` follows. */
  trying(): void;
  /** What one call came to that was launched at this moment (monotonic); nothing where none was made in the end. */
  heard(outcomes: readonly SendOutcome[], launchedAt: number): void;
  /** Nothing is called for so long. */
  close(ms: number): void;
}

export function createPace(clock: Clock, breaker: UpstreamBreaker): Pace {
  const quota = createGrowingPause(clock, BACK_OFF.quota);
  const pauses = [quota, breaker];
  let closedUntil = Number.NEGATIVE_INFINITY;
  /** Null at full rate. */
  let slowed: { perSecond: number; at: number } | null = null;
  let lastMax = Number.POSITIVE_INFINITY;

  const of = (max: number): number => {
    lastMax = max;
    if (slowed === null) return max;
    const elapsed = clock.monotonic() - slowed.at;
    const { holdMs, growsPerSecond } = BACK_OFF.rate;
    const perSecond = slowed.perSecond + growsPerSecond * Math.floor(elapsed / holdMs);
    if (perSecond >= max) slowed = null;
    return Math.max(1, Math.min(max, perSecond));
  };
  const close = (ms: number): void => {
    closedUntil = Math.max(closedUntil, clock.monotonic() + ms);
  };
  const react: Record<LaneSlowed['why'], (outcome: SendOutcome & { kind: 'throttled' }, launchedAt: number) => void> = {
    rate(_, launchedAt) {
      if (slowed !== null && launchedAt < slowed.at) return; // it left before the rate was halved
      slowed = { perSecond: Math.max(1, Math.floor(of(lastMax) * BACK_OFF.rate.share)), at: clock.monotonic() };
    },
    quota: (_, launchedAt) => quota.begin(launchedAt),
    asked: ({ retryAfterMs }) => close(retryAfterMs),
  };

  return {
    of,
    messagesMax: () => (pauses.some((pause) => pause.isProbing()) ? 1 : Number.POSITIVE_INFINITY),
    closedForMs: () => Math.max(0, closedUntil - clock.monotonic(), ...pauses.map((pause) => pause.leftMs())),
    trying() {
      for (const pause of pauses) pause.trying();
    },
    heard(outcomes, launchedAt) {
      breaker.heard(outcomes, launchedAt);
      if (outcomes.some(({ kind }) => kind === 'sent')) quota.end(launchedAt);
      else quota.untold();
      // A call that carries many messages and is put off as a whole is one word of the network.
      const words = outcomes.filter((outcome) => outcome.kind === 'throttled' && outcome.scope === 'lane');
      for (const why of ['rate', 'quota', 'asked'] as const) {
        const outcome = words.find((word) => word.kind === 'throttled' && (word.limit ?? 'asked') === why);
        if (outcome?.kind !== 'throttled') continue;
        react[why](outcome, launchedAt);
        laneSlowed({ why });
      }
    },
    close,
  };
}
