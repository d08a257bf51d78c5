import type { Route } from '@soroka/api';
import type { QuietHours } from '../../accounts/accounts.ts';
import type { ConnectionSettings, Sender, SenderRoute } from '../../connections/connections.ts';
import type { MessageClass } from '../classes.ts';
import type { NewStep, SendWindow } from '../contract.ts';
import type { FaultRates } from './faults.ts';

export interface SimulatedConnection {
  id: number;
  accountId: number;
  kind: 'vk' | 'ok' | 'notify';
  settings: ConnectionSettings;
  dropsRepeats: boolean;
}

export interface SimulatedGroup {
  laneId: number;
  network: 'vk' | 'ok';
  groupId: string;
  /** Its owner's own connection; upstreams send for it too. */
  community: SimulatedConnection;
}

export interface SimulatedPerson {
  phone: string;
  /** The network's ids as our contacts know them; absent: unknown to us. */
  userIds: { vk?: string; ok?: string };
  /** Wants nothing from this account. */
  optedOut?: true;
}

export interface SimulatedItem {
  /** Its own: by it what is stored and sent is known again. */
  text: string;
  person: SimulatedPerson;
  sender: Sender;
  /** Of `TEMPLATES`, or one that is not there. */
  templateId: number;
  /** The template is called by its name. */
  isNamedTemplate?: true;
  /** Nobody but the provider can keep to it; absent: `any`. */
  deliveryPolicy?: 'verified_phone_number';
  routes?: readonly Route[];
  steps?: readonly NewStep[];
  /** From the first try on. */
  sendInMs?: number;
  windows?: readonly SendWindow[];
  ttlSeconds: number;
  clientMessageId?: string;
  /** Acceptance has to refuse it. */
  isImpossible?: true;
  class?: MessageClass;
}

/** What a customer asks for, until it is answered: under one Idempotency-Key, or without. */
export interface SimulatedRequest {
  name: string;
  accountId: number;
  askedAtMs: number;
  key: string | null;
  items: readonly SimulatedItem[];
}

export interface SimulatedReply {
  atMs: number;
  group: SimulatedGroup;
  person: SimulatedPerson;
  text: string;
}

/** What a customer wants of messages given before. */
export type SimulatedWish =
  /** Not the customer: the person, in the dialog. */
  | { what: 'read'; atMs: number; request: SimulatedRequest }
  | { what: 'cancel'; atMs: number; request: SimulatedRequest; by: 'ids' | 'one' | 'key' | 'phone' }
  | { what: 'pause'; atMs: number; forMs: number; sender: Sender };

/** One run: who is there, what is asked for, and what goes wrong. */
export interface Scenario {
  processes: number;
  /** Of whom nothing may be sent before midnight. */
  quietAccountId: number | null;
  leaseMs: number;
  sendTimeoutMs: number;
  /** All processes are gone meanwhile: a day later everything goes on. */
  night: { atMs: number; forMs: number } | null;
  /** A template that somebody takes away meanwhile. */
  templateGone: { id: number; fromMs: number; forMs: number } | null;
  /** Faults end here; then everything has to come to its end. */
  faultsEndMs: number;
  faults: FaultRates;
  /** How long a network knows a key. */
  keyMemoryMs: number;
  groups: readonly SimulatedGroup[];
  /** Of groups and of upstreams. */
  connections: readonly SimulatedConnection[];
  requests: readonly SimulatedRequest[];
  replies: readonly SimulatedReply[];
  wishes: readonly SimulatedWish[];
}

/** Of a sender that nobody approved. */
export const NOBODY = 'nobody';
/** By number: what they say of calls without an answer. */
export const TEMPLATES = { 4: 'resend', 5: 'stop', 6: 'resend', 7: 'resend' } as const;
/** Of these: approved for no sender, and with a variable that nobody gives. */
export const [UNAPPROVED_TEMPLATE, UNFILLED_TEMPLATE] = [6, 7] as const;

// Runs begin ten seconds before midnight in Moscow.
export const FROM_MIDNIGHT: SendWindow = {
  weekdays: [1, 2, 3, 4, 5, 6, 7],
  from: '00:00',
  to: '12:00',
  timeZone: 'Europe/Moscow',
};
/** The first day is a Thursday. */
export const FROM_MIDNIGHT_OF_FRIDAY: SendWindow = { ...FROM_MIDNIGHT, weekdays: [5, 6] };
/** Opens long after the end of every run, but for those with a night. */
export const AT_NOON: SendWindow = { ...FROM_MIDNIGHT, from: '12:00', to: '13:00' };
/** In the zone that the phone tells: all are Russian ones. */
export const FROM_THEIR_MIDNIGHT: SendWindow = { weekdays: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '12:00' };
export const UNTIL_MIDNIGHT: QuietHours = { from: '20:00', to: '00:00', timeZone: 'Europe/Moscow' };
export const MIDNIGHT_AT_MS = 10_000;
export const DAY_MS = 86_400_000;

export interface SimulatedRoute {
  group: SimulatedGroup;
  provider: SenderRoute['provider'];
}

/** Approves a sender for each set of routes, once. */
export function createSenders(
  upstreams: readonly SimulatedConnection[],
  drawBudget: () => number | null = () => null,
): (accountId: number, routes: readonly SimulatedRoute[]) => Sender {
  const known = new Map<string, Sender>();
  return (accountId, routes) => {
    const name = `${accountId} ${routes.map(({ group, provider }) => `${group.groupId} by ${provider}`).join(', ')}`;
    const upstream = upstreams.find((one) => one.accountId === accountId) as SimulatedConnection;
    const sender = known.get(name) ?? {
      ...{ id: 100 + known.size, accountId, name, budgetPerDay: drawBudget(), forbiddenPatterns: [] },
      routes: routes.map(
        ({ group: { network, groupId, community }, provider }): SenderRoute => ({
          ...{ route: network === 'vk' ? 'VK' : 'OK', network, provider, groupId },
          connectionId: provider === 'notify' ? upstream.id : community.id,
        }),
      ),
    };
    known.set(name, sender);
    return sender;
  };
}
