import { counter, gauge, histogram, type Logger } from '../platform/telemetry.ts';

const posts = counter('callback_posts_total', 'Calls of customer endpoints, by form of the body and by how they ended.', [
  'form',
  'outcome',
]);
const settled = counter('callbacks_settled_total', 'Callbacks that were delivered or parked.', ['form', 'result']);
const seconds = histogram(
  'callback_post_seconds',
  'Time from a call of a customer endpoint to the end of its answer.',
  ['form'],
  [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
);
const inFlight = gauge('callback_posts_in_flight', 'Calls of customer endpoints under way in this process.');
const loopFailures = counter(
  'callback_loop_failures_total',
  'Rounds of the callback loop that failed, most often for want of the database.',
);

const opened = counter(
  'callback_breaker_opened_total',
  'Times that calls of an endpoint were stopped for a while because most failed.',
);
const disabled = counter('callback_endpoints_disabled_total', 'Endpoints that were disabled after days of nothing but failures.');

export interface CallbackPosted {
  accountId: number;
  endpointId: number;
  deliveryId: string;
  form: 'status' | 'incoming';
  attempt: number;
  /** How many callbacks it carried. */
  callbacks: number;
  outcome: 'delivered' | 'refused' | 'forbidden' | 'timed_out' | 'failed';
  /** What the callbacks are now. */
  result: 'delivered' | 'waiting' | 'parked';
  problem: string | null;
  durationMs: number;
}

/** One call of a customer's endpoint is over. The URL stays out of the log: customers put tokens and phones into it. */
export function callbackPosted(log: Logger, event: CallbackPosted): void {
  const { form, outcome, result, callbacks } = event;
  posts.inc({ form, outcome });
  seconds.observe({ form }, event.durationMs / 1000);
  if (result !== 'waiting') settled.inc({ form, result }, callbacks);
  const line = { event: 'callback_posted', ...event };
  if (result === 'delivered') log.debug(line);
  else if (result === 'waiting') log.info(line);
  else log.warn(line);
}

/** Most of an endpoint's latest calls failed: it gets none for a while, then one at a time. */
export function breakerOpened(log: Logger, event: { accountId: number; endpointId: number; forMs: number }): void {
  opened.inc();
  log.warn({ event: 'callback_breaker_opened', ...event });
}

/** Nothing but failures for days. Its callbacks are parked until somebody enables it: a person has to look. */
export function endpointDisabled(
  log: Logger,
  event: { accountId: number; endpointId: number; failures: number; failingSince: Date },
): void {
  disabled.inc();
  log.error({ event: 'callback_endpoint_disabled', ...event });
}

/** Callbacks of disabled endpoints were parked without a try. */
export function callbacksParked(forms: readonly ('status' | 'incoming')[]): void {
  for (const form of forms) settled.inc({ form, result: 'parked' });
}

export function callbacksInFlight(calls: number): void {
  inFlight.set(calls);
}

/** The loop goes on; what it had claimed and not called comes back when its lease ends. */
export function callbackLoopFailed(log: Logger, error: unknown): void {
  loopFailures.inc();
  log.error({ event: 'callback_loop_failed', err: error });
}
