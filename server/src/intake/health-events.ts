import { counter, gauge, type Logger } from '../platform/telemetry.ts';

const alarming = gauge(
  'connections_alarming',
  'Connections that need an operator, by problem (token, webhook, long-poll); the same in every process.',
  ['kind', 'problem'],
);
const remade = counter('webhooks_made_again_total', 'Webhooks that a network had lost or changed, and that were made again.', [
  'kind',
]);
const keptAlive = counter('keep_alives_total', 'Calls that keep idle tokens alive, by result (done, failed, stopped).', [
  'kind',
  'result',
]);

export function alarmsCounted(alarms: readonly { kind: string; problem: string }[]): void {
  alarming.reset();
  for (const labels of alarms) alarming.inc(labels);
}

export function problemBegan(log: Logger, event: { connectionId: number; kind: string; problem: string }): void {
  const level = event.problem === 'token' ? 'error' : 'warn';
  log[level]({ event: 'connection_problem', ...event });
}

export function alarmRaised(log: Logger, event: { connectionId: number; problem: string; hours: number }): void {
  log.error({ event: 'connection_alarm', ...event }, 'nothing comes in, or goes out, by this connection: see docs/operations.md');
}

export function problemOver(log: Logger, event: { connectionId: number; problem: string; lastedMs: number }): void {
  log.info({ event: 'connection_problem_over', ...event });
}

export function lastEventsNotWritten(log: Logger, error: unknown): void {
  log.warn({ event: 'last_events_not_written', error: error instanceof Error ? error.message : String(error) });
}

/** `did` are the channel's sentences: they name no address and no secret. */
export function webhookMadeAgain(log: Logger, event: { connectionId: number; kind: string; did: readonly string[] }): void {
  remade.inc({ kind: event.kind });
  log.warn({ event: 'webhook_made_again', ...event });
}

export function tokenKeptAlive(
  log: Logger,
  event: { connectionId: number; kind: string; result: 'done' | 'failed' | 'stopped'; networkCode?: string },
): void {
  keptAlive.inc({ kind: event.kind, result: event.result });
  if (event.result !== 'done') log.warn({ event: 'keep_alive_failed', ...event });
}
