import { expect, test } from 'vitest';
import { createManualClock } from './clock.ts';
import { createGroups } from './groups.ts';

test('another token of a group ends the one before, and a reset gives the first one back', () => {
  const groups = createGroups(createManualClock());
  const group = groups.demo('ok');
  const first = group.token;
  const second = groups.renewToken(group);
  expect([groups.byToken('ok', first), groups.byToken('ok', second)]).toEqual([null, group]);
  groups.reset();
  expect([groups.byToken('ok', first), groups.byToken('ok', second)]).toEqual([group, null]);
});

test('a killed token is taken no more, also of groups that exist by themselves, until there is another', () => {
  const groups = createGroups(createManualClock());
  const group = groups.byToken('vk', 'vk1.load.7');
  if (group === null) throw new Error('load groups are made by their token');
  groups.killToken(group);
  expect([groups.byToken('vk', 'vk1.load.7'), groups.isTokenAlive(group)]).toEqual([null, false]);
  const next = groups.renewToken(group);
  expect([groups.byToken('vk', next), groups.isTokenAlive(group)]).toEqual([group, true]);
});
