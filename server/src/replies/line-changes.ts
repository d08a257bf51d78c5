import type { ActionOutcome, Capabilities, Channel } from '@soroka/channels';
import type { OutgoingLine } from '../dialogs/dialogs.ts';
import { AppError } from '../platform/errors.ts';
import type { Address, Asker, FindAddress } from './address.ts';
import type { RepliesParts } from './replies.ts';
import { changeReply, holdReply } from './rows.ts';

/** What can be done with a line after it was sent, and besides sending. */
export interface LineChanges {
  /**
   * New words in the network and in the history; false where they are the old ones. Throws `not.found`, `dialog.unreachable`,
   * `message.unchangeable`, `network.refused`, `network.away`.
   */
  editLine(asker: Asker, dialogId: number, lineId: number, text: string): Promise<boolean>;
  /** For everybody; one that waits is cancelled. False where it is gone already. Throws as `editLine`. */
  deleteLine(asker: Asker, dialogId: number, lineId: number): Promise<boolean>;
  /** False where the network cannot show it. What it answers is not waited for. Throws `not.found`, `dialog.unreachable`. */
  showTyping(asker: Asker, dialogId: number): Promise<boolean>;
}

const CALL_TIMEOUT_MS = 10_000;

interface LineChangesParts extends Pick<RepliesParts, 'database' | 'clock' | 'dialogs' | 'dispatch' | 'connections'> {
  findAddress: FindAddress;
}

export function createLineChanges(parts: LineChangesParts): LineChanges {
  const { database, clock, dialogs, dispatch, connections, findAddress } = parts;
  const now = (): Date => new Date(clock.now());

  const find = async (asker: Asker, dialogId: number, lineId: number): Promise<{ address: Address; line: OutgoingLine }> => {
    const address = await findAddress(asker, dialogId);
    const line = await dialogs.outgoingLine(database, address.dialogId, lineId);
    if (line === null) throw new AppError('not.found', 'the dialog has no such line of the group');
    if (line.kind !== 'message') throw new AppError('message.unchangeable', 'no network has this line');
    return { address, line };
  };
  /** Throws `message.unchangeable` where the network cannot, or has not got it. */
  const inNetwork = async (can: 'edits' | 'deletes', { connectionId, peerId }: Address, { networkId }: OutgoingLine) => {
    const channel = await connections.channel(connectionId);
    if (!channel.capabilities[can satisfies keyof Capabilities])
      throw new AppError('message.unchangeable', `this network lets nobody ${can === 'edits' ? 'edit' : 'delete'} a message`);
    if (networkId === null)
      throw new AppError('message.unchangeable', 'the network has not taken it, or not said what it calls it');
    return { channel, target: { peerId, networkId } };
  };
  /** False where it is being sent. */
  const cancelWaiting = async (accountId: number, { network }: Address, messageId: number): Promise<boolean> => {
    const isPreparing = await database.transaction(async (tx) => {
      const row = await holdReply(tx, accountId, messageId);
      if (row?.state !== 'preparing') return false;
      await changeReply(tx, { ...row, state: 'cancelled' }, now());
      await dialogs.changeStatuses(tx, [{ messageId, network, status: 'CANCELLED' }]);
      return true;
    });
    return isPreparing || (await dispatch.cancel(accountId, messageId)) === 'cancelled';
  };
  const call = async (
    act: (channel: Channel, signal: AbortSignal) => Promise<ActionOutcome> | undefined,
    channel: Channel,
  ): Promise<void> => {
    const outcome = await act(channel, AbortSignal.timeout(CALL_TIMEOUT_MS));
    if (outcome === undefined) throw new AppError('message.unchangeable', 'this network has no such call');
    if (outcome.kind === 'refused') throw new AppError('network.refused', `${outcome.networkCode}: ${outcome.detail}`);
    if (outcome.kind !== 'done') throw new AppError('network.away', `${outcome.networkCode}: ${outcome.detail}`);
  };

  return {
    async editLine(asker, dialogId, lineId, text) {
      const { address, line } = await find(asker, dialogId, lineId);
      if (line.deletedAt !== null) throw new AppError('message.unchangeable', 'it was taken back');
      if (line.text === text) return false;
      const { channel, target } = await inNetwork('edits', address, line);
      const { textCharactersMax } = channel.capabilities;
      if ([...text].length > textCharactersMax)
        throw new AppError('parameter.invalid', `this network takes at most ${textCharactersMax} characters`, { field: 'text' });
      // An edit replaces all of a message: what stays has to be said again.
      const content = line.messageId === null ? null : await dispatch.replyContent(database, asker.accountId, line.messageId);
      const { keyboard } = line;
      const kept = { ...(keyboard !== null && { keyboard }), ...(content?.attachments && { attachments: content.attachments }) };
      await call((of, signal) => of.edit?.(target, { text, ...kept }, signal), channel);
      await database.transaction((tx) => dialogs.editOutgoing(tx, lineId, text, now()));
      return true;
    },
    async deleteLine(asker, dialogId, lineId) {
      const { address, line } = await find(asker, dialogId, lineId);
      if (line.deletedAt !== null) return false;
      const { messageId, status } = line;
      if (messageId !== null && status === 'QUEUED') {
        if (await cancelWaiting(asker.accountId, address, messageId)) return true;
        throw new AppError('message.unchangeable', 'it is on its way: try again when the network has taken it');
      }
      const { channel, target } = await inNetwork('deletes', address, line);
      await call((of, signal) => of.delete?.(target, signal), channel);
      await database.transaction((tx) => dialogs.deleteOutgoing(tx, lineId, now()));
      return true;
    },
    async showTyping(asker, dialogId) {
      const { connectionId, peerId } = await findAddress(asker, dialogId);
      const channel = await connections.channel(connectionId);
      if (!channel.capabilities.showsTyping || channel.showTyping === undefined) return false;
      void channel.showTyping(peerId, AbortSignal.timeout(CALL_TIMEOUT_MS)).catch(() => {}); // by its contract it never throws
      return true;
    },
  };
}
