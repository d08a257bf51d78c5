import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createManualClock } from '../../test/manual-clock.ts';
import { createSlidingWindow } from './limits.ts';

const MAX = 5;
const WINDOW_MS = 1_000;

/**
 * A sender that is always hungry, and a receiver whose calls take between 0 and 400 ms each way. Returns the receiver's times.
 * The receiver sees a call some time after its launch and before its answer: nothing else is known to the window. After so many
 * calls as `handOverAfter` says the sender stops, waits for its answers and leaves its slots to the next one, who begins at once.
 */
async function receivedTimes(
  trips: readonly { thereMs: number; backMs: number }[],
  handOverAfter = Number.POSITIVE_INFINITY,
): Promise<number[]> {
  const clock = createManualClock();
  let window = createSlidingWindow({ max: MAX, windowMs: WINDOW_MS, clock });
  let untilHandOver = handOverAfter;
  const received: number[] = [];
  const waiting = [...trips];
  const inFlight: { answeredAt: number }[] = [];
  while (waiting.length > 0 || inFlight.length > 0) {
    for (const call of inFlight.filter(({ answeredAt }) => answeredAt <= clock.monotonic())) {
      inFlight.splice(inFlight.indexOf(call), 1);
      window.answered(1);
    }
    if (untilHandOver === 0 && inFlight.length === 0) {
      window = createSlidingWindow({ max: MAX, windowMs: WINDOW_MS, clock, cooling: window.cooling() });
      untilHandOver = handOverAfter;
    }
    while (waiting.length > 0 && window.free() > 0 && untilHandOver > 0) {
      untilHandOver -= 1;
      const { thereMs, backMs } = waiting.shift() as { thereMs: number; backMs: number };
      window.take(1);
      received.push(clock.monotonic() + thereMs);
      inFlight.push({ answeredAt: clock.monotonic() + thereMs + backMs });
    }
    await clock.advance(1);
  }
  return received.sort((a, b) => a - b);
}

const worstSecond = (times: readonly number[]): number =>
  Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + WINDOW_MS).length));

test('whatever the network’s jitter, the receiver never sees more than the limit in any window', async () => {
  const trip = fc.record({ thereMs: fc.integer({ min: 0, max: 400 }), backMs: fc.integer({ min: 0, max: 400 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(trip, { minLength: 20, maxLength: 40 }), async (trips) => {
      expect(worstSecond(await receivedTimes(trips))).toBeLessThanOrEqual(MAX);
    }),
    { numRuns: 30 },
  );
});

test('nor when senders take turns, each going on with the slots that the last one left', async () => {
  const trip = fc.record({ thereMs: fc.integer({ min: 0, max: 400 }), backMs: fc.integer({ min: 0, max: 400 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(trip, { maxLength: 20 }), fc.integer({ min: 1, max: 12 }), async (trips, handOverAfter) => {
      const times = await receivedTimes(trips, handOverAfter);
      expect(times.length).toBe(trips.length);
      expect(worstSecond(times)).toBeLessThanOrEqual(MAX);
    }),
    { numRuns: 50 },
  );
});

test('with quick answers the limit is used fully, second after second', async () => {
  const times = await receivedTimes(Array.from({ length: 50 }, () => ({ thereMs: 1, backMs: 1 })));
  expect(worstSecond(times)).toBe(MAX);
  expect((times.at(-1) as number) - (times[0] as number)).toBeLessThanOrEqual(9 * (WINDOW_MS + 3));
});

test('a slot whose call is not answered stays taken, and one that was not launched is free at once', async () => {
  const clock = createManualClock();
  const window = createSlidingWindow({ max: 2, windowMs: WINDOW_MS, clock });
  window.take(2);
  await clock.advance(60_000);
  expect(window.free()).toBe(0);
  expect(window.nextFreeInMs()).toBeNull();
  window.giveBack(1);
  expect(window.free()).toBe(1);
  window.answered(1);
  expect(window.nextFreeInMs()).toBe(WINDOW_MS);
  expect(window.allFreeInMs()).toBe(WINDOW_MS);
  await clock.advance(WINDOW_MS);
  expect(window.free()).toBe(2);
});

test('a limit that changes while calls are in flight keeps their slots taken', async () => {
  const clock = createManualClock();
  const window = createSlidingWindow({ max: 5, windowMs: WINDOW_MS, clock });
  window.take(4);
  window.setMax(2);
  expect(window.free()).toBe(0);
  window.answered(4);
  expect(window.free()).toBe(0);
  await clock.advance(WINDOW_MS);
  expect(window.free()).toBe(2);
  window.take(2);
  window.setMax(3);
  expect(window.free()).toBe(1);
});
