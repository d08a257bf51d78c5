import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { createManualClock, createRealClock, type RealClock } from './world.ts';

const HOUR_MS = 3_600_000;
let clock: RealClock;
afterEach(() => clock?.stop());

describe('a clock that runs', () => {
  test('hours pass at once, on both scales, and what was due in them runs in its order at its own time', () => {
    clock = createRealClock();
    const [time, mono] = [clock.now(), clock.monotonic()];
    const ran: [string, hours: number][] = [];
    const note = (name: string) => () => ran.push([name, Math.round((clock.monotonic() - mono) / HOUR_MS)]);
    clock.schedule(note('later'), 5 * HOUR_MS);
    clock.schedule(note('sooner'), 2 * HOUR_MS);
    clock.schedule(note('not yet'), 9 * HOUR_MS);
    const cancel = clock.schedule(note('taken back'), HOUR_MS);
    cancel();
    clock.schedule(() => clock.schedule(note('scheduled on the way'), HOUR_MS), 3 * HOUR_MS);
    clock.advance(8 * HOUR_MS);
    expect(ran).toEqual([
      ['sooner', 2],
      ['scheduled on the way', 4],
      ['later', 5],
    ]);
    expect((clock.now() - time) / HOUR_MS).toBeCloseTo(8, 2);
    expect((clock.monotonic() - mono) / HOUR_MS).toBeCloseTo(8, 2);
  });

  test('faster time brings an hour in a moment, a real delay stays what it is', async () => {
    clock = createRealClock();
    clock.setSpeed(100_000);
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      clock.scheduleReal(() => {
        order.push('0.2 s of real time');
        resolve();
      }, 200);
      clock.schedule(() => order.push('an hour'), HOUR_MS);
    });
    expect(order).toEqual(['an hour', '0.2 s of real time']);
  });

  test('what waits already goes by a new speed too', async () => {
    clock = createRealClock();
    const due = new Promise<void>((resolve) => {
      clock.schedule(resolve, HOUR_MS);
    });
    clock.setSpeed(100_000);
    await due;
  });

  test('a change of speed moves nothing by itself, and time goes on from where it was', () => {
    clock = createRealClock();
    clock.advance(HOUR_MS);
    const ahead = clock.monotonic() - performance.now();
    clock.setSpeed(1_000);
    clock.setSpeed(1);
    expect(clock.speed()).toBe(1);
    expect(clock.monotonic() - performance.now()).toBeGreaterThanOrEqual(ahead);
    expect(clock.monotonic() - performance.now() - ahead).toBeLessThan(HOUR_MS / 10);
  });

  test.each([0, 0.5, 100_001, Number.NaN])('a speed of %s is refused', (factor) => {
    clock = createRealClock();
    expect(() => clock.setSpeed(factor)).toThrow(RangeError);
    expect(clock.speed()).toBe(1);
  });

  test('nothing runs after it was stopped', async () => {
    clock = createRealClock();
    let ran = 0;
    clock.schedule(() => (ran += 1), 1);
    clock.scheduleReal(() => (ran += 1), 1);
    clock.stop();
    clock.advance(HOUR_MS);
    await new Promise((resolve) => setTimeout(resolve, 2)); // runs after both of them would have
    expect(ran).toBe(0);
  });
});

test('a clock moved by hand knows one time only, and cannot run', () => {
  const manual = createManualClock();
  let ran = 0;
  manual.scheduleReal(() => (ran += 1), 5_000);
  manual.advance(4_999);
  expect(ran).toBe(0);
  manual.advance(1);
  expect(ran).toBe(1);
  expect(manual.speed()).toBe(0);
  expect(() => manual.setSpeed(2)).toThrow(RangeError);
});

test('whatever is scheduled and taken back, the rest runs by time, then by scheduling', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ delayMs: fc.nat(50), isTakenBack: fc.boolean() })), (planned) => {
      const manual = createManualClock();
      const ran: number[] = [];
      const cancels = planned.map(({ delayMs }, index) => manual.schedule(() => ran.push(index), delayMs));
      for (const [index, cancel] of cancels.entries()) if (planned[index]?.isTakenBack === true) cancel();
      manual.advance(50);
      const expected = planned
        .map((plan, index) => ({ ...plan, index }))
        .filter(({ isTakenBack }) => !isTakenBack)
        .sort((a, b) => a.delayMs - b.delayMs || a.index - b.index);
      expect(ran).toEqual(expected.map(({ index }) => index));
    }),
  );
});
