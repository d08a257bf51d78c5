import { counter, type Logger } from '../platform/telemetry.ts';

const visits = counter('oauth_visits_total', 'People who came back from the consent page, by result.', ['result']);
const refreshes = counter('oauth_refreshes_total', 'Refreshes of access tokens, by result.', ['result']);

export function visitEnded(log: Logger, event: { result: string; accountId?: number; connectionId?: number }): void {
  visits.inc({ result: event.result });
  log.info({ event: 'oauth_visit_ended', ...event });
}

export function tokenRefreshed({ result }: { result: string }): void {
  refreshes.inc({ result });
}

export function accessLost(log: Logger, event: { connectionId: number; networkCode: string }): void {
  log.warn({ event: 'oauth_access_lost', ...event });
}
