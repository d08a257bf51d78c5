import { stringifyExact } from '../wire/wire.ts';
import {
  type Group,
  type Instant,
  type Message,
  type Network,
  okMessageCreated,
  type Person,
  vkMessageNew,
  type World,
} from '../world/world.ts';
import { createDeliverer } from './deliverer.ts';
import type { Item, Reason } from './item.ts';
import type { Route } from './template.ts';

export type Status = 'SENT' | 'DELIVERED' | 'READ' | 'UNDELIVERABLE' | 'EXPIRED' | 'RATELIMIT';

/** Why it came to a status; the vendor prints 0 only, the others are ours. */
const ERROR_CODES = { none: 0, no_such_user: 1, refused_by_user: 2, daily_limit: 3, ttl: 4, policy: 5 } as const;
type Cause = keyof typeof ERROR_CODES;

/** One accepted notification and how far it has come. */
export interface Notification {
  readonly id: number;
  readonly item: Item;
  readonly channel: Route;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly callbackDataJson: string | undefined;
  status: Status | 'QUEUED';
  readonly history: { status: Status; channel: Route; ts: number; errorCode: number }[];
  /** Callbacks wait in it until the request that brought the notification is answered. */
  readonly release: Release;
}

/** What is held back until the answer has left: a status must not overtake the id it speaks of. */
export interface Release {
  held: (() => void)[] | null;
}

export function createRelease(): Release & { open(): void } {
  const release: Release & { open(): void } = {
    held: [],
    open() {
      const { held } = release;
      release.held = null;
      for (const task of held ?? []) task();
    },
  };
  return release;
}

export type Accepted = { ok: true; id: number } | { ok: false; reason: Reason };

export interface Account {
  /** Where statuses go of items without a `status_url`; null: nowhere. */
  statusUrl: string | null;
  /** Where answers of people go. */
  incomingUrl: string | null;
}

/** The reseller's side of "Notify": takes checked items, walks their statuses by person, tells its customer. */
export interface Upstream {
  accept(item: Item, at: Instant, release: Release): Accepted;
  find(id: number): Notification | null;
  /** Newest first. */
  list(): Iterable<Notification>;
  readonly account: Account;
  stop(): void;
}

const NETWORK_OF: Record<Route, Network> = { VK: 'vk', OK: 'ok' };
const DEDUP_MEMORY_MS = 86_400_000; // gateway.md, clientMessageId: 24 h
const READ_WINDOW_MS = 86_400_000; // seed 001: no READ after ttl + 24 hours
const NOTIFICATIONS_MAX = 300_000; // a load run must not fill the memory; the oldest go first

/** Where an item goes: to a person by a route, or nowhere, for a cause. */
type Plan =
  | { route: Route; group: Group; person: Person }
  | { route: Route; group: Group; person: null; status: 'UNDELIVERABLE' | 'RATELIMIT'; cause: Cause };
type Refused = Extract<Plan, { person: null }>;

export function createUpstream(world: World): Upstream {
  const callbacks = createDeliverer(world, { batched: true });
  const forwards = createDeliverer(world, { batched: false });
  const account: Account = { statusUrl: null, incomingUrl: null };
  const notifications = new Map<number, Notification>();
  const repeats = new Map<string, { id: number; fingerprint: string; mono: number }>();

  const step = (notification: Notification, status: Status, cause: Cause = 'none'): void => {
    const ts = world.clock.now();
    const errorCode = ERROR_CODES[cause];
    const { channel, release } = notification;
    notification.status = status;
    notification.history.push({ status, channel, ts, errorCode });
    const url = notification.item.statusUrl ?? account.statusUrl;
    if (url === null) return;
    const data = notification.callbackDataJson === undefined ? '' : `,"callbackData":${notification.callbackDataJson}`;
    const json = `{"channel":"${channel}","messageId":"${notification.id}","ts":${ts},"status":"${status}","errorCode":${errorCode}${data}}`;
    for (let copies = world.faults.drawCopies('notify'); copies > 0; copies -= 1) {
      if (release.held === null) callbacks.push(url, json);
      else release.held.push(() => callbacks.push(url, json));
    }
  };
  const ofMessage = (message: Message): Notification | undefined =>
    message.kind === 'notification' && message.tag !== null ? notifications.get(Number(message.tag)) : undefined;

  const unsubscribe = [
    world.on('delivered', (message) => {
      const notification = ofMessage(message);
      if (notification !== undefined) step(notification, 'DELIVERED');
    }),
    world.on('expired', (message) => {
      const notification = ofMessage(message);
      if (notification !== undefined) step(notification, 'EXPIRED', 'ttl');
    }),
    world.on('read', ({ messages, time }) => {
      for (const message of messages) {
        const notification = ofMessage(message);
        if (notification !== undefined && time <= notification.expiresAt + READ_WINDOW_MS) step(notification, 'READ');
      }
    }),
    world.on('said', (message) => {
      if (account.incomingUrl === null || message.tag === null || !notifications.has(Number(message.tag))) return;
      const isVk = message.dialog.group.network === 'vk';
      const json = isVk ? JSON.stringify(vkMessageNew(message)) : stringifyExact(okMessageCreated(message, message.tag));
      for (let copies = world.faults.drawCopies('notify'); copies > 0; copies -= 1) forwards.push(account.incomingUrl, json);
    }),
    world.on('reset', ({ subscriptions }) => {
      notifications.clear();
      repeats.clear();
      callbacks.clear();
      forwards.clear();
      if (subscriptions) Object.assign(account, { statusUrl: null, incomingUrl: null });
    }),
  ];

  return {
    account,
    accept(item, at, release) {
      const { clientMessageId, fingerprint } = item;
      const earlier = clientMessageId === undefined ? undefined : repeats.get(clientMessageId);
      if (earlier !== undefined && at.mono - earlier.mono < DEDUP_MEMORY_MS) {
        if (earlier.fingerprint === fingerprint) return { ok: true, id: earlier.id };
        const message = 'The same clientMessageId came with another message within 24 hours.';
        return { ok: false, reason: { key: 'client.message.id.conflict', field: 'clientMessageId', message } };
      }
      const code = world.faults.drawError('notify');
      if (code !== null) return { ok: false, reason: { key: code } };

      const plan = choose(world, item, at);
      // Ours: the vendor does not print what an upstream over 50 a second answers.
      if (!world.limits.takeNotification(plan.group, at)) return { ok: false, reason: { key: 'rate.limit' } };

      const notification: Notification = {
        id: world.ids.upstreamId(),
        item,
        channel: plan.route,
        createdAt: at.time,
        expiresAt: at.time + item.ttlSeconds * 1_000,
        callbackDataJson: item.callbackData === undefined ? undefined : stringifyExact(item.callbackData),
        status: 'QUEUED',
        history: [],
        release,
      };
      world.arrivals.record({ service: item.service, phone: item.phone, at: at.time });
      keep(notifications, notification.id, notification);
      if (clientMessageId !== undefined) keep(repeats, clientMessageId, { id: notification.id, fingerprint, mono: at.mono });
      if (plan.person === null) {
        if (plan.status === 'RATELIMIT') world.limits.takeDaily(plan.group, item.phone, at); // records the violation
        step(notification, plan.status, plan.cause);
        return { ok: true, id: notification.id };
      }
      world.limits.takeDaily(plan.group, item.phone, at);
      step(notification, 'SENT');
      const ttlMs = item.ttlSeconds * 1_000;
      world.send(plan.group, plan.person, { text: item.text, kind: 'notification', tag: String(notification.id), ttlMs, at });
      return { ok: true, id: notification.id };
    },
    find: (id) => notifications.get(id) ?? null,
    list: () => [...notifications.values()].reverse(),
    stop() {
      for (const end of unsubscribe) end();
      callbacks.stop();
      forwards.stop();
    },
  };
}

/**
 * The first route by which the person can be reached now. Where there is none: RATELIMIT if the last route is full, else
 * UNDELIVERABLE for the reason of the first; what was never sent carries its first route (gateway.md, "Statuses and callbacks").
 */
function choose(world: World, item: Item, at: Instant): Plan {
  const person = world.people.byPhone(item.phone);
  const refusals: Refused[] = [];
  for (const route of item.routes) {
    const group = world.groups.byService(NETWORK_OF[route], item.service);
    if (group === null) throw new Error(`the service has templates but no group on ${route}`);
    const cause = person === null ? 'no_such_user' : obstacle(world, group, person, item, at);
    if (person !== null && cause === null) return { route, group, person };
    refusals.push({ route, group, person: null, status: 'UNDELIVERABLE', cause: cause ?? 'no_such_user' });
  }
  const [first] = refusals;
  const last = refusals.at(-1);
  if (first === undefined || last === undefined) throw new Error('an item without routes was let through');
  return last.cause === 'daily_limit' ? { ...last, route: first.route, status: 'RATELIMIT' } : first;
}

function obstacle(world: World, group: Group, person: Person, item: Item, at: Instant): Cause | null {
  const permission = world.permission(group, person);
  if (permission === 'no_account') return 'no_such_user';
  if (permission === 'blocked') return 'refused_by_user';
  if (item.policy === 'mobile_device_required' && !person.behaviour.mobileApp) return 'policy';
  if (item.policy === 'verified_phone_number' && !person.behaviour.phoneVerified) return 'policy';
  return world.limits.hasDaily(group, item.phone, at) ? null : 'daily_limit';
}

function keep<Key, Value>(all: Map<Key, Value>, key: Key, value: Value): void {
  all.set(key, value);
  const oldest = all.size > NOTIFICATIONS_MAX ? all.keys().next() : undefined;
  if (oldest?.done === false) all.delete(oldest.value);
}
