import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../world/world.ts';
import { GROUP_TOKEN_IDLE_MS } from './group-tokens.ts';
import { type SimulatedOk, startOk } from './test/start-ok.ts';

let ok: SimulatedOk;
let clock: ManualClock;
beforeAll(async () => {
  clock = createManualClock();
  ok = await startOk(clock);
});
beforeEach(() => ok.world.reset());
afterAll(() => ok[Symbol.asyncDispose]());

const codeOf = async (query = {}) => (await ok.get('me/info', query)).body.error_code;

test('a token that is not used for 30 days dies, and a call on the way keeps it', async () => {
  clock.advance(GROUP_TOKEN_IDLE_MS - 1);
  expect(await codeOf()).toBeUndefined();
  clock.advance(GROUP_TOKEN_IDLE_MS - 1);
  expect(await codeOf()).toBeUndefined();
  clock.advance(GROUP_TOKEN_IDLE_MS);
  expect(await codeOf()).toBe(102);
  expect(await codeOf()).toBe(102); // the refused call has not brought it back
  ok.world.groups.renewToken(ok.group);
  expect(await codeOf()).toBeUndefined();
});

test('making a new token kills the one before', async () => {
  const { token } = ok.group;
  ok.world.groups.renewToken(ok.group);
  expect(await codeOf({ access_token: token })).toBe(103);
  expect(await codeOf()).toBeUndefined();
});

test('no token stands in the log of calls, whichever way it came', async () => {
  await ok.get('me/info');
  await ok.get('me/nothing');
  await ok.get('me/info', { access_token: 'wrong-but-secret' });
  const log = JSON.stringify(ok.world.calls.since(0));
  expect(log).toContain('me/nothing');
  expect(log).not.toContain(ok.group.token);
  expect(log).not.toContain('wrong-but-secret');
});
