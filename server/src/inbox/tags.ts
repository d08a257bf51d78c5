import { BrokenBodyError, type InboundEvent } from '@soroka/channels';
import type { Connection } from '../connections/connections.ts';
import type { Dialogs } from '../dialogs/dialogs.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { Transaction } from '../platform/database.ts';
import type { RawEvent } from './incoming.ts';

/** Which notification of ours an upstream's tag means. */
export interface Tags {
  /** Our id; null for a tag of somebody else, or none. */
  answeredBy(tx: Transaction, raw: RawEvent, tag: string | undefined, ofGroup: readonly Connection[]): Promise<number | null>;
  /**
   * An upstream that forwards OK's bodies for several groups does not say which; the notification answered does. Throws
   * `BrokenBodyError` where none of ours is.
   */
  groupOf(tx: Transaction, raw: RawEvent, event: InboundEvent): Promise<string>;
}

export function createTags({
  dispatch,
  dialogs,
}: {
  dispatch: Pick<Dispatch, 'messageIdOf'>;
  dialogs: Pick<Dialogs, 'groupOfMessage'>;
}): Tags {
  const messageOf = async (tx: Transaction, tag: string | undefined, connectionIds: Iterable<number>): Promise<number | null> => {
    if (tag === undefined) return null;
    for (const connectionId of connectionIds) {
      const messageId = await dispatch.messageIdOf(tx, connectionId, tag);
      if (messageId !== null) return messageId;
    }
    return null;
  };

  return {
    answeredBy(tx, raw, tag, ofGroup) {
      // Tags are upstreams' ids: a community's own message ids may look the same and mean something else.
      const upstreamIds = ofGroup.filter(({ kind }) => kind === 'notify').map(({ id }) => id);
      return messageOf(tx, tag, new Set(raw.form === 'notify-incoming' ? [raw.connectionId, ...upstreamIds] : upstreamIds));
    },
    async groupOf(tx, raw, event) {
      const tag = event.kind === 'message' ? event.messageTag : undefined;
      const messageId = await messageOf(tx, tag, [raw.connectionId]);
      const groupId = messageId === null ? null : await dialogs.groupOfMessage(tx, messageId, event.network);
      if (groupId !== null) return groupId;
      throw new BrokenBodyError(
        'group_id',
        'is missing, several groups use this connection, and no notification of ours is answered',
      );
    },
  };
}
