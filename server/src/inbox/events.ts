import { counter, histogram, type Logger } from '../platform/telemetry.ts';
import type { BodyForm } from './raw-events.ts';

const workedOff = counter('inbox_events_total', 'Incoming bodies worked off, by form and result.', ['form', 'result']);
const delay = histogram(
  'inbox_event_seconds',
  'From the receipt of an incoming body to the end of the work on it.',
  ['form'],
  [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60, 600],
);
const unmatched = counter('inbox_receipts_unmatched_total', 'Receipts of messages that stayed unknown until the last try.');

const followUps = counter(
  'inbox_follow_ups_total',
  'What events ask of their networks afterwards, by kind and result (done, refused, retried, expired, stopped).',
  ['kind', 'result'],
);

export function eventDone(event: { form: BodyForm; waitedMs: number }): void {
  workedOff.inc({ form: event.form, result: 'done' });
  delay.observe({ form: event.form }, Math.max(0, event.waitedMs) / 1_000);
}

/** `problem` is the name of an error, not its message: a message may quote what a person wrote. */
export function eventFailed(log: Logger, event: { rawEventId: number; form: BodyForm; isFinal: boolean; problem: string }): void {
  workedOff.inc({ form: event.form, result: event.isFinal ? 'failed' : 'retried' });
  log.warn({ event: event.isFinal ? 'incoming_failed' : 'incoming_retried', ...event });
}

export function receiptsGivenUp(log: Logger, event: { count: number }): void {
  unmatched.inc(event.count);
  log.warn({ event: 'receipts_unmatched', ...event });
}

/** Answers to buttons, cut messages, chats, names: one call of the network, or some more. */
export function followUpsEnded(
  log: Logger,
  event: {
    connectionId: number;
    kind: string;
    result: 'done' | 'refused' | 'retried' | 'expired' | 'stopped';
    count: number;
  },
): void {
  if (event.count === 0) return;
  followUps.inc({ kind: event.kind, result: event.result }, event.count);
  if (event.result !== 'done') log.info({ event: 'follow_ups_ended', ...event });
}
