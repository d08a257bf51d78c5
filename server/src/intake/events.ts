import { counter, histogram, type Logger } from '../platform/telemetry.ts';

const requests = counter('intake_requests_total', 'Requests of networks to /hooks, by kind and the status they got.', [
  'kind',
  'status',
]);
const seconds = histogram(
  'intake_answer_seconds',
  'From the arrival of a network’s request to its answer.',
  ['kind'],
  [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
);
const stored = counter('intake_events_total', 'Incoming bodies, by source and result (new, repeated, unreadable, echo).', [
  'kind',
  'source',
  'result',
]);
const polls = counter('intake_reception_total', 'Long polls and webhook renewals, by result.', ['kind', 'receive', 'result']);

const repeats = counter('intake_repeats_total', 'Requests that a network says it has sent before, by kind.', ['kind']);

export function requestAnswered(event: { kind: string; status: number; ms: number }): void {
  requests.inc({ kind: event.kind, status: String(event.status) });
  seconds.observe({ kind: event.kind }, event.ms / 1_000);
}

/** `count` as the network tells it: VK's X-Retry-Counter. */
export function requestRepeated(log: Logger, event: { kind: string; connectionId: number; count: number }): void {
  repeats.inc({ kind: event.kind });
  log.info({ event: 'webhook_repeated', ...event });
}

export function requestRefused(log: Logger, event: { kind: string; reason: string }): void {
  log.warn({ event: 'webhook_refused', ...event });
}

export function bodyStored(event: {
  kind: string;
  source: 'webhook' | 'long-poll';
  result: 'new' | 'repeated' | 'unreadable' | 'echo';
}): void {
  stored.inc({ ...event });
}

export function confirmationFailed(log: Logger, event: { connectionId: number; error: string }): void {
  log.warn({ event: 'webhook_confirmation_failed', ...event });
}

export function receptionWorked(event: { kind: string; receive: string }): void {
  polls.inc({ ...event, result: 'ok' });
}

export function receptionFailed(
  log: Logger,
  event: { connectionId: number; kind: string; receive: string; error: string; againInMs: number },
): void {
  polls.inc({ kind: event.kind, receive: event.receive, result: 'failed' });
  log.warn({ event: 'reception_failed', ...event });
}
