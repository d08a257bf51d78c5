import type { Clock } from './clock.ts';

export type Network = 'vk' | 'ok';
export const NETWORKS: readonly Network[] = ['vk', 'ok'];

/** One community on one network. */
export interface Group {
  readonly network: Network;
  /** Digits, without OK's `group:`. */
  readonly id: string;
  readonly name: string;
  /** VK community token, or OK Graph token: the one in force. */
  token: string;
  /** The name the notify upstream knows it by; one name stands for a VK and an OK group. */
  readonly service: string;
}

/** The demo world's groups (issue "The demo world": documents, tests and other parts use these numbers). */
export const DEMO_SERVICE = 'Group_name';
const DEMO_GROUPS: readonly Group[] = [
  { network: 'vk', id: '213243638', name: 'Пиццерия «Сорока»', token: 'vk1.demo', service: DEMO_SERVICE },
  {
    network: 'ok',
    id: '70000000000001',
    name: 'Пиццерия «Сорока»',
    token: 'tkn18YdUJZe:CQABPOJKAKEKEKEKE',
    service: DEMO_SERVICE,
  },
];

// Groups for load exist by themselves: n is in their service, in their ids and in their tokens.
const LOAD_GROUPS_MAX = 10_000;
const LOAD_FIRST_ID = { vk: 300_000_000, ok: 71_000_000_000_000 } as const;

function loadGroup(network: Network, n: number): Group | null {
  if (!Number.isInteger(n) || n < 0 || n >= LOAD_GROUPS_MAX) return null;
  const token = network === 'vk' ? `vk1.load.${n}` : `load${n}:TOKEN`;
  return { network, id: String(LOAD_FIRST_ID[network] + n), name: `Load ${n}`, token, service: `Load_${n}` };
}

/**
 * The communities of the world. Besides the demo's there are 10,000 for load: service `Load_<n>`, VK group 300000000+n with
 * token `vk1.load.<n>`, OK group 71000000000000+n with token `load<n>:TOKEN`. They come into being when first asked for.
 */
export interface Groups {
  byId(network: Network, id: string): Group | null;
  byToken(network: Network, token: string): Group | null;
  byService(network: Network, service: string): Group | null;
  /** Gives the group another token; the one before is dead from then on (contracts/ok.md 2.4). */
  renewToken(group: Group): string;
  /** The group's token is taken no more, until it gets another. */
  killToken(group: Group): void;
  isTokenAlive(group: Group): boolean;
  /** Wall time when the token in force was made, ms; null where it is the group's first. */
  tokenMadeAt(group: Group): number | null;
  /** The demo's group, where a person says something without naming a group. */
  demo(network: Network): Group;
  /** Every group has its first token again. */
  reset(): void;
}

export function createGroups(clock: Clock): Groups {
  const known = new Map<string, Group>();
  const firstTokens = new Map<Group, string>();
  const madeAt = new Map<Group, number>();
  const dead = new Set<string>();
  // Goes on growing over resets: a token that died stays dead for who kept it.
  let renewals = 0;
  const deadKey = (group: Group): string => `${group.network} ${group.token}`;
  const remember = (group: Group): Group => {
    known.set(`${group.network} id ${group.id}`, group);
    known.set(`${group.network} token ${group.token}`, group);
    known.set(`${group.network} service ${group.service}`, group);
    return group;
  };
  for (const group of DEMO_GROUPS.map((demo) => ({ ...demo }))) remember(group);

  const find = (network: Network, key: string, value: string, loadNumber: () => number): Group | null => {
    const group = known.get(`${network} ${key} ${value}`);
    if (group !== undefined) return group;
    const made = loadGroup(network, loadNumber());
    return made === null ? null : remember(made);
  };
  const digitsAfter = (pattern: RegExp, text: string): number => Number(pattern.exec(text)?.[1] ?? Number.NaN);
  return {
    byId: (network, id) => find(network, 'id', id, () => (/^\d+$/.test(id) ? Number(id) - LOAD_FIRST_ID[network] : Number.NaN)),
    byToken(network, token) {
      if (dead.has(`${network} ${token}`)) return null;
      return find(network, 'token', token, () =>
        digitsAfter(network === 'vk' ? /^vk1\.load\.(0|[1-9]\d{0,3})$/ : /^load(0|[1-9]\d{0,3}):TOKEN$/, token),
      );
    },
    byService: (network, service) => find(network, 'service', service, () => digitsAfter(/^Load_(0|[1-9]\d{0,3})$/, service)),
    renewToken(group) {
      const first = firstTokens.get(group) ?? group.token;
      firstTokens.set(group, first);
      dead.add(deadKey(group));
      renewals += 1;
      group.token = `${first}-${renewals}`;
      madeAt.set(group, clock.now());
      remember(group);
      return group.token;
    },
    killToken: (group) => dead.add(deadKey(group)),
    isTokenAlive: (group) => !dead.has(deadKey(group)),
    tokenMadeAt: (group) => madeAt.get(group) ?? null,
    demo(network) {
      const group = known.get(`${network} service ${DEMO_SERVICE}`);
      if (group === undefined) throw new Error(`the demo world has no group on ${network}`);
      return group;
    },
    reset() {
      for (const [group, token] of firstTokens) {
        known.delete(`${group.network} token ${group.token}`);
        group.token = token;
      }
      firstTokens.clear();
      madeAt.clear();
      dead.clear();
    },
  };
}
