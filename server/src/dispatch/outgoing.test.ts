import { expect, test } from 'vitest';
import type { Connection } from '../connections/connections.ts';
import { createOutgoing } from './outgoing.ts';

const NOW = Date.UTC(2026, 4, 1);
const DAY_MS = 86_400_000;

/** What the upstream is asked to let a message live that ends at `expiresAt`, in seconds. */
async function ttlOf(expiresAt: number): Promise<number | undefined> {
  const outgoing = createOutgoing({
    templates: { byId: async () => ({ id: 4, name: 'base_template', upstream: {}, intent: null }) as never },
    clock: { now: () => NOW } as never,
  });
  const message = { messageId: 1, accountId: 1, step: 0, templateId: 4, templateDataJson: null, service: 'Group_name' };
  const lane = { laneId: 1, epoch: 1, network: 'vk', groupId: '1' } as const;
  const { notification } = await outgoing({ ...message, expiresAt } as never, lane, {
    kind: 'notify',
    settings: {},
  } as Connection);
  return notification?.ttlSeconds;
}

test('the upstream is told what is left of the lifetime, in whole seconds', async () => {
  expect(await ttlOf(NOW + 90_999)).toBe(90);
});

test('it takes a minute at least and a day at most: a day that another process counted from a clock ahead of ours is a day', async () => {
  expect(await ttlOf(NOW + 1_000)).toBe(60);
  expect(await ttlOf(NOW + DAY_MS + 5_000)).toBe(86_400);
});
