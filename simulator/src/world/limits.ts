import type { Instant } from './clock.ts';
import type { Group, Network } from './groups.ts';

/** Change a limit by changing its number; null takes it away (for load runs). */
export interface LimitSettings {
  /** Per group, in any second (docs.devino.online/en/http/vk_ok, "sending restrictions"). */
  notificationsPerSecond: number | null;
  /** Per VK community token (vk.md 3.1). */
  callsPerSecond: number | null;
  /** Per OK group by the Graph API, each recipient one. [?] OK publishes no rate (ok.md 3.3); ours is that of notifications. */
  messagesPerSecond: number | null;
  /** Per person and group, in any 24 hours: satisfies every reading of the source's "day". */
  notificationsPerDay: number | null;
  /** Characters of a VK message: 9000 by the schema; many clients believe in 4096 (vk.md 3.2). */
  vkTextCharacters: number | null;
  /**
   * [?] Hours after a person's last word within which a VK group may write to them without an intent (error 950). A reseller says
   * 24, VK's own page was not found (vk.md 3.2), so it is off.
   */
  replyWindowHours: number | null;
  /** [?] Messages with an intent per VK group and person in any 24 hours (error 944). VK's number is not known, so it is off. */
  intentMessagesPerDay: number | null;
}

export const LIMITS: Readonly<LimitSettings> = {
  notificationsPerSecond: 50,
  callsPerSecond: 20,
  messagesPerSecond: 50,
  notificationsPerDay: 5,
  vkTextCharacters: 9_000,
  replyWindowHours: null,
  intentMessagesPerDay: null,
};

export type LimitKind =
  | 'notifications_per_second'
  | 'calls_per_second'
  | 'messages_per_second'
  | 'notifications_per_day'
  | 'intent_messages_per_day';

/** A limit that a client of the world broke. Refusals of one group within one window are one violation. */
export interface Violation {
  kind: LimitKind;
  network: Network;
  group: string;
  /** Only where the limit is per person. */
  phone: string | null;
  /** Wall time of the first refusal, ms. */
  time: number;
  /** How many the window would have held: those taken plus those refused so far. */
  count: number;
}

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
const VIOLATIONS_MAX = 10_000;

/** The times of the last `max` taken, as a ring: the oldest tells whether one more fits. It grows to that length: most people get one a day. */
interface Window {
  readonly max: number;
  readonly times: number[];
  next: number;
  violation: { record: Violation; startedMono: number } | null;
}

interface GroupWindows {
  calls?: Window;
  messages?: Window;
  notifications?: Window;
  daily: Map<string, Window>;
  intents: Map<string, Window>;
}

/** What the networks refuse. It never paces: each `take` says at once whether this one is still within the limit. */
export interface Limits {
  /** One API call with a group's token, counted at its receipt. */
  takeCall(group: Group, at: Instant): boolean;
  /** One message by a group's Graph token, counted at the receipt of its call. */
  takeMessage(group: Group, at: Instant): boolean;
  /** One notification by a group, counted at its receipt. */
  takeNotification(group: Group, at: Instant): boolean;
  /** One notification by a group to one person within any 24 hours. */
  takeDaily(group: Group, phone: string, at: Instant): boolean;
  /** Whether `takeDaily` would say yes; takes and records nothing. */
  hasDaily(group: Group, phone: string, at: Instant): boolean;
  /** One message with an intent by a VK group to one person within any 24 hours. */
  takeIntent(group: Group, phone: string, at: Instant): boolean;
  /** Oldest first, at most the newest 10,000. */
  violations(): readonly Violation[];
  settings(): LimitSettings;
  /** Takes effect at once; the windows start empty. */
  set(settings: Partial<LimitSettings>): void;
  reset(): void;
}

export function createLimits(): Limits {
  let settings: LimitSettings = { ...LIMITS };
  const windows = new Map<Group, GroupWindows>();
  let violations: Violation[] = [];

  const ofGroup = (group: Group): GroupWindows => {
    const found = windows.get(group);
    if (found !== undefined) return found;
    const made: GroupWindows = { daily: new Map(), intents: new Map() };
    windows.set(group, made);
    return made;
  };
  const newWindow = (max: number): Window => ({ max, times: [], next: 0, violation: null });
  // Half-open: what was taken exactly one window ago no longer counts.
  const fits = (window: Window, windowMs: number, at: Instant): boolean =>
    window.times.length < window.max || at.mono - (window.times[window.next] ?? at.mono) >= windowMs;

  const take = (window: Window, windowMs: number, at: Instant, broken: Omit<Violation, 'time' | 'count'>): boolean => {
    if (fits(window, windowMs, at)) {
      window.times[window.next] = at.mono;
      window.next = (window.next + 1) % window.max;
      return true;
    }
    if (window.violation !== null && at.mono - window.violation.startedMono < windowMs) {
      window.violation.record.count += 1;
      return false;
    }
    const record = { ...broken, time: at.time, count: window.max + 1 };
    window.violation = { record, startedMono: at.mono };
    violations.push(record);
    if (violations.length > VIOLATIONS_MAX) violations.shift();
    return false;
  };

  return {
    takeCall(group, at) {
      if (settings.callsPerSecond === null) return true;
      const own = ofGroup(group);
      own.calls ??= newWindow(settings.callsPerSecond);
      return take(own.calls, SECOND_MS, at, { kind: 'calls_per_second', network: group.network, group: group.id, phone: null });
    },
    takeMessage(group, at) {
      if (settings.messagesPerSecond === null) return true;
      const own = ofGroup(group);
      own.messages ??= newWindow(settings.messagesPerSecond);
      return take(own.messages, SECOND_MS, at, {
        kind: 'messages_per_second',
        network: group.network,
        group: group.id,
        phone: null,
      });
    },
    takeNotification(group, at) {
      if (settings.notificationsPerSecond === null) return true;
      const own = ofGroup(group);
      own.notifications ??= newWindow(settings.notificationsPerSecond);
      return take(own.notifications, SECOND_MS, at, {
        kind: 'notifications_per_second',
        network: group.network,
        group: group.id,
        phone: null,
      });
    },
    takeDaily(group, phone, at) {
      if (settings.notificationsPerDay === null) return true;
      const { daily } = ofGroup(group);
      const window = daily.get(phone) ?? newWindow(settings.notificationsPerDay);
      daily.set(phone, window);
      return take(window, DAY_MS, at, { kind: 'notifications_per_day', network: group.network, group: group.id, phone });
    },
    hasDaily(group, phone, at) {
      const window = windows.get(group)?.daily.get(phone);
      return settings.notificationsPerDay === null || window === undefined || fits(window, DAY_MS, at);
    },
    takeIntent(group, phone, at) {
      if (settings.intentMessagesPerDay === null) return true;
      const { intents } = ofGroup(group);
      const window = intents.get(phone) ?? newWindow(settings.intentMessagesPerDay);
      intents.set(phone, window);
      return take(window, DAY_MS, at, { kind: 'intent_messages_per_day', network: group.network, group: group.id, phone });
    },
    violations: () => violations,
    settings: () => ({ ...settings }),
    set(changed) {
      settings = { ...settings, ...changed };
      windows.clear();
    },
    reset() {
      settings = { ...LIMITS };
      windows.clear();
      violations = [];
    },
  };
}
