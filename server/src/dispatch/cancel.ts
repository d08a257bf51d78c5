import type { Database } from '../platform/database.ts';
import type { ChangeWriter } from './changes.ts';
import { type DecideSettings, decide } from './decide.ts';

/** Cancels a message that still waits and was never sent. See Dispatch.cancel. */
export function cancel(
  parts: { database: Database; changes: ChangeWriter; decideSettings: DecideSettings },
  accountId: number,
  messageId: number,
  now: Date,
): Promise<'cancelled' | 'already_sent' | 'not_found'> {
  return parts.database.transaction(async (tx) => {
    const [message] = await parts.changes.lock(tx, [messageId]);
    if (message === undefined || message.accountId !== accountId) return 'not_found';
    if (message.status === 'CANCELLED') return 'cancelled';
    const change = decide(message, { kind: 'cancelled' }, now.getTime(), parts.decideSettings);
    if (change === null) return 'already_sent';
    await parts.changes.apply(tx, [{ message, change }], now);
    return 'cancelled';
  });
}
