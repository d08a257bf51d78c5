import type { ConnectionSettings } from '../../connections/connections.ts';
import type { StepPlan } from '../plan.ts';
import { drawFaults, type FaultRates, NO_FAULTS } from './faults.ts';
import { createSeededRandom, type SeededRandom } from './seeded-random.ts';

export interface SimulatedConnection {
  id: number;
  kind: 'vk' | 'ok' | 'notify';
  settings: ConnectionSettings;
  dropsRepeats: boolean;
}

export interface SimulatedGroup {
  laneId: number;
  network: 'vk' | 'ok';
  groupId: string;
  community: SimulatedConnection;
}

export interface SimulatedPerson {
  phone: string;
  /** The network's ids as our contacts know them; absent: unknown to us. */
  userIds: { vk?: string; ok?: string };
}

export interface SimulatedMessage {
  acceptedAtMs: number;
  kind: 'notification' | 'reply';
  person: SimulatedPerson;
  steps: readonly StepPlan[];
  /** After the acceptance. */
  dueInMs: number;
  ttlMs: number;
}

/** One run: who is there, what is sent, and what goes wrong. */
export interface Scenario {
  processes: number;
  leaseMs: number;
  sendTimeoutMs: number;
  /** Faults end here; then everything has to come to its end. */
  faultsEndMs: number;
  faults: FaultRates;
  /** How long a network knows a key. */
  keyMemoryMs: number;
  groups: readonly SimulatedGroup[];
  upstream: SimulatedConnection;
  messages: readonly SimulatedMessage[];
}

const RATES = [2, 5, 10, 50] as const;
const UPSTREAM_ID = 1;

export function drawScenario(seed: number): Scenario {
  const random = createSeededRandom(seed);
  const size = random.fraction();
  const count = size < 0.75 ? random.integer(3, 24) : size < 0.97 ? random.integer(25, 90) : random.integer(100, 240);
  const faultsEndMs = random.integer(3_000, 9_000);
  const rate = random.pick(RATES);
  const groups = drawGroups(random, size < 0.75 ? random.integer(1, 2) : random.integer(1, 4), rate);
  const upstream: SimulatedConnection = {
    ...{ id: UPSTREAM_ID, kind: 'notify', settings: { messagesPerSecond: rate } },
    dropsRepeats: random.chance(0.5),
  };
  const people = drawPeople(random, random.integer(1, Math.max(2, Math.ceil(count / 2))));
  return {
    processes: random.integer(1, 3),
    leaseMs: random.pick([1_500, 2_000, 3_000]),
    sendTimeoutMs: random.pick([1_000, 2_500]),
    faultsEndMs,
    faults: drawFaults(random),
    keyMemoryMs: random.pick([60_000, 3_600_000]),
    groups,
    upstream,
    messages: Array.from({ length: count }, () => drawMessage(random, groups, upstream, people, faultsEndMs)).sort(
      (a, b) => a.acceptedAtMs - b.acceptedAtMs,
    ),
  };
}

function drawGroups(random: SeededRandom, count: number, messagesPerSecond: number): SimulatedGroup[] {
  return Array.from({ length: count }, (_, index): SimulatedGroup => {
    const network = index % 2 === 0 ? 'vk' : 'ok';
    const settings = { messagesPerSecond, ...(random.chance(0.2) ? { perDayMode: 'wait' as const } : {}) };
    const community = { id: 10 + index, kind: network, settings, dropsRepeats: network === 'vk' } as const;
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

function drawMessage(
  random: SeededRandom,
  groups: readonly SimulatedGroup[],
  upstream: SimulatedConnection,
  people: readonly SimulatedPerson[],
  faultsEndMs: number,
): SimulatedMessage {
  const onUnknown = random.chance(0.7) ? 'resend' : 'stop';
  const step = (group: SimulatedGroup, provider: StepPlan['provider']): StepPlan => ({
    ...{ route: group.network === 'vk' ? 'VK' : 'OK', provider, laneId: group.laneId, groupId: group.groupId, onUnknown },
    connectionId: provider === 'notify' ? upstream.id : group.community.id,
  });
  // A few people get most of it, so that their day fills up.
  const person = random.chance(0.5) ? (people[0] as SimulatedPerson) : random.pick(people);
  const acceptedAtMs = random.chance(0.5) ? random.between(0, 1_500) : random.between(0, faultsEndMs);
  const isReply = random.chance(0.1);
  const chosen = random.pick(groups);
  if (isReply)
    return {
      acceptedAtMs,
      kind: 'reply',
      person,
      steps: [step(chosen, 'community')],
      dueInMs: 0,
      ttlMs: random.integer(5_000, 12_000),
    };
  const provider = random.chance(0.5) ? 'notify' : 'community';
  const other = groups.find(({ network }) => network !== chosen.network);
  const first = step(chosen, provider);
  const timed = random.chance(0.3) && (provider === 'notify' || chosen.network === 'vk');
  const success = provider === 'notify' ? (random.chance(0.5) ? 'DELIVERED' : 'READ') : 'READ';
  const steps =
    other === undefined || random.chance(0.4)
      ? [first]
      : [timed ? ({ ...first, timeoutSeconds: random.integer(1, 6), success } as const) : first, step(other, provider)];
  const dueInMs = random.chance(0.1) ? random.integer(500, 4_000) : 0;
  return { acceptedAtMs, kind: 'notification', person, steps, dueInMs, ttlMs: dueInMs + random.integer(2_000, 12_000) };
}

/** Two processes, six messages by two routes, nothing goes wrong: every point of it is tried as the place of a crash. */
export function shortScenario(): Scenario {
  const random = createSeededRandom(1);
  const groups = drawGroups(random, 2, 3);
  const upstream: SimulatedConnection = { id: UPSTREAM_ID, kind: 'notify', settings: {}, dropsRepeats: false };
  const person: SimulatedPerson = { phone: '79990000000', userIds: { vk: '1000', ok: '1000' } };
  const [vk, ok] = groups as [SimulatedGroup, SimulatedGroup];
  const on = (group: SimulatedGroup, provider: StepPlan['provider'], onUnknown: StepPlan['onUnknown']): StepPlan => ({
    ...{ route: group.network === 'vk' ? 'VK' : 'OK', provider, laneId: group.laneId, groupId: group.groupId, onUnknown },
    connectionId: provider === 'notify' ? upstream.id : group.community.id,
  });
  const plans: (readonly StepPlan[])[] = [
    [on(vk, 'community', 'resend'), on(ok, 'community', 'resend')],
    [on(vk, 'notify', 'resend')],
    [on(ok, 'community', 'stop')],
    [on(ok, 'notify', 'stop'), on(vk, 'notify', 'stop')],
    [on(ok, 'community', 'resend'), on(vk, 'community', 'resend')],
    [{ ...on(vk, 'notify', 'resend'), timeoutSeconds: 2, success: 'READ' }, on(ok, 'notify', 'resend')],
  ];
  return {
    ...{ processes: 2, leaseMs: 1_500, sendTimeoutMs: 1_000, faultsEndMs: 1_500, faults: NO_FAULTS, keyMemoryMs: 60_000 },
    ...{ groups, upstream },
    messages: plans.map((steps, index) => ({
      ...{ acceptedAtMs: 20 * index, kind: 'notification', person, steps, dueInMs: 0, ttlMs: 5_000 },
    })),
  };
}
