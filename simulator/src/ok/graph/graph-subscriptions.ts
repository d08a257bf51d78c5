import { type OkResult, type Refused, refuse, respond } from '../ok-errors.ts';
import { OK_EVENT_TYPES } from '../ok-events.ts';
import { readUpdatesRequest } from '../updates.ts';
import type { GraphCall, GraphRoute } from './graph-call.ts';

const TYPES: readonly unknown[] = OK_EVENT_TYPES;

/** A list of event types; all of them where none is given. */
function readTypes(types: unknown): { ok: true; types: readonly string[] } | Refused {
  if (types === undefined) return { ok: true, types: OK_EVENT_TYPES };
  if (!Array.isArray(types) || types.length === 0 || !types.every((type) => TYPES.includes(type))) {
    return refuse('PARAM', `types should be a list of ${OK_EVENT_TYPES.join(', ')}`);
  }
  return { ok: true, types };
}

/** A webhook by `url`, long polling by `longPolling`. Doing it again changes nothing but the types. */
function subscribe({ network, group, body }: GraphCall): OkResult {
  const read = readTypes(body['types']);
  if (!read.ok) return read;
  const { url } = body;
  if (body['longPolling'] === true) network.updates.subscribe(group, read.types);
  else if (typeof url === 'string' && /^https?:\/\/\S+$/.test(url) && URL.canParse(url))
    network.webhooks.add(group, url, read.types);
  else return refuse('PARAM', 'url should be an http or https address, or longPolling true');
  return respond({ success: true });
}

/** [?] Whether OK minds an address that is not subscribed is not known: `success` says it. */
function unsubscribe({ network, group, body }: GraphCall): OkResult {
  const { url } = body;
  if (body['longPolling'] === true) return respond({ success: network.updates.unsubscribe(group) });
  if (typeof url !== 'string') return refuse('PARAM', 'url is required');
  return respond({ success: network.webhooks.remove(group, url) });
}

/** Webhooks in the documented shape; [?] that of long polling is ours. */
function listSubscriptions({ network, group }: GraphCall): OkResult {
  const longPolling = network.updates.subscription(group);
  return respond({
    subscriptions: [
      ...network.webhooks.list(group).map(({ time, url }) => ({ time, url })),
      ...(longPolling === null ? [] : [{ time: longPolling.time, longPolling: true, types: longPolling.types }]),
    ],
  });
}

async function pollUpdates({ network, group, query, gone }: GraphCall): Promise<OkResult> {
  const read = readUpdatesRequest(query, network.settings.values);
  if (!read.ok) return read;
  const unknown = read.request.types?.find((type) => !TYPES.includes(type));
  if (unknown !== undefined) return refuse('PARAM', `types should be a list of ${OK_EVENT_TYPES.join(', ')}`);
  const polled = await network.updates.poll(group, read.request, gone);
  return polled === null ? refuse('NO_SUBSCRIPTION', 'The group has no long polling subscription') : respond(polled);
}

/** How a group is told of its events. Sources: seed 002; contracts/ok.md 3.1 and 3.2. */
export const SUBSCRIPTION_ROUTES: readonly GraphRoute[] = [
  { verb: 'POST', pattern: 'me/subscribe', run: subscribe },
  { verb: 'POST', pattern: 'me/unsubscribe', run: unsubscribe },
  { verb: 'GET', pattern: 'me/subscriptions', run: listSubscriptions },
  { verb: 'GET', pattern: 'me/updates', run: pollUpdates },
];
