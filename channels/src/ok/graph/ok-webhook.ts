import { readFields } from '../../body/body.ts';
import type { Subscription } from '../../channel.ts';
import { type OkAnswer, OkCallError, requireResult } from '../ok-answer.ts';
import type { OkGraph } from './ok-graph.ts';

/** The kinds of events a long-poll subscription names; a webhook gets them all. */
export const OK_EVENTS = ['MESSAGE_CREATED', 'MESSAGE_CALLBACK', 'CHAT_SYSTEM'] as const;

/** Who gets the group's events. `since` is null where OK does not say. */
export interface OkSubscriptions {
  webhooks: readonly { url: string; since: Date | null }[];
  /** The form of such an entry is not documented: one without an address is taken for it. */
  hasLongPoll: boolean;
}

/**
 * Makes OK send the group's events to `url`; every registered address gets them, so an address is added once only. To be
 * asked again and again: OK takes an address away that has not answered for 8 hours. Throws `OkCallError` where OK refuses.
 * Source: apiok.ru/en/dev/graph_api, graph.user.subscribe.
 */
export async function subscribeOkWebhook(graph: OkGraph, url: string, signal: AbortSignal): Promise<Subscription> {
  const webhooks = await webhooksOf(graph, signal);
  if (webhooks.some((webhook) => webhook.url === url)) return { state: 'active', did: [] };
  await changeSubscription(graph, 'me/subscribe', { url }, signal);
  const others = webhooks.length === 0 ? 'no other' : `${webhooks.length} other`;
  return { state: 'active', did: [`Subscribed the address at OK: it was not there, and ${others} was.`] };
}

/** Ends the subscription of this address; nothing happens where there is none, which OK would answer with success false. */
export async function unsubscribeOkWebhook(graph: OkGraph, url: string, signal: AbortSignal): Promise<void> {
  const webhooks = await webhooksOf(graph, signal);
  if (webhooks.some((webhook) => webhook.url === url)) await changeSubscription(graph, 'me/unsubscribe', { url }, signal);
}

async function webhooksOf(graph: OkGraph, signal: AbortSignal): Promise<OkSubscriptions['webhooks']> {
  return readOkSubscriptions(requireResult(await askOkSubscriptions(graph, signal), 'me/subscriptions')).webhooks;
}

/** Long polling brings events only while such a subscription stands; repeating it does no harm. */
export async function subscribeOkLongPoll(graph: OkGraph, signal: AbortSignal): Promise<void> {
  await changeSubscription(graph, 'me/subscribe', { types: OK_EVENTS, longPolling: true }, signal);
}

export function askOkSubscriptions(graph: OkGraph, signal: AbortSignal): Promise<OkAnswer> {
  return graph.get('me/subscriptions', {}, signal);
}

/** Reads `me/subscriptions`. Throws `BrokenBodyError` where it is no list. */
export function readOkSubscriptions(result: unknown): OkSubscriptions {
  const entries = readFields(result, "OK's subscriptions")
    .array('subscriptions')
    .map((entry, index) => readFields(entry, `subscriptions[${index}]`));
  const webhooks = entries
    .filter((entry) => entry.has('url'))
    .map((entry) => ({ url: entry.text('url'), since: entry.has('time') ? entry.moment('time') : null }));
  return { webhooks, hasLongPoll: webhooks.length < entries.length };
}

async function changeSubscription(graph: OkGraph, path: string, body: unknown, signal: AbortSignal): Promise<void> {
  const result = readFields(requireResult(await graph.post(path, body, signal), path), `OK's answer to ${path}`);
  if (result.raw('success') === false)
    throw new OkCallError(`OK answered ${path} with success false: check the address and the group's key`);
}
