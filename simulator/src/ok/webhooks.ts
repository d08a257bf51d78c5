import { createLanes, type Lanes, postJson } from '../delivery/delivery.ts';
import { stringifyExact } from '../wire/wire.ts';
import type { Group, World } from '../world/world.ts';
import type { OkEvent } from './ok-events.ts';
import type { OkSettings } from './ok-settings.ts';

/**
 * How OK calls webhooks (contracts/ok.md 4.1). The answer's bound is real time, the bot's own; the hours without one are the
 * world's. The pause between tries is a setting.
 */
export const WEBHOOK = { answerWithinMs: 5_000, removedAfterMs: 8 * 3_600_000 } as const;

export interface Webhook {
  readonly url: string;
  /** When it was subscribed, ms. */
  readonly time: number;
  /** [?] Whether `types` filters webhooks is not documented: where they are given, we take them at their word. */
  readonly types: readonly string[];
}

export interface Webhooks {
  list(group: Group): readonly Webhook[];
  /** A known address stays as it is, with the new types. */
  add(group: Group, url: string, types: readonly string[]): void;
  /** False where the address is not subscribed. */
  remove(group: Group, url: string): boolean;
  /** Sends it to every address of the group that wants its type. */
  publish(event: OkEvent, copies: number): void;
  /** Drops what waits to be sent; the addresses too where `subscriptions`. */
  reset(options: { subscriptions: boolean }): void;
  stop(): void;
}

interface Subscription {
  webhook: Webhook;
  lanes: Lanes<object>;
  /** Since when nothing was answered with 200, on the monotonic scale; null while all is well. */
  unansweredSince: number | null;
}

export function createWebhooks(world: World, settings: OkSettings): Webhooks {
  const subscriptions = new Map<Group, Subscription[]>();
  const ofGroup = (group: Group): Subscription[] => subscriptions.get(group) ?? [];

  const remove = (group: Group, url: string): boolean => {
    const left = ofGroup(group).filter(({ webhook }) => webhook.url !== url);
    const gone = ofGroup(group).find(({ webhook }) => webhook.url === url);
    gone?.lanes.stop();
    subscriptions.set(group, left);
    return gone !== undefined;
  };
  const pauseMs = (): number => {
    const { webhookRetryMinMs: min, webhookRetryMaxMs: max } = settings.values;
    return max > min ? Math.round(min + world.random() * (max - min)) : min;
  };
  const openLanes = (group: Group, of: () => Subscription): Lanes<object> =>
    createLanes(world.clock, async (body, { pause, signal }) => {
      const firstTriedAt = world.clock.monotonic();
      const json = stringifyExact(body);
      while (!signal.aborted) {
        const subscription = of();
        const triedAt = world.clock.monotonic();
        const { url } = subscription.webhook;
        const posted = await postJson(world.clock, { url, json, timeoutMs: WEBHOOK.answerWithinMs, signal });
        if (signal.aborted) return;
        if (posted?.status === 200) {
          subscription.unansweredSince = null;
          return;
        }
        subscription.unansweredSince ??= triedAt;
        const now = world.clock.monotonic();
        if (now - subscription.unansweredSince >= WEBHOOK.removedAfterMs) {
          remove(group, url);
          return;
        }
        // The event is lost although others were answered meanwhile: nothing is tried for longer.
        if (now - firstTriedAt >= WEBHOOK.removedAfterMs) return;
        await pause(pauseMs());
      }
    });
  const subscribe = (group: Group, webhook: Webhook): Subscription => {
    const subscription: Subscription = { webhook, lanes: openLanes(group, () => subscription), unansweredSince: null };
    return subscription;
  };

  return {
    list: (group) => ofGroup(group).map(({ webhook }) => webhook),
    add(group, url, types) {
      const known = ofGroup(group).find(({ webhook }) => webhook.url === url);
      if (known !== undefined) known.webhook = { ...known.webhook, types };
      else subscriptions.set(group, [...ofGroup(group), subscribe(group, { url, types, time: world.clock.now() })]);
    },
    remove,
    publish(event, copies) {
      for (const { webhook, lanes } of ofGroup(event.group)) {
        if (!webhook.types.includes(event.type)) continue;
        for (let copy = 0; copy < copies; copy += 1) lanes.add(event.chatId, event.body);
      }
    },
    reset({ subscriptions: dropAll }) {
      for (const [group, own] of subscriptions) {
        for (const subscription of own) {
          subscription.lanes.stop();
          subscription.lanes = openLanes(group, () => subscription);
          subscription.unansweredSince = null;
        }
      }
      if (dropAll) subscriptions.clear();
    },
    stop() {
      for (const { lanes } of [...subscriptions.values()].flat()) lanes.stop();
    },
  };
}
