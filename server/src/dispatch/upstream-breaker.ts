import type { SendOutcome } from '@soroka/channels';
import type { Clock } from '../platform/clock.ts';
import { BACK_OFF } from './back-off.ts';
import { breakerChanged } from './events.ts';
import { createGrowingPause, type GrowingPause } from './growing-pause.ts';

/** What this process knows of one connection's health, over all lanes that send through it. */
export interface UpstreamBreaker extends Pick<GrowingPause, 'leftMs' | 'isProbing' | 'trying'> {
  /** What one call came to that was launched at this moment (monotonic). */
  heard(outcomes: readonly SendOutcome[], launchedAt: number): void;
}

export type UpstreamBreakers = (connectionId: number) => UpstreamBreaker;

const { windowMs, callsMin, failedShare } = BACK_OFF.breaker;
// A thousand calls a second of all lanes must not be kept one by one.
const COUNTED_TOGETHER_MS = 500;

/** One breaker per connection, made when it is first asked for. */
export function createUpstreamBreakers(clock: Clock): UpstreamBreakers {
  const known = new Map<number, UpstreamBreaker>();
  return (connectionId) => {
    const breaker = known.get(connectionId) ?? createBreaker(clock, connectionId);
    known.set(connectionId, breaker);
    return breaker;
  };
}

function createBreaker(clock: Clock, connectionId: number): UpstreamBreaker {
  const pause = createGrowingPause(clock, BACK_OFF.breaker);
  let counts: { from: number; calls: number; failed: number }[] = [];

  return {
    leftMs: pause.leftMs,
    isProbing: pause.isProbing,
    trying: pause.trying,
    heard(outcomes, launchedAt) {
      if (outcomes.length === 0) return pause.untold();
      const failed = outcomes.every(({ kind }) => kind === 'failed' || kind === 'unanswered');
      if (pause.isProbing()) {
        if (failed) return pause.begin(launchedAt);
        pause.end(launchedAt);
        if (!pause.isProbing()) breakerChanged({ connectionId, state: 'closed' });
        return;
      }
      const now = clock.monotonic();
      counts = counts.filter(({ from }) => from > now - windowMs);
      const last = counts.at(-1);
      if (last !== undefined && now - last.from < COUNTED_TOGETHER_MS) {
        last.calls += 1;
        last.failed += failed ? 1 : 0;
      } else counts.push({ from: now, calls: 1, failed: failed ? 1 : 0 });
      const calls = counts.reduce((sum, count) => sum + count.calls, 0);
      const failures = counts.reduce((sum, count) => sum + count.failed, 0);
      if (calls < callsMin || failures < calls * failedShare) return;
      pause.begin(launchedAt);
      counts = [];
      breakerChanged({ connectionId, state: 'open' });
    },
  };
}
