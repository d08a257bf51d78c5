import type { SendOutcome } from '@soroka/channels';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../test/manual-clock.ts';
import { createFloodWaits } from './flood-waits.ts';
import { createLine, roomOn } from './lane-line.ts';
import { createPace } from './pace.ts';
import { createUpstreamBreakers } from './upstream-breaker.ts';

const SENT: SendOutcome = { kind: 'sent', networkId: 'n' };
const FAILED: SendOutcome = { kind: 'failed', networkCode: '10' };
const UNANSWERED: SendOutcome = { kind: 'unanswered', detail: 'timeout' };
const REFUSED: SendOutcome = { kind: 'refused', reason: 'refused_by_user', networkCode: '901' };
const putOff = (more: Partial<SendOutcome & { kind: 'throttled' }>): SendOutcome => ({
  ...{ kind: 'throttled', scope: 'lane', retryAfterMs: 1_000, networkCode: '6' },
  ...more,
});
const TOO_MANY = putOff({ limit: 'rate' });
const QUOTA = putOff({ limit: 'quota', networkCode: '29', retryAfterMs: 60_000 });
const MINUTE_MS = 60_000;

function paceOn() {
  const clock = createManualClock();
  const breaker = createUpstreamBreakers(clock)(1);
  const pace = createPace(clock, breaker);
  const answer = (...outcomes: SendOutcome[]): void => pace.heard(outcomes, clock.monotonic());
  return { clock, pace, answer };
}

describe('too many calls a second', () => {
  test('halve the rate of the lane for a second; it grows by two a second from then on, and nothing is paused', () => {
    const { clock, pace, answer } = paceOn();
    expect(pace.of(50)).toBe(50);
    answer(TOO_MANY);
    const seen = [];
    for (let second = 0; second <= 14; second += 1) {
      seen.push(pace.of(50));
      clock.advance(1_000);
    }
    expect(seen).toEqual([25, 27, 29, 31, 33, 35, 37, 39, 41, 43, 45, 47, 49, 50, 50]);
    expect(pace.closedForMs()).toBe(0);
  });

  test('halve it once for all calls that were under way, again for a later one, and never to nothing', () => {
    const { clock, pace } = paceOn();
    const launchedAt = clock.monotonic();
    pace.of(50);
    clock.advance(20);
    for (let call = 0; call < 18; call += 1) pace.heard([TOO_MANY, TOO_MANY], launchedAt);
    expect(pace.of(50)).toBe(25);
    for (let time = 0; time < 10; time += 1) {
      clock.advance(10);
      pace.heard([TOO_MANY], clock.monotonic());
    }
    expect(pace.of(50)).toBe(1);
  });

  test('slow the calls of a community down with its messages', () => {
    const clock = createManualClock();
    const line = createLine(1, clock, createUpstreamBreakers(clock)(1));
    const connection = { kind: 'vk', settings: {} } as never;
    line.follow(connection, 25);
    const callsBefore = line.calls?.free() ?? 0;
    line.pace.heard([TOO_MANY], clock.monotonic());
    line.follow(connection, 25);
    expect([line.notificationsMax, line.calls?.free()]).toEqual([25, callsBefore / 2]);
  });
});

describe('a used-up quota', () => {
  test('pauses the lane for 1, 2, 4 … 60 minutes; after each pause one message tries, and where it goes through all do', () => {
    const { clock, pace, answer } = paceOn();
    const pauses = [];
    for (let time = 0; time < 8; time += 1) {
      answer(QUOTA);
      pauses.push(pace.closedForMs() / MINUTE_MS);
      clock.advance(pace.closedForMs());
      expect([pace.closedForMs(), pace.messagesMax()]).toEqual([0, 1]);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    answer(SENT);
    expect([pace.closedForMs(), pace.messagesMax()]).toEqual([0, Number.POSITIVE_INFINITY]);
    answer(QUOTA);
    expect(pace.closedForMs()).toBe(MINUTE_MS);
  });

  test('is tried by one message at a time: the others wait for what it comes to', () => {
    const { clock, pace, answer } = paceOn();
    answer(QUOTA);
    clock.advance(MINUTE_MS);
    pace.trying();
    expect(pace.closedForMs()).toBeGreaterThan(0);
    pace.heard([], clock.monotonic()); // nothing was due
    expect(pace.closedForMs()).toBe(0);
  });

  test('is not doubled by answers to calls that left before the pause', () => {
    const { clock, pace, answer } = paceOn();
    const launchedAt = clock.monotonic();
    clock.advance(50);
    answer(QUOTA);
    pace.heard([QUOTA], launchedAt);
    pace.heard([SENT], launchedAt);
    expect([pace.closedForMs(), pace.messagesMax()]).toEqual([MINUTE_MS, 1]);
  });
});

test('a time that the network names is obeyed by the lane', () => {
  const { clock, pace, answer } = paceOn();
  answer(putOff({ retryAfterMs: 7_000, networkCode: 'http_429' }));
  expect(pace.closedForMs()).toBe(7_000);
  clock.advance(7_000);
  expect([pace.closedForMs(), pace.of(50), pace.messagesMax()]).toEqual([0, 50, Number.POSITIVE_INFINITY]);
});

describe('flood control of one person', () => {
  test('makes the person wait 1, 4, 16, 64 … s, and nobody else', () => {
    const clock = createManualClock();
    const floods = createFloodWaits(clock);
    const waits = [];
    for (let time = 0; time < 5; time += 1) {
      waits.push(floods.struck('anna', clock.monotonic()) / 1_000);
      expect(floods.leftMs('vera')).toBe(0);
      clock.advance(floods.leftMs('anna'));
    }
    expect(waits).toEqual([1, 4, 16, 64, 256]);
    floods.ended('anna');
    expect(floods.struck('anna', clock.monotonic())).toBe(1_000);
  });

  test('counts once for two messages that were under way to one person', () => {
    const clock = createManualClock();
    const floods = createFloodWaits(clock);
    const launchedAt = clock.monotonic();
    clock.advance(100);
    expect([floods.struck('anna', launchedAt), floods.struck('anna', launchedAt)]).toEqual([1_000, 1_000]);
  });
});

describe('the breaker of a connection', () => {
  const closed = (pace: { closedForMs(): number; messagesMax(): number }) => [pace.closedForMs(), pace.messagesMax()];

  test('opens when half of at least twenty calls within ten seconds failed or had no answer', () => {
    const { pace, answer } = paceOn();
    for (let call = 0; call < 10; call += 1) answer(SENT);
    for (let call = 0; call < 9; call += 1) answer(call % 2 === 0 ? FAILED : UNANSWERED);
    expect(closed(pace)).toEqual([0, Number.POSITIVE_INFINITY]);
    answer(FAILED);
    expect(closed(pace)).toEqual([5_000, 1]);
  });

  test('stays closed for nineteen failures, for failures that are long ago, and for refusals, which are answers', () => {
    const { clock, pace, answer } = paceOn();
    for (let call = 0; call < 19; call += 1) answer(FAILED);
    clock.advance(10_000);
    answer(FAILED);
    for (let call = 0; call < 40; call += 1) answer(REFUSED);
    expect(closed(pace)).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  test('lets one message try after its pause: it closes when that is answered, and waits twice as long when not', () => {
    const { clock, pace, answer } = paceOn();
    for (let call = 0; call < 20; call += 1) answer(FAILED);
    const pauses = [];
    for (let time = 0; time < 5; time += 1) {
      pauses.push(pace.closedForMs() / 1_000);
      clock.advance(pace.closedForMs());
      expect(closed(pace)).toEqual([0, 1]);
      answer(UNANSWERED);
    }
    expect(pauses).toEqual([5, 10, 20, 40, 60]);
    clock.advance(pace.closedForMs());
    answer(REFUSED);
    expect(closed(pace)).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  test('is one for all lanes of the connection, and one message tries for all of them', () => {
    const clock = createManualClock();
    const breakers = createUpstreamBreakers(clock);
    const [first, second, other] = [
      createPace(clock, breakers(1)),
      createPace(clock, breakers(1)),
      createPace(clock, breakers(2)),
    ];
    for (let call = 0; call < 20; call += 1) first.heard([FAILED], clock.monotonic());
    expect([second.closedForMs(), other.closedForMs()]).toEqual([5_000, 0]);
    clock.advance(5_000);
    second.trying();
    expect(first.closedForMs()).toBeGreaterThan(0);
    second.heard([SENT], clock.monotonic());
    expect(first.closedForMs()).toBe(0);
  });
});

test('while it is tried whether anything goes through, a claim takes one message', () => {
  const clock = createManualClock();
  const line = createLine(1, clock, createUpstreamBreakers(clock)(1));
  line.follow({ kind: 'notify', settings: {} } as never, 1_000);
  expect(roomOn(line).messages).toBe(1_000);
  line.pace.heard([QUOTA], clock.monotonic());
  clock.advance(MINUTE_MS);
  expect(roomOn(line).messages).toBe(1);
});
