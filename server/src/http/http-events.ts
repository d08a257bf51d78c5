import { counter, histogram, type Logger } from '../platform/telemetry.ts';

const requests = counter('http_requests_total', 'Requests answered, by route as registered.', ['route', 'method', 'status']);
const seconds = histogram(
  'http_request_duration_seconds',
  'From the first byte of a request to the end of its answer.',
  ['route', 'method'],
  [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
);
const answers = counter(
  'http_message_answers_total',
  'Messages answered by POST /vk/messages: OK, or the first reason of the refusal.',
  ['key'],
);

/** `route` is the pattern, never the URL: ids and cursors would be labels without end. */
export function requestServed(
  log: Logger,
  event: { requestId: string; route: string; method: string; status: number; durationMs: number; accountId: number | null },
): void {
  const { route, method, status, durationMs } = event;
  requests.inc({ route, method, status: String(status) });
  seconds.observe({ route, method }, durationMs / 1_000);
  // One line per request would cost more than the request: those that went well are in the metrics.
  if (status >= 500) log.error({ event: 'request_served', ...event });
  else if (status >= 400) log.info({ event: 'request_served', ...event });
  else log.debug({ event: 'request_served', ...event });
}

/** `counts` by key of the answer. */
export function messagesAnswered(counts: ReadonlyMap<string, number>): void {
  for (const [key, count] of counts) answers.inc({ key }, count);
}
