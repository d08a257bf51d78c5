import type { Route } from '@soroka/api';
import { nextAllowed, timeZoneOfPhone, WHOLE_DAY, withoutQuiet, type ZonedWindow } from '../dispatch/dispatch.ts';
import type { BroadcastPlan, Way } from './plan.ts';

/** Why somebody does not get a broadcast, worst first: where no way reaches them, the worst is told. */
export const REASONS = [
  'opted_out',
  'denied',
  'capped',
  'reply_window_closed',
  'never_wrote',
  'no_identity',
  'no_phone',
  'variable_missing',
  'text_too_long',
  'ended',
  'stopped',
  'refused',
] as const;
export type Reason = (typeof REASONS)[number];

/** What must be known of a person to say by which way they are reached. */
export interface Person {
  contactId: number;
  name: string | null;
  phone: string | null;
  variables: Readonly<Record<string, string | number | boolean>>;
  optedOut: boolean;
  /** By way, in the order of the plan's; null: not known on its network. */
  byWay: readonly (Standing | null)[];
  /** By way, of templates: which of the sender's routes may be taken for this person; null: no phone, or a message. */
  byPhone: readonly (PhoneStanding | null)[];
}

/** A person with the groups through which their phone is notified. */
export interface PhoneStanding {
  open: readonly Route[];
  /** Why not all of them; null: all. */
  reason: 'opted_out' | 'capped' | null;
}

/** A person with the group of one way. */
export interface Standing {
  userId: string;
  optedOut: boolean;
  denied: boolean;
  /** Wrote once, or let the group write. */
  isKnown: boolean;
  lastWordAt: Date | null;
  /** Has had all notifications of the day. */
  isCapped: boolean;
}

// VK lets a group write without a reason for a day after the person's last word; words are noted to five minutes, and a message waits
// for its turn. Source: contracts/vk.md 3.2.
const REPLY_WINDOW_MS = 24 * 3_600_000 - 10 * 60_000;

/** The first way that reaches the person, by its place; or why none does. Pure: preview and sending ask the same. */
export function chooseWay(ways: readonly Way[], person: Person, now: number): { way: number } | { reason: Reason } {
  if (person.optedOut) return { reason: 'opted_out' };
  const reasons: Reason[] = [];
  for (const [index, way] of ways.entries()) {
    const reason =
      way.kind === 'template'
        ? whyNotByPhone(person.byPhone[index] ?? null)
        : whyNotByMessage(way, person.byWay[index] ?? null, now);
    if (reason === null) return { way: index };
    reasons.push(reason);
  }
  const worst = REASONS.find((reason) => reasons.includes(reason));
  return { reason: worst ?? 'no_identity' };
}

function whyNotByPhone(standing: PhoneStanding | null): Reason | null {
  if (standing === null) return 'no_phone';
  return standing.open.length === 0 ? standing.reason : null;
}

function whyNotByMessage(way: Extract<Way, { kind: 'message' }>, standing: Standing | null, now: number): Reason | null {
  if (standing === null) return 'no_identity';
  if (standing.optedOut) return 'opted_out';
  if (standing.denied) return 'denied';
  if (!standing.isKnown) return 'never_wrote';
  if (way.group.startsWith('VK:') && way.intent === undefined && !isInReplyWindow(standing, now)) return 'reply_window_closed';
  return standing.isCapped ? 'capped' : null;
}

/** Whether the person wrote so lately that the group needs no reason to write. */
export function isInReplyWindow({ lastWordAt }: Standing, now: number): boolean {
  return lastWordAt !== null && now - lastWordAt.getTime() <= REPLY_WINDOW_MS;
}

/** Hours without notifications, of the account. */
export interface Quiet {
  from: string;
  to: string;
  timeZone: string;
}

const FALLBACK_ZONE = 'Europe/Moscow';

/**
 * When the person may get it, in their own zone: that of a variable `timeZone`, of their phone, the broadcast's, the account's. Null: at
 * any time.
 */
export function windowsOf(plan: BroadcastPlan, quiet: Quiet | null, person: Person): readonly ZonedWindow[] | null {
  if (plan.windows === undefined && quiet === null) return null;
  const own = person.variables['timeZone'];
  const known = typeof own === 'string' && isTimeZone(own) ? own : null;
  const ofPhone = person.phone === null ? null : timeZoneOfPhone(person.phone);
  const zone = known ?? ofPhone ?? plan.timeZone ?? quiet?.timeZone ?? FALLBACK_ZONE;
  return (plan.windows ?? [WHOLE_DAY]).flatMap((window) => {
    const left = quiet === null ? [window] : withoutQuiet(window, quiet);
    return left.map((hours) => ({ ...hours, timeZone: window.timeZone ?? zone }));
  });
}

/** The first moment from now on at which it may be sent; Infinity where there is none. */
export function dueOf(windows: readonly ZonedWindow[] | null, now: number): number {
  return windows === null ? now : nextAllowed(windows, now);
}

const zones = new Map<string, boolean>();
function isTimeZone(name: string): boolean {
  const known = zones.get(name);
  if (known !== undefined) return known;
  if (zones.size > 1_000) zones.clear();
  let isZone = true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
  } catch {
    isZone = false;
  }
  zones.set(name, isZone);
  return isZone;
}
