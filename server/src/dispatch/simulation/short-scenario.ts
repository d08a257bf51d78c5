import type { NewStep } from '../contract.ts';
import { NO_FAULTS } from './faults.ts';
import {
  createSenders,
  type Scenario,
  type SimulatedConnection,
  type SimulatedGroup,
  type SimulatedItem,
  type SimulatedPerson,
  type SimulatedRequest,
  type SimulatedRoute,
} from './scenario.ts';

const ACCOUNT_ID = 1;
const SETTINGS = { messagesPerSecond: 3 };

const groupOf = (network: 'vk' | 'ok', laneId: number): SimulatedGroup => ({
  ...{ laneId, network, groupId: `${network}-${laneId}` },
  community: { id: 9 + laneId, accountId: ACCOUNT_ID, kind: network, settings: SETTINGS, dropsRepeats: network === 'vk' },
});

/**
 * Two processes, six messages by two routes in three requests, nothing goes wrong: every point of it is tried as the place of a
 * crash.
 */
export function shortScenario(): Scenario {
  const [vk, ok] = [groupOf('vk', 1), groupOf('ok', 2)];
  const upstream: SimulatedConnection = { id: 1, accountId: ACCOUNT_ID, kind: 'notify', settings: SETTINGS, dropsRepeats: false };
  const person: SimulatedPerson = { phone: '79990000000', userIds: { vk: '1000', ok: '1000' } };
  const senderOf = createSenders([upstream]);
  const on = (group: SimulatedGroup, provider: SimulatedRoute['provider']): SimulatedRoute => ({ group, provider });
  const plans: { routes: SimulatedRoute[]; templateId: 4 | 5; steps?: NewStep[] }[] = [
    { routes: [on(vk, 'community'), on(ok, 'community')], templateId: 4 },
    { routes: [on(vk, 'notify')], templateId: 4 },
    { routes: [on(ok, 'community')], templateId: 5 },
    { routes: [on(ok, 'notify'), on(vk, 'notify')], templateId: 5 },
    { routes: [on(ok, 'community'), on(vk, 'community')], templateId: 4 },
    {
      ...{ routes: [on(vk, 'notify'), on(ok, 'notify')], templateId: 4 },
      steps: [{ route: 'VK', timeoutSeconds: 2, success: 'READ' }, { route: 'OK' }],
    },
  ];
  const items = plans.map(
    ({ routes, templateId, steps }, index): SimulatedItem => ({
      ...{ text: `text ${index + 1}`, person, sender: senderOf(ACCOUNT_ID, routes), templateId, ttlSeconds: 5 },
      ...(steps === undefined ? { routes: routes.map(({ group }) => (group.network === 'vk' ? 'VK' : 'OK')) } : { steps }),
      ...(index === 0 ? { clientMessageId: 'first' } : {}),
    }),
  );
  const request = (askedAtMs: number, from: number, to: number, key: string | null): SimulatedRequest => ({
    ...{ name: `request ${askedAtMs}`, accountId: ACCOUNT_ID, askedAtMs, key, items: items.slice(from, to) },
  });
  return {
    ...{
      processes: 2,
      quietAccountId: null,
      leaseMs: 1_500,
      sendTimeoutMs: 1_000,
      faultsEndMs: 1_500,
      faults: NO_FAULTS,
      keyMemoryMs: 60_000,
    },
    ...{ groups: [vk, ok], connections: [upstream, vk.community, ok.community] },
    requests: [request(20, 0, 1, null), request(40, 1, 4, 'key'), request(60, 4, 6, 'another')],
    ...{ replies: [], wishes: [], night: null, templateGone: null },
  };
}
