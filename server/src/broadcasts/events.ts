import { counter } from '../platform/telemetry.ts';
import type { Reason } from './reach.ts';

const recipients = counter('broadcast_recipients_total', 'People whom broadcasts were for, by what was done.', ['outcome']);

/** A part of a broadcast was given out. */
export function broadcastProgress({ given, excluded }: { given: number; excluded: readonly { reason: Reason }[] }): void {
  if (given > 0) recipients.inc({ outcome: 'given' }, given);
  for (const { reason } of excluded) recipients.inc({ outcome: reason });
}
