import { ApiError, type Client } from '@soroka/api';
import type { OutboxItem, SendOutcome } from './outbox.ts';

/** Refusals that another try may not meet: who asks too often, and a first try that is not over yet. */
const PASSING: readonly (string | null)[] = ['rate.limit', 'idempotency.key.running', 'request.timeout'];

/** How an outbox gives what it holds to the server: the item's local id is the key, so that no try is said twice. */
export function createReplySender(client: Pick<Client, 'sendReply'>): (item: OutboxItem) => Promise<SendOutcome> {
  return async ({ localId, dialogId, text, fileIds, replyTo }) => {
    try {
      const { messageId } = await client.sendReply({
        path: { dialogId },
        headers: { 'Idempotency-Key': localId },
        body: { text, ...(fileIds !== undefined && { fileIds: [...fileIds] }), ...(replyTo !== undefined && { replyTo }) },
      });
      return { kind: 'sent', messageId };
    } catch (error) {
      if (!(error instanceof ApiError)) return { kind: 'unknown' };
      // Something between us and the server answered, or the server is in trouble: nobody knows whether it arrived.
      if (error.code === null || error.status >= 500 || PASSING.includes(error.code)) return { kind: 'unknown' };
      return { kind: 'refused', code: error.code };
    }
  };
}
