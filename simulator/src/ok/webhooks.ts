import { createLanes, type Lanes, postJson } from '../delivery/delivery.ts';
import { stringifyExact } from '../wire/wire.ts';
import type { Group, World } from '../world/world.ts';
import type { OkEvent, OkEventType } from './ok-events.ts';

/** How OK calls webhooks: 5 s and 8 h are documented, the pause between tries is that of its cousin (contracts/ok.md 4.1). */
export const WEBHOOK = { answerWithinMs: 5_000, retryAfterMs: 30_000, givenUpAfterMs: 8 * 3_600_000 } as const;

export interface Webhook {
  readonly url: string;
  /** When it was subscribed, ms. */
  readonly time: number;
  /** [?] Whether `types` filters webhooks is not documented: where they are given, we take them at their word. */
  readonly types: readonly OkEventType[];
}

export interface Webhooks {
  list(group: Group): readonly Webhook[];
  /** A known address stays as it is, with the new types. */
  add(group: Group, url: string, types: readonly OkEventType[]): void;
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
}

export function createWebhooks(world: World): Webhooks {
  const subscriptions = new Map<Group, Subscription[]>();
  const ofGroup = (group: Group): Subscription[] => subscriptions.get(group) ?? [];

  const remove = (group: Group, url: string): boolean => {
    const left = ofGroup(group).filter(({ webhook }) => webhook.url !== url);
    const gone = ofGroup(group).find(({ webhook }) => webhook.url === url);
    gone?.lanes.stop();
    subscriptions.set(group, left);
    return gone !== undefined;
  };
  const openLanes = (group: Group, url: string): Lanes<object> =>
    createLanes(world.clock, async (body, { pause, signal }) => {
      const givenUpAt = world.clock.monotonic() + WEBHOOK.givenUpAfterMs;
      const json = stringifyExact(body);
      while (!signal.aborted) {
        const posted = await postJson(world.clock, { url, json, timeoutMs: WEBHOOK.answerWithinMs, signal });
        if (signal.aborted || posted?.status === 200) return;
        if (world.clock.monotonic() + WEBHOOK.retryAfterMs > givenUpAt) {
          remove(group, url);
          return;
        }
        await pause(WEBHOOK.retryAfterMs);
      }
    });

  return {
    list: (group) => ofGroup(group).map(({ webhook }) => webhook),
    add(group, url, types) {
      const known = ofGroup(group).find(({ webhook }) => webhook.url === url);
      if (known !== undefined) known.webhook = { ...known.webhook, types };
      else
        subscriptions.set(group, [
          ...ofGroup(group),
          { webhook: { url, types, time: world.clock.now() }, lanes: openLanes(group, url) },
        ]);
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
          subscription.lanes = openLanes(group, subscription.webhook.url);
        }
      }
      if (dropAll) subscriptions.clear();
    },
    stop() {
      for (const { lanes } of [...subscriptions.values()].flat()) lanes.stop();
    },
  };
}
