import type { MessageClass } from '../classes.ts';
import { NO_FAULTS } from './faults.ts';
import { createSenders, type Scenario, type SimulatedConnection, type SimulatedItem, type SimulatedRequest } from './scenario.ts';
import { createSeededRandom } from './seeded-random.ts';

/** When one notification left for its group. */
export interface Departure {
  accountId: number;
  class: MessageClass;
  askedAtMs: number;
  atMs: number;
}

const WINDOW_MS = 10_000;
const SHARE_MIN = 0.9;
const TRANSACTIONAL_WAIT_MAX_MS = 2_000;
const BACKLOG_EACH = 700;
const ITEMS_PER_REQUEST = 100;
const URGENT_EVERY_MS = 1_000;

/**
 * So many accounts fill one group with broadcasts, one after the other and each more than 10 s of it; meanwhile the first account
 * gives a transactional message each second.
 */
export function crowdedScenario(seed: number, accounts: number): Scenario {
  const random = createSeededRandom(seed);
  const settings = { messagesPerSecond: 50 };
  const upstreams = Array.from({ length: accounts }, (_, index): SimulatedConnection => {
    return { id: 1 + index, accountId: 1 + index, kind: 'notify', settings, dropsRepeats: false };
  });
  const community: SimulatedConnection = { id: 10, accountId: 1, kind: 'vk', settings, dropsRepeats: true };
  const group = { laneId: 1, network: 'vk', groupId: 'vk-1', community } as const;
  const senderOf = createSenders(upstreams);
  let people = 0;
  const item = (accountId: number, ownClass: MessageClass): SimulatedItem => {
    people += 1;
    const person = { phone: `7999${String(people).padStart(7, '0')}`, userIds: {} };
    const sender = senderOf(accountId, [{ group, provider: 'notify' }]);
    return { text: `text ${people}`, person, sender, templateId: 4, routes: ['VK'], ttlSeconds: 100, class: ownClass };
  };
  const requests: SimulatedRequest[] = [];
  const ask = (askedAtMs: number, accountId: number, count: number, ownClass: MessageClass): void => {
    const name = `request ${requests.length + 1}`;
    requests.push({
      name,
      accountId,
      askedAtMs,
      key: name,
      items: Array.from({ length: count }, () => item(accountId, ownClass)),
    });
  };
  for (let accountId = 1; accountId <= accounts; accountId += 1)
    for (let left = BACKLOG_EACH; left > 0; left -= ITEMS_PER_REQUEST)
      ask(accountId * 100 + random.between(0, 90), accountId, Math.min(left, ITEMS_PER_REQUEST), 'broadcast');
  for (let atMs = 2_000; atMs < 12_000; atMs += URGENT_EVERY_MS) ask(atMs + random.between(0, 500), 1, 1, 'transactional');
  return {
    ...{
      processes: 2,
      quietAccountId: null,
      leaseMs: 3_000,
      sendTimeoutMs: 2_500,
      faultsEndMs: 15_000,
      faults: NO_FAULTS,
      keyMemoryMs: 60_000,
    },
    ...{
      groups: [group],
      connections: [...upstreams, community],
      requests,
      replies: [],
      wishes: [],
      night: null,
      templateGone: null,
    },
  };
}

/** Q1 (reliability 2.1): who got less than its share of 10 s in which all had more to send, and which urgent message waited too long. */
export function unfairness(departures: readonly Departure[], accounts: number): readonly string[] {
  const broken: string[] = [];
  const timesOf = Array.from({ length: accounts }, (_, index) =>
    departures.filter(({ accountId }) => accountId === index + 1).map(({ atMs }) => atMs),
  );
  const begin = Math.max(...timesOf.map((times) => times[0] ?? Number.POSITIVE_INFINITY));
  const end = Math.min(...timesOf.map((times) => times.at(-1) ?? 0));
  for (let from = begin; from + WINDOW_MS <= end; from += 500) {
    const counts = timesOf.map((times) => times.filter((at) => at >= from && at < from + WINDOW_MS).length);
    const fair = (SHARE_MIN * counts.reduce((sum, count) => sum + count, 0)) / accounts;
    for (const [index, count] of counts.entries())
      if (count < fair)
        broken.push(`Q1: account ${index + 1} gets ${count} of ${counts.join(' + ')} from ${Math.round(from)} ms on`);
  }
  if (end - begin < WINDOW_MS) broken.push(`Q1: all waited together for ${Math.round(end - begin)} ms only`);
  for (const { class: ownClass, askedAtMs, atMs } of departures)
    if (ownClass === 'transactional' && atMs - askedAtMs > TRANSACTIONAL_WAIT_MAX_MS)
      broken.push(`Q1: a transactional message waits ${Math.round(atMs - askedAtMs)} ms behind broadcasts`);
  return broken;
}
