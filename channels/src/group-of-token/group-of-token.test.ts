import { type Simulator, startSimulator } from '@soroka/simulator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findGroupOfToken } from './group-of-token.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.stop());
const ask = (network: 'vk' | 'ok', token: string) =>
  findGroupOfToken(network, { baseUrl: `${simulator.url}/${network}`, token, timeoutMs: 5_000 }, AbortSignal.timeout(5_000));

test.each([
  ['vk', 'vk1.demo', '213243638'],
  ['ok', 'tkn18YdUJZe:CQABPOJKAKEKEKEKE', '70000000000001'],
] as const)('%s names the group of a token', async (network, token, groupId) => {
  expect(await ask(network, token)).toEqual({ kind: 'done', result: { groupId, name: expect.stringMatching(/./) } });
});

test.each([
  ['vk', '5'],
  ['ok', '103'],
] as const)('%s does not know a wrong token, and its code is told', async (network, networkCode) => {
  expect(await ask(network, 'wrong:token')).toMatchObject({ kind: 'stopped', networkCode });
});
