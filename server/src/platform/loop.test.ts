import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createManualClock } from '../../test/manual-clock.ts';
import { createLoop, type Found } from './loop.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function start(step: (signal: AbortSignal) => Promise<Found>, everyMs = 0) {
  const clock = createManualClock();
  const loop = createLoop({ name: 'test', clock, log: pino({ level: 'silent' }), idleMs: 250, everyMs, step });
  loop.run();
  return { clock, loop };
}

test('while there is something to do there is no pause; then one, which a wake-up ends', async () => {
  let left = 3;
  let looks = 0;
  const { clock, loop } = start(async () => {
    looks += 1;
    left -= 1;
    return left > 0;
  });
  await turn();
  expect(looks).toBe(3);
  await clock.advance(249);
  await turn();
  expect(looks).toBe(3);
  await clock.advance(1);
  await turn();
  expect(looks).toBe(4);
  loop.wake();
  await turn();
  expect(looks).toBe(5);
  await loop.stop();
});

test('a step that took all it may is followed by the next one at once, however long others would gather', async () => {
  let left = 1_250;
  const { clock, loop } = start(async () => {
    const taken = Math.min(left, 500);
    left -= taken;
    return taken === 500 ? 'more' : taken > 0;
  }, 150);
  await turn();
  expect(left).toBe(0);
  left = 1;
  await clock.advance(149);
  await turn();
  expect(left).toBe(1);
  await clock.advance(1);
  await turn();
  expect(left).toBe(0);
  await loop.stop();
});

test('what there is to do after a silence is begun at once, and what comes soon after it waits to be done together', async () => {
  let waiting = 0;
  const done: number[] = [];
  const { clock, loop } = start(async () => {
    if (waiting > 0) done.push(waiting);
    waiting = 0;
    return done.length > 0 && done.length < 3;
  }, 25);
  const come = async () => {
    waiting += 1;
    loop.wake();
    await turn();
  };
  await turn();
  await come();
  expect(done).toEqual([1]);
  for (let more = 0; more < 4; more += 1) await come();
  await clock.advance(24);
  await turn();
  expect(done).toEqual([1]);
  await clock.advance(1);
  await turn();
  expect(done).toEqual([1, 4]);
  await loop.stop();
});

test('a wake-up during a step is not lost', async () => {
  let looks = 0;
  const { loop } = start(async () => {
    looks += 1;
    await turn();
    if (looks === 1) loop.wake();
    return false;
  });
  await turn();
  await turn();
  expect(looks).toBe(2);
  await loop.stop();
});

test('a step that throws is tried again after a pause that wake-ups do not shorten', async () => {
  let looks = 0;
  const { clock, loop } = start(async () => {
    looks += 1;
    throw new Error('trouble');
  });
  await turn();
  loop.wake();
  await turn();
  expect(looks).toBe(1);
  await clock.advance(1_000);
  await turn();
  expect(looks).toBe(2);
  await loop.stop();
});

test('stopping waits for the step under way and tells it to end', async () => {
  let isEnded = false;
  const { loop } = start(async (signal) => {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    isEnded = true;
    return true;
  });
  await turn();
  await loop.stop();
  expect(isEnded).toBe(true);
});
