import type { Keyboard } from '@soroka/channels';
import type { SegmentDefinition } from '../contacts/contacts.ts';
import type { SendWindow } from '../dispatch/dispatch.ts';

/** What a broadcast says, to whom, by which ways and when; not changed once it has begun. */
export interface BroadcastPlan {
  /** One, or several that are tried against each other. */
  variants: readonly Variant[];
  /** Values of variables that a contact lacks. */
  defaults?: Readonly<Record<string, string | number | boolean>>;
  audience: Audience;
  /** Each person gets it by the first that reaches them. */
  ways: readonly Way[];
  /** Local hours of the recipient in which it is sent; absent: any that are not the account's quiet ones. */
  windows?: readonly SendWindow[];
  /** For people whose zone is not known otherwise. */
  timeZone?: string;
  /** Nobody gets it later. Absent: a week after it began. */
  endAt?: string;
  perMinute?: number;
  /** Of several variants: on how many they are tried, and what decides. Absent: everybody gets one of them, as many each. */
  trial?: Trial;
}

export interface Variant {
  /** With {{ variables }}; links become short ones. */
  text: string;
  keyboard?: Keyboard;
  /** Pictures of the account, in their order; sent by the ways that are messages. */
  fileIds?: readonly number[];
}

export type Audience = { segmentId: number } | { segment: SegmentDefinition } | { contactIds: readonly number[] };

export type Way =
  /** A message of the group itself. */
  | { kind: 'message'; group: string; intent?: string }
  /** A notification by phone, whose text is the template's. */
  | { kind: 'template'; service: string; templateId: number };

export const TRIAL_BY = ['clicked', 'answered', 'read', 'hand'] as const;
export interface Trial {
  /** Of the audience, in percent. */
  share: number;
  /** How long is waited after the last of them got it. */
  minutes: number;
  by: (typeof TRIAL_BY)[number];
}

export const STATES = ['draft', 'scheduled', 'running', 'paused', 'stopped', 'finished'] as const;
export type BroadcastState = (typeof STATES)[number];

export interface Broadcast {
  id: number;
  accountId: number;
  name: string;
  plan: BroadcastPlan;
  state: BroadcastState;
  startsAt: Date | null;
  startedAt: Date | null;
  endedAt: Date | null;
  /** Which variant the rest gets; null where none was chosen. */
  winner: number | null;
  /** Why it was paused by itself; null where it was not. */
  problem: string | null;
  createdAt: Date;
}

const WEEK_MS = 7 * 86_400_000;

/** After which nobody gets it any more. */
export function endOf({ plan, startedAt }: Pick<Broadcast, 'plan' | 'startedAt'>, now: number): number {
  return plan.endAt === undefined ? (startedAt?.getTime() ?? now) + WEEK_MS : Date.parse(plan.endAt);
}

/** The group of a way, as networks are named inside. */
export function groupOf({ group }: { group: string }): { network: 'vk' | 'ok'; groupId: string } {
  const [channel, groupId = ''] = group.split(':');
  return { network: channel === 'VK' ? 'vk' : 'ok', groupId };
}
