import type { ActionOutcome, OutgoingAttachment } from '@soroka/channels';
import type { StoredFile } from '../files/files.ts';
import type { Queryable, Transaction } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { createLoop, type Loop } from '../platform/loop.ts';
import type { Address, Asker, FindAddress } from './address.ts';
import type { RepliesParts } from './replies.ts';
import { changeReply, claimReplies, delayReply, forgetReplies, holdReply, type ReplyRow } from './rows.ts';

export interface WorkerParts
  extends Pick<RepliesParts, 'database' | 'clock' | 'log' | 'dialogs' | 'dispatch' | 'files' | 'connections'> {
  findAddress: FindAddress;
  filesOf(on: Queryable, asker: Asker, fileIds: readonly number[]): Promise<readonly StoredFile[]>;
  begin(tx: Transaction, address: Address, row: ReplyRow, attached: readonly StoredFile[]): Promise<ReplyRow>;
  tell(tx: Transaction, place: Pick<Address, 'network' | 'groupId'>, row: ReplyRow): void;
  lineIn(tx: Queryable, dialogId: number, lineId: number): Promise<{ networkId: string | null }>;
}

const AT_ONCE = 4;
const IDLE_MS = 1_000;
// One file may take two minutes on its way to a network (channels, UPLOAD_TIMEOUT_MS).
const UPLOAD_MS_MAX = 300_000;
const LEASE_MS = UPLOAD_MS_MAX + 60_000;
const FIRST_PAUSE_MS = 2_000;
const PAUSE_MS_MAX = 300_000;
/** As long as a reply may wait in its queue: nobody reads it with pleasure later. */
const GIVE_UP_MS = 86_400_000;
const KEPT_MS = 7 * 86_400_000;
const FORGET_MAX = 500;
const REASON_CHARACTERS_MAX = 300;

/** Gives replies whose time has come, and those whose files have to be with the network first. */
export function createReplyWorker(parts: WorkerParts): Loop {
  const { database, clock, log, dialogs, dispatch, files, connections, findAddress, filesOf, begin, tell, lineIn } = parts;
  const now = (): Date => new Date(clock.now());
  const askerOf = ({ accountId, operatorId }: ReplyRow): Asker => ({ accountId, operatorId, groups: null });

  /** Ends it with a sentence for people; its line, where it has one, says that it did not arrive. */
  const fail = (row: ReplyRow, problem: string): Promise<void> =>
    database.transaction(async (tx) => {
      const place = await dialogs.lock(tx, row.dialogId);
      if (place === null) throw new Error('a reply of a dialog that does not exist');
      const held = await holdReply(tx, row.accountId, row.messageId);
      if (held === null || held.state !== row.state) return;
      const failed: ReplyRow = { ...held, state: 'failed', problem: problem.slice(0, REASON_CHARACTERS_MAX) };
      await changeReply(tx, failed, now());
      if (row.state === 'preparing') {
        const { messageId } = row;
        await dialogs.changeStatuses(tx, [{ messageId, network: place.network, status: 'UNDELIVERABLE' }]);
      }
      tell(tx, place, failed);
    });

  const sendScheduled = async (row: ReplyRow): Promise<void> => {
    const asker = askerOf(row);
    const address = await findAddress(asker, row.dialogId);
    await database.transaction(async (tx) => {
      // In the order in which `send` takes them: the dialog first.
      await dialogs.lock(tx, address.dialogId);
      const held = await holdReply(tx, row.accountId, row.messageId);
      if (held?.state !== 'scheduled' || (held.sendAt !== null && held.sendAt > now())) return;
      tell(tx, address, await begin(tx, address, held, await filesOf(tx, asker, held.fileIds)));
    });
  };

  const upload = async (row: ReplyRow, address: Address, signal: AbortSignal): Promise<ActionOutcome<OutgoingAttachment[]>> => {
    const channel = await connections.channel(address.connectionId);
    const done: OutgoingAttachment[] = [];
    for (const fileId of row.fileIds) {
      const outcome = await files.upload(channel, fileId, address, signal);
      if (outcome.kind !== 'done') return outcome;
      done.push(outcome.result);
    }
    return { kind: 'done', result: done };
  };

  const give = (row: ReplyRow, address: Address, attachments: readonly OutgoingAttachment[]): Promise<void> =>
    database.transaction(async (tx) => {
      const held = await holdReply(tx, row.accountId, row.messageId);
      if (held?.state !== 'preparing') return;
      const { messageId, text, replyTo } = held;
      const { accountId, connectionId, network, groupId, peerId, dialogId } = address;
      const line = replyTo === null ? null : await lineIn(tx, dialogId, replyTo).catch(() => null);
      const reply = {
        ...{ accountId, connectionId, network, groupId, peerId, dialogId, messageId, text },
        ...(attachments.length > 0 && { attachments }),
        ...(line !== null && line.networkId !== null && { replyToNetworkId: line.networkId }),
      };
      await dispatch.acceptReplies(tx, [reply]);
      await changeReply(tx, { ...held, state: 'given' }, now());
    });

  const prepare = async (row: ReplyRow, signal: AbortSignal): Promise<void> => {
    const address = await findAddress(askerOf(row), row.dialogId);
    const outcome = await upload(row, address, AbortSignal.any([signal, AbortSignal.timeout(UPLOAD_MS_MAX)]));
    if (outcome.kind === 'done') return give(row, address, outcome.result);
    if (outcome.kind === 'refused') return fail(row, outcome.detail);
    if (outcome.kind === 'stopped') await connections.pause(address.connectionId, outcome.detail.slice(0, REASON_CHARACTERS_MAX));
    await again(row, outcome.kind === 'failed' ? outcome.retryAfterMs : PAUSE_MS_MAX);
  };

  const again = async (row: ReplyRow, waitMs: number): Promise<void> => {
    const began = (row.sendAt ?? row.createdAt).getTime();
    if (clock.now() - began > GIVE_UP_MS) return fail(row, 'the network could not be reached for a day');
    const pauseMs = Math.min(PAUSE_MS_MAX, FIRST_PAUSE_MS * 2 ** Math.min(row.tries, 20));
    await delayReply(database, row.messageId, new Date(clock.now() + Math.max(waitMs, pauseMs)));
  };

  const workOn = async (row: ReplyRow, signal: AbortSignal): Promise<void> => {
    try {
      await (row.state === 'scheduled' ? sendScheduled(row) : prepare(row, signal));
    } catch (error) {
      // What will not be otherwise the next time is told to its author: a colleague took the dialog, a file was removed.
      if (error instanceof AppError && error.status < 500) return fail(row, error.detail);
      log.warn({
        event: 'reply_failed',
        messageId: row.messageId,
        error: error instanceof Error ? error.message : String(error),
      });
      await again(row, 0);
    }
  };

  return createLoop({
    ...{ name: 'replies', clock, log, idleMs: IDLE_MS, everyMs: 0 },
    async step(signal) {
      const claimed = await claimReplies(database, now(), new Date(clock.now() + LEASE_MS), AT_ONCE);
      await Promise.all(claimed.map((row) => workOn(row, signal)));
      const forgotten = await forgetReplies(database, new Date(clock.now() - KEPT_MS), FORGET_MAX);
      return claimed.length > 0 || forgotten > 0;
    },
  });
}
