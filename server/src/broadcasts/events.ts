import { counter, type Logger } from '../platform/telemetry.ts';
import type { Reason } from './reach.ts';

const recipients = counter('broadcast_recipients_total', 'People whom broadcasts were for, by what was done.', ['outcome']);

/** A part of a broadcast was given out. */
export function broadcastProgress({ given, excluded }: { given: number; excluded: readonly { reason: Reason }[] }): void {
  if (given > 0) recipients.inc({ outcome: 'given' }, given);
  for (const { reason } of excluded) recipients.inc({ outcome: reason });
}

/** It could not go on for now: the message of a database error may quote values, so its name and code must do. */
export function broadcastFailed(log: Logger, { broadcastId, error }: { broadcastId: number; error: unknown }): void {
  const { name, code } = error instanceof Error ? (error as Error & { code?: unknown }) : { name: typeof error, code: undefined };
  log.warn({ event: 'broadcast_failed', broadcastId, error: name, code });
}
