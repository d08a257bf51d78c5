import { expect, test } from 'vitest';
import { createManualClock, createWorld, type World } from './world.ts';

function setUp() {
  const clock = createManualClock();
  const world = createWorld({ clock, seed: 1 });
  const group = world.groups.demo('vk');
  const find = (phone: string) => {
    const person = world.people.byPhone(phone);
    if (person === null) throw new Error(`nobody has the phone ${phone}`);
    return person;
  };
  return { clock, world, group, find };
}
const texts = (world: World, person: Parameters<World['inbox']>[0]) => world.inbox(person).map(({ text }) => text);

test('what is sent to whom went offline waits, and reaches them when they come back', () => {
  const { clock, world, group, find } = setUp();
  const dina = find('79990000004');
  world.setOnline(dina, false);
  world.send(group, dina, { text: 'one', kind: 'message' });
  clock.advance(60_000);
  expect(texts(world, dina)).toEqual([]);
  world.setOnline(dina, true);
  clock.advance(1_000);
  expect(texts(world, dina)).toEqual(['one']);
});

test('who is never online gets what waits once they are, unless its ttl is over', () => {
  const { clock, world, group, find } = setUp();
  const gleb = find('79990000003');
  world.send(group, gleb, { text: 'short', kind: 'notification', ttlMs: 60_000 });
  world.send(group, gleb, { text: 'long', kind: 'notification', ttlMs: 120_000 });
  clock.advance(60_000);
  world.setOnline(gleb, true);
  clock.advance(120_000);
  expect(world.inbox(gleb)).toMatchObject([
    { text: 'short', status: 'expired' },
    { text: 'long', status: 'received' },
  ]);
});

test('who goes offline before a message arrives does not get it', () => {
  const { clock, world, group, find } = setUp();
  const dina = find('79990000004');
  world.send(group, dina, { text: 'one', kind: 'message' });
  world.setOnline(dina, false);
  clock.advance(1_000);
  expect(texts(world, dina)).toEqual([]);
});

test('an answer carries the tag of the notification that it is written under, whatever came after it', () => {
  const { clock, world, group, find } = setUp();
  const dina = find('79990000004');
  world.send(group, dina, { text: 'ready', kind: 'notification', tag: '7' });
  world.send(group, dina, { text: 'hello', kind: 'message' });
  clock.advance(1_000);
  const tagOf = (under?: 'notifications' | 'dialog') => {
    const said = world.say(group, dina, 'thanks', under === undefined ? {} : { under });
    return said.ok ? said.result.tag : said.reason;
  };
  expect([tagOf('notifications'), tagOf('dialog'), tagOf()]).toEqual(['7', null, null]);
});
