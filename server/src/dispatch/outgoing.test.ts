import { expect, test } from 'vitest';
import { createManualClock } from '../../test/manual-clock.ts';
import type { Connection } from '../connections/connections.ts';
import type { SentAs } from '../templates/templates.ts';
import type { ClaimedMessage } from './claim.ts';
import { createOutgoing } from './outgoing.ts';

const clock = createManualClock();
const NOW = clock.now();
const DAY_MS = 86_400_000;

const TEMPLATE: SentAs = { id: 4, name: 'base_template', upstream: {}, intent: null };
const UPSTREAM: Connection = {
  ...{ id: 3, accountId: 1, kind: 'notify', groupId: null, baseUrl: 'http://127.0.0.1:9', receive: 'off', settings: {} },
  pausedReason: null,
};
const MESSAGE: Omit<ClaimedMessage, 'expiresAt'> = {
  ...{ messageId: 1, accountId: 1, kind: 'notification', step: 0, attempt: 1, recipientId: '79999999999', text: 'Здравствуйте' },
  ...{
    keyboard: null,
    replyContent: null,
    templateId: 4,
    templateVersion: 1,
    templateDataJson: null,
    service: 'Group_name',
    deliveryPolicy: 'any',
    intent: null,
  },
};

/** What the upstream is asked to let a message live that ends at `expiresAt`, in seconds. */
async function ttlOf(expiresAt: number): Promise<number | undefined> {
  const outgoing = createOutgoing({ templates: { sentAs: async () => TEMPLATE }, clock });
  const lane = { laneId: 1, epoch: 1, network: 'vk', groupId: '1' } as const;
  return (await outgoing({ ...MESSAGE, expiresAt }, lane, UPSTREAM)).notification?.ttlSeconds;
}

test('the upstream is told what is left of the lifetime, in whole seconds', async () => {
  expect(await ttlOf(NOW + 90_999)).toBe(90);
});

test('it takes a minute at least and a day at most: a day that another process counted from a clock ahead of ours is a day', async () => {
  expect(await ttlOf(NOW + 1_000)).toBe(60);
  expect(await ttlOf(NOW + DAY_MS + 5_000)).toBe(86_400);
});
