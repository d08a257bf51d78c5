import type { ConnectionSettings, Sender } from '../../connections/connections.ts';
import type { NewStep } from '../contract.ts';
import { drawFaults } from './faults.ts';
import {
  AT_NOON,
  createSenders,
  DAY_MS,
  FROM_MIDNIGHT,
  FROM_MIDNIGHT_OF_FRIDAY,
  FROM_THEIR_MIDNIGHT,
  MIDNIGHT_AT_MS,
  NOBODY,
  type Scenario,
  type SimulatedConnection,
  type SimulatedGroup,
  type SimulatedItem,
  type SimulatedPerson,
  type SimulatedReply,
  type SimulatedRequest,
  type SimulatedRoute,
  type SimulatedWish,
  UNAPPROVED_TEMPLATE,
  UNFILLED_TEMPLATE,
} from './scenario.ts';
import { createSeededRandom, type SeededRandom } from './seeded-random.ts';

const RATES = [2, 5, 10, 50] as const;
/** The highest rate is what holds where nothing is set. */
const settingsOf = (rate: number): ConnectionSettings => (rate === 50 ? {} : { messagesPerSecond: rate });
const LONGER_THAN_ANY_NETWORK_TAKES = 10_000;

interface World {
  random: SeededRandom;
  groups: readonly SimulatedGroup[];
  people: readonly SimulatedPerson[];
  accounts: number;
  quietAccountId: Scenario['quietAccountId'];
  senderOf(accountId: number, routes: readonly SimulatedRoute[]): Sender;
  faultsEndMs: number;
  night: Scenario['night'];
}

/** The scenario of a seed: always the same one. */
export function drawScenario(seed: number): Scenario {
  const random = createSeededRandom(seed);
  const size = random.fraction();
  const count = size < 0.75 ? random.integer(3, 24) : size < 0.97 ? random.integer(25, 90) : random.integer(100, 240);
  const eveningMs = random.integer(3_000, 9_000);
  // Mornings come before and after the places of the evening are free again.
  const night = random.chance(0.15) ? { atMs: eveningMs, forMs: DAY_MS + random.integer(-15_000, 10_000) } : null;
  const faultsEndMs = night === null ? eveningMs : eveningMs + night.forMs + random.integer(5_000, 20_000);
  const rate = random.pick(RATES);
  const accounts = random.chance(0.5) ? 1 : random.integer(2, 3);
  const groups = drawGroups(random, size < 0.75 ? random.integer(1, 2) : random.integer(1, 4), accounts, rate);
  const dropsRepeats = random.chance(0.5);
  const upstreams = Array.from({ length: accounts }, (_, index): SimulatedConnection => {
    return { id: 1 + index, accountId: 1 + index, kind: 'notify', settings: settingsOf(rate), dropsRepeats };
  });
  const people = drawPeople(random, random.integer(1, Math.max(2, Math.ceil(count / 2))));
  const senderOf = createSenders(upstreams, () => (random.chance(0.1) ? random.integer(1, 6) : null));
  const quietAccountId = random.chance(0.1) ? random.integer(1, accounts) : null;
  const world: World = { random, groups, people, accounts, quietAccountId, senderOf, faultsEndMs, night };
  const { requests, replies } = drawMessages(world, count);
  return {
    processes: random.integer(1, 3),
    quietAccountId,
    leaseMs: random.pick([1_500, 2_000, 3_000]),
    sendTimeoutMs: random.pick([1_000, 2_500]),
    night,
    templateGone: random.chance(0.1) ? { id: 5, fromMs: random.between(0, eveningMs), forMs: random.between(500, 4_000) } : null,
    faultsEndMs,
    faults: drawFaults(random),
    keyMemoryMs: random.pick([60_000, 3_600_000]),
    groups,
    connections: [...upstreams, ...groups.map(({ community }) => community)],
    requests,
    replies,
    wishes: drawWishes(world, requests),
  };
}

function drawGroups(random: SeededRandom, count: number, accounts: number, messagesPerSecond: number): SimulatedGroup[] {
  return Array.from({ length: count }, (_, index): SimulatedGroup => {
    const network = index % 2 === 0 ? 'vk' : 'ok';
    const settings = {
      ...settingsOf(messagesPerSecond),
      ...(random.chance(0.2) ? { perDayMode: 'wait' as const } : {}),
      ...(random.chance(0.1) ? { perDay: random.integer(1, 4) } : {}),
    };
    const accountId = random.integer(1, accounts);
    const community = { id: 10 + index, accountId, kind: network, settings, dropsRepeats: network === 'vk' } as const;
    return { laneId: 1 + index, network, groupId: `${network}-${index + 1}`, community };
  });
}

/** Some people have two phones, and of some we know no id. */
function drawPeople(random: SeededRandom, count: number): SimulatedPerson[] {
  return Array.from({ length: count }, (_, index) => {
    const user = random.chance(0.2) ? index - 1 : index;
    const id = String(1_000 + Math.max(0, user));
    return {
      phone: `7999${String(index).padStart(7, '0')}`,
      userIds: { ...(random.chance(0.85) ? { vk: id } : {}), ...(random.chance(0.85) ? { ok: id } : {}) },
    };
  });
}

// A few people get most of it, so that their day fills up.
const somebody = ({ random, people }: World): SimulatedPerson =>
  random.chance(0.5) ? (people[0] as SimulatedPerson) : random.pick(people);

/** While there are faults and it is not night. */
function someMoment({ random, faultsEndMs, night }: World): number {
  if (night === null) return random.chance(0.5) ? random.between(0, 1_500) : random.between(0, faultsEndMs);
  return random.chance(0.4) ? random.between(0, night.atMs) : random.between(night.atMs + night.forMs, faultsEndMs);
}

function drawMessages(world: World, count: number): { requests: SimulatedRequest[]; replies: SimulatedReply[] } {
  const { random, groups } = world;
  const requests: SimulatedRequest[] = [];
  const replies: SimulatedReply[] = [];
  for (let left = count; left > 0; ) {
    if (random.chance(0.1)) {
      const text = `text ${left}`.padEnd(random.chance(0.05) ? LONGER_THAN_ANY_NETWORK_TAKES : 0, '.');
      replies.push({ atMs: someMoment(world), group: random.pick(groups), person: somebody(world), text });
      left -= 1;
      continue;
    }
    const many = Math.min(left, random.chance(0.6) ? 1 : random.integer(2, 6));
    const accountId = random.integer(1, world.accounts);
    const namesItems = random.chance(0.3);
    const name = `request ${requests.length + 1}`;
    const askedAtMs = someMoment(world);
    const items = Array.from({ length: many }, (_, index) =>
      drawItem(world, { accountId, askedAtMs, text: `text ${left - index}`, isNamed: namesItems }),
    );
    requests.push({ name, accountId, askedAtMs, key: random.chance(0.6) ? name : null, items });
    left -= many;
  }
  return { requests, replies };
}

function drawItem(
  world: World,
  { accountId, askedAtMs, text, isNamed }: { accountId: number; askedAtMs: number; text: string; isNamed: boolean },
): SimulatedItem {
  const { random, groups, senderOf, night } = world;
  const chosen = random.pick(groups);
  const other = groups.find(({ network }) => network !== chosen.network);
  const on = (group: SimulatedGroup): SimulatedRoute => ({
    group,
    provider: group.community.accountId === accountId && random.chance(0.6) ? 'community' : 'notify',
  });
  const first = on(chosen);
  const routes = other === undefined || random.chance(0.4) ? [first] : [first, on(other)];
  const names = routes.map(({ group }) => (group.network === 'vk' ? 'VK' : 'OK'));
  const isTimed = routes.length > 1 && random.chance(0.3) && (first.provider === 'notify' || chosen.network === 'vk');
  const steps = isTimed ? timedSteps(random, names, first.provider) : undefined;
  const isBound = random.chance(0.05);
  const waits = isBound || accountId === world.quietAccountId;
  const sendInMs = random.chance(0.1) ? random.integer(500, 4_000) : 0;
  const sleepsOverMs = night !== null && askedAtMs < night.atMs && random.chance(0.3) ? night.atMs + night.forMs - askedAtMs : 0;
  const ttlSeconds =
    Math.ceil(sleepsOverMs / 1_000) +
    (waits ? MIDNIGHT_AT_MS / 1_000 + random.integer(2, 6) : Math.ceil(sendInMs / 1_000) + random.integer(2, 12));
  const item: SimulatedItem = {
    ...{ text, person: somebody(world), sender: senderOf(accountId, routes), templateId: random.chance(0.7) ? 4 : 5, ttlSeconds },
    ...(steps === undefined ? { routes: names } : { steps }),
    ...(isBound ? { windows: random.pick(BOUND) } : {}),
    ...(random.chance(0.2) ? { isNamedTemplate: true } : {}),
    ...(random.chance(0.04) ? { deliveryPolicy: 'verified_phone_number' } : {}),
    ...(sendInMs === 0 ? {} : { sendInMs }),
    ...(isNamed ? { clientMessageId: text } : {}),
    ...(random.chance(0.5) ? { class: random.pick(['transactional', 'broadcast'] as const) } : {}),
  };
  return random.chance(0.04) ? { ...item, ...random.pick(IMPOSSIBLE)(item), isImpossible: true } : item;
}

const BOUND: readonly NonNullable<SimulatedItem['windows']>[] = [
  [FROM_MIDNIGHT],
  [FROM_THEIR_MIDNIGHT],
  [AT_NOON, FROM_MIDNIGHT_OF_FRIDAY],
];

/** What acceptance has to refuse. */
const IMPOSSIBLE: readonly ((item: SimulatedItem) => Partial<SimulatedItem>)[] = [
  () => ({ templateId: 9 }),
  () => ({ templateId: UNAPPROVED_TEMPLATE }),
  () => ({ templateId: UNFILLED_TEMPLATE }),
  ({ sender }) => ({ sender: { ...sender, name: NOBODY } }),
  ({ sender }) => ({ sender: { ...sender, name: `${sender.name}, strict`, forbiddenPatterns: ['casino', 'TEXT [0-9]+$'] } }),
  ({ sender }) => ({ sender: { ...sender, name: `${sender.name}, without routes`, routes: [] } }),
  ({ sender }) => ({
    sender: {
      ...sender,
      name: `${sender.name}, by groups`,
      routes: sender.routes.map((route) => ({ ...route, provider: 'community' })),
    },
    steps: sender.routes.map(({ route }) => ({ route, timeoutSeconds: 2, success: 'DELIVERED' })), // no group hears of that
  }),
  ({ text }) => ({ text: text.padEnd(2_049, '.') }),
  ({ person }) => ({ person: { ...person, phone: person.phone.replace('7999', '7998'), optedOut: true } }),
  ({ ttlSeconds }) => ({ sendInMs: 1_000 * ttlSeconds + 60_000 }),
  () => ({ windows: [AT_NOON], ttlSeconds: 60 }),
  () => ({ routes: [], steps: [] }),
];

function timedSteps(random: SeededRandom, names: readonly NewStep['route'][], provider: SimulatedRoute['provider']): NewStep[] {
  const isUnsaid = provider === 'notify' && random.chance(0.3);
  const success = provider === 'notify' && random.chance(0.5) ? 'DELIVERED' : 'READ';
  return names.map((route, index) =>
    index === 0 ? { route, timeoutSeconds: random.integer(1, 6), ...(isUnsaid ? {} : { success }) } : { route },
  );
}

function drawWishes(world: World, requests: readonly SimulatedRequest[]): SimulatedWish[] {
  const { random } = world;
  const wishes: SimulatedWish[] = [];
  const paused = new Set<number>(); // ids, each once, so that the end of one pause is not the end of another
  for (const request of requests) {
    const atMs = request.askedAtMs + random.between(0, 3_000);
    if (random.chance(0.05)) wishes.push({ what: 'read', atMs, request });
    if (random.chance(0.1)) wishes.push({ what: 'cancel', atMs, request, by: random.pick(['ids', 'one', 'key', 'phone']) });
    const sender = request.items[0]?.sender;
    if (sender === undefined || paused.has(sender.id) || !random.chance(0.04)) continue;
    paused.add(sender.id);
    wishes.push({ what: 'pause', atMs: someMoment(world), forMs: random.between(200, 6_000), sender });
  }
  return wishes;
}
