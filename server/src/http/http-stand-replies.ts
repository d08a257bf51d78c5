import { AppError } from '../platform/errors.ts';
import type { Replies } from '../replies/replies.ts';

/** For tests of other matters: an account without dialogs, in which nothing can be said. */
export function emptyReplies(): Omit<Replies, 'run' | 'stop'> {
  const none = async (): Promise<never> => {
    throw new AppError('not.found', 'this account has no dialogs');
  };
  return {
    send: none,
    scheduled: none,
    changeScheduled: none,
    cancelScheduled: none,
    editLine: none,
    deleteLine: none,
    showTyping: none,
  };
}
