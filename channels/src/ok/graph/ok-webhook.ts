import { readFields } from '../../body/body.ts';
import { OkCallError, requireResult } from '../ok-answer.ts';
import type { OkGraph } from './ok-graph.ts';

/** The kinds of events a long-poll subscription names; a webhook gets them all. */
export const OK_EVENTS = ['MESSAGE_CREATED', 'MESSAGE_CALLBACK', 'CHAT_SYSTEM'] as const;

/**
 * Makes OK send the group's events to `url`; every registered address gets them, so an address is added once only.
 * Throws `OkCallError` where OK refuses. Source: apiok.ru/en/dev/graph_api, graph.user.subscribe.
 */
export async function subscribeOkWebhook(graph: OkGraph, url: string, signal: AbortSignal): Promise<void> {
  if (!(await isSubscribed(graph, url, signal))) await changeSubscription(graph, 'me/subscribe', { url }, signal);
}

/** Ends the subscription of this address; nothing happens where there is none, which OK would answer with success false. */
export async function unsubscribeOkWebhook(graph: OkGraph, url: string, signal: AbortSignal): Promise<void> {
  if (await isSubscribed(graph, url, signal)) await changeSubscription(graph, 'me/unsubscribe', { url }, signal);
}

async function isSubscribed(graph: OkGraph, url: string, signal: AbortSignal): Promise<boolean> {
  const result = readFields(
    requireResult(await graph.get('me/subscriptions', {}, signal), 'me/subscriptions'),
    "OK's subscriptions",
  );
  return result
    .array('subscriptions')
    .map((entry, index) => readFields(entry, `subscriptions[${index}]`).raw('url'))
    .includes(url);
}

/** Long polling brings events only while such a subscription stands; repeating it does no harm. */
export async function subscribeOkLongPoll(graph: OkGraph, signal: AbortSignal): Promise<void> {
  await changeSubscription(graph, 'me/subscribe', { types: OK_EVENTS, longPolling: true }, signal);
}

async function changeSubscription(graph: OkGraph, path: string, body: unknown, signal: AbortSignal): Promise<void> {
  const result = readFields(requireResult(await graph.post(path, body, signal), path), `OK's answer to ${path}`);
  if (result.raw('success') === false)
    throw new OkCallError(`OK answered ${path} with success false: check the address and the group's key`);
}
