import type { Connection, Connections } from '../connections/connections.ts';
import type { Dialogs, PeerPlace } from '../dialogs/dialogs.ts';
import { AppError } from '../platform/errors.ts';

/** Who asks, and what of the account they see. */
export interface Asker {
  accountId: number;
  /** Null: a program with a key. */
  operatorId: number | null;
  /** `VK:213243638`; null: all of the account. */
  groups: readonly string[] | null;
}

/** A dialog that can be written to. */
export interface Address extends PeerPlace {
  peerId: string;
  connectionId: number;
}

/** Finds how a dialog is reached. Throws `not.found`, and `dialog.unreachable` with the reason. */
export type FindAddress = (asker: Asker, dialogId: number) => Promise<Address>;

export function createFindAddress({
  dialogs,
  connections,
}: {
  dialogs: Pick<Dialogs, 'place'>;
  connections: Pick<Connections, 'ofGroup'>;
}): FindAddress {
  return async ({ accountId, groups }, dialogId) => {
    const place = await dialogs.place(accountId, dialogId, groups);
    if (place === null) throw new AppError('not.found', 'this account has no such dialog');
    const { network, groupId, peerId } = place;
    if (peerId === null) throw new AppError('dialog.unreachable', 'the person has not written to the group yet');
    const own = await connections.ofGroup(network, groupId);
    const community = own.find((one: Connection) => one.accountId === accountId && one.kind === network);
    if (community === undefined)
      throw new AppError(
        'dialog.unreachable',
        'the account has no connection of its own to this group: an upstream takes no replies',
      );
    return { ...place, peerId, connectionId: community.id };
  };
}
