import { expect, test } from 'vitest';
import { afterCall, type Breaker, CLOSED, stateOf } from './breaker.ts';

const middle = () => 0.5;
const after = (calls: string, breaker: Breaker = CLOSED, nowMs = 0): Breaker =>
  [...calls].reduce((before, call) => afterCall(before, call === '+', nowMs, middle), breaker);

test.each([
  ['', 'closed'],
  ['--', 'closed'],
  ['---', 'slowed'],
  ['---+', 'closed'],
  ['---------', 'slowed'],
  ['----------', 'open'],
  ['+++-------', 'open'], // 7 of 10
  ['++++------', 'slowed'],
  ['-+-+-+-+-+-+-+-+-+-+', 'closed'],
  ['++++++++++++++++++++--------------', 'open'], // 14 of the last 20
  ['+++++++++++++++++++++++++-------------', 'slowed'],
])('after "%s" it is %s', (calls, state) => {
  expect(stateOf(after(calls), 0)).toBe(state);
});

test('it opens for 10 s, then lets one call through at a time; each that fails doubles the pause up to five minutes', () => {
  let breaker = after('----------');
  const pauses: number[] = [];
  let nowMs = 0;
  for (let probe = 0; probe < 8; probe += 1) {
    pauses.push(breaker.openUntilMs - nowMs);
    expect(stateOf(breaker, breaker.openUntilMs - 1)).toBe('open');
    nowMs = breaker.openUntilMs;
    expect(stateOf(breaker, nowMs)).toBe('half-open');
    breaker = after('-', breaker, nowMs);
  }
  expect(pauses).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
});

test('one success closes it, and what failed before is forgotten', () => {
  const open = after('----------');
  const closed = after('+', open, open.openUntilMs);
  expect(stateOf(closed, open.openUntilMs)).toBe('closed');
  expect(stateOf(after('---------', closed, open.openUntilMs), open.openUntilMs)).toBe('slowed');
});

test('calls that were under way when it opened do not prolong the pause, a success among them ends it', () => {
  const open = after('----------');
  expect(after('-----', open, 5_000).openUntilMs).toBe(open.openUntilMs);
  expect(stateOf(after('+', open, 5_000), 5_000)).toBe('closed');
});

test('pauses are spread by a fifth to both sides', () => {
  const pause = (random: number) => {
    let breaker = CLOSED;
    for (let call = 0; call < 10; call += 1) breaker = afterCall(breaker, false, 0, () => random);
    return breaker.openUntilMs;
  };
  expect([pause(0), pause(0.5)]).toEqual([8_000, 10_000]);
  expect(pause(0.999)).toBeCloseTo(12_000, -2);
});

test('failures hours apart, as those of one callback that is tried by its schedule, do not open it', () => {
  let breaker = CLOSED;
  for (let call = 0; call < 30; call += 1) breaker = afterCall(breaker, false, call * 1_800_000, middle);
  expect(stateOf(breaker, 30 * 1_800_000)).toBe('slowed');
});
