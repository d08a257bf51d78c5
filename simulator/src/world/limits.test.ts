import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createManualClock, createWorld } from './world.ts';

function town() {
  const clock = createManualClock();
  const world = createWorld({ clock, seed: 1 });
  return { clock, world, group: world.groups.demo('vk') };
}

test('the 51st notification within a second is refused and recorded, one exactly a second later is taken', () => {
  const { clock, world, group } = town();
  for (let n = 1; n <= 50; n += 1) expect(world.limits.takeNotification(group, world.instant())).toBe(true);
  clock.advance(999);
  const brokenAt = clock.now();
  expect(world.limits.takeNotification(group, world.instant())).toBe(false);
  expect(world.limits.violations()).toEqual([
    { kind: 'notifications_per_second', network: 'vk', group: '213243638', phone: null, time: brokenAt, count: 51 },
  ]);
  clock.advance(1);
  expect(world.limits.takeNotification(group, world.instant())).toBe(true);
});

test('refusals of one second are one violation that counts them', () => {
  const { clock, world, group } = town();
  for (let n = 1; n <= 80; n += 1) {
    world.limits.takeNotification(group, world.instant());
    clock.advance(1);
  }
  expect(world.limits.violations()).toMatchObject([{ count: 80 }]);
});

test('no second ever holds more than 50 taken notifications, whatever the arrivals', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 100, maxLength: 400 }), (gapsMs) => {
      const { clock, world, group } = town();
      const taken: number[] = [];
      for (const gapMs of gapsMs) {
        clock.advance(gapMs);
        if (world.limits.takeNotification(group, world.instant())) taken.push(clock.monotonic());
      }
      const fiftyFirst = taken.slice(50).map((time, index) => time - (taken[index] ?? Number.NaN));
      expect(fiftyFirst.every((distanceMs) => distanceMs >= 1_000)).toBe(true);
    }),
  );
});

test('a token has 20 calls a second, groups do not share them', () => {
  const { world, group } = town();
  const calls = Array.from({ length: 21 }, () => world.limits.takeCall(group, world.instant()));
  expect(calls.lastIndexOf(true)).toBe(19);
  const other = world.groups.byToken('vk', 'vk1.load.3');
  expect(other?.id).toBe('300000003');
  expect(other !== null && world.limits.takeCall(other, world.instant())).toBe(true);
});

test('a person gets five notifications of a group in any 24 hours, not in a calendar day', () => {
  const { clock, world, group } = town();
  const take = () => world.limits.takeDaily(group, '79999999999', world.instant());
  const hourMs = 3_600_000;
  for (let n = 1; n <= 5; n += 1) {
    expect(take()).toBe(true);
    clock.advance(hourMs);
  }
  clock.advance(18 * hourMs);
  expect(take()).toBe(false);
  expect(world.limits.violations()).toMatchObject([{ kind: 'notifications_per_day', phone: '79999999999', count: 6 }]);
  clock.advance(hourMs);
  expect(take()).toBe(true);
});

test('a limit set to null refuses nothing', () => {
  const { world, group } = town();
  world.limits.set({ notificationsPerSecond: null });
  expect(Array.from({ length: 500 }, () => world.limits.takeNotification(group, world.instant()))).not.toContain(false);
});
