import { createHash } from 'node:crypto';
import { REPLY_LIMITS } from '@soroka/api';
import type { Connections } from '../connections/connections.ts';
import type { Attached, Dialogs } from '../dialogs/dialogs.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import { type Events, groupKey } from '../events/events.ts';
import type { Files, StoredFile } from '../files/files.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable, Transaction } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/telemetry.ts';
import { type Address, type Asker, createFindAddress } from './address.ts';
import { createLineChanges, type LineChanges } from './line-changes.ts';
import { changeReply, hasPreparing, holdReply, insertReply, type ReplyRow, replyOfKey, scheduledReplies } from './rows.ts';
import { createReplyWorker } from './worker.ts';

export type { Asker } from './address.ts';
export type { ReplyRow } from './rows.ts';

export interface NewReply {
  /** Made by its author's client: the same one again sends nothing. */
  localId: string;
  text: string;
  fileIds: readonly number[];
  /** Id of a line of the dialog. */
  replyTo: number | null;
  /** Null: at once. */
  sendAt: Date | null;
}

/** What is absent stays. */
export type ScheduledChange = Partial<Pick<NewReply, 'text' | 'fileIds'>> & { sendAt?: Date };

/** What operators and programs say in dialogs, now or later. */
export interface Replies extends LineChanges {
  /**
   * Its line stands in the dialog when this resolves, unless it has a time. Throws `not.found`, `dialog.unreachable`,
   * `parameter.invalid`, `idempotency.key.conflict`, and `conversation.owned` where a colleague has the dialog.
   */
  send(asker: Asker, dialogId: number, reply: NewReply): Promise<ReplyRow>;
  scheduled(asker: Asker, dialogId: number): Promise<readonly ReplyRow[]>;
  /** Throws `not.found`, `message.already.sent`, `parameter.invalid`. */
  changeScheduled(asker: Asker, messageId: number, change: ScheduledChange): Promise<ReplyRow>;
  cancelScheduled(asker: Asker, messageId: number): Promise<ReplyRow>;
  /** Gives what is due, and what its files held up. */
  run(): void;
  stop(): Promise<void>;
}

/** What the desk makes of an answer, in its transaction, which holds the dialog. */
export interface AnsweredDesk {
  /** Throws `conversation.owned` where a colleague has the dialog. */
  answering(tx: Transaction, dialogId: number, operatorId: number): Promise<unknown>;
  answeringElsewhere(tx: Transaction, dialogId: number): Promise<void>;
}

export interface RepliesParts {
  database: Database;
  clock: Clock;
  log: Logger;
  dialogs: Pick<Dialogs, 'place' | 'lock' | 'append' | 'changeStatuses' | 'outgoingLine' | 'editOutgoing' | 'deleteOutgoing'>;
  dispatch: Pick<Dispatch, 'acceptReplies' | 'nextMessageId' | 'replyContent' | 'cancel'>;
  files: Pick<Files, 'list' | 'show' | 'upload'>;
  connections: Pick<Connections, 'ofGroup' | 'channel' | 'pause'>;
  events: Pick<Events, 'note'>;
  desk: AnsweredDesk;
}

const DAY_MS = 86_400_000;

export function createReplies(parts: RepliesParts): Replies {
  const { database, clock, dialogs, dispatch, files, connections, events, desk } = parts;
  const findAddress = createFindAddress(parts);
  const now = (): Date => new Date(clock.now());

  /** The files in their order. Throws `parameter.invalid` where one is not the asker's to send. */
  const filesOf = async (
    on: Queryable,
    { accountId, ...viewer }: Asker,
    fileIds: readonly number[],
  ): Promise<readonly StoredFile[]> => {
    if (fileIds.length === 0) return [];
    const found = await files.list(on, accountId, fileIds, viewer);
    if (found.length === fileIds.length) return found;
    throw new AppError('parameter.invalid', 'this account has no such file, or you may not see it', { field: 'fileIds' });
  };

  const check = async (
    { connectionId }: Address,
    { text, fileIds, sendAt }: Pick<NewReply, 'text' | 'fileIds' | 'sendAt'>,
  ): Promise<void> => {
    if (text.trim() === '' && fileIds.length === 0)
      throw new AppError('parameter.invalid', 'a reply has a text, or files', { field: 'text' });
    const { capabilities } = await connections.channel(connectionId);
    const { textCharactersMax, attachmentsMax } = capabilities;
    if ([...text].length > textCharactersMax)
      throw new AppError('parameter.invalid', `this network takes at most ${textCharactersMax} characters`, { field: 'text' });
    if (fileIds.length > attachmentsMax)
      throw new AppError('parameter.invalid', `this network takes at most ${attachmentsMax} files`, { field: 'fileIds' });
    if (sendAt !== null && sendAt.getTime() > clock.now() + REPLY_LIMITS.aheadDaysMax * DAY_MS)
      throw new AppError('parameter.invalid', `at most ${REPLY_LIMITS.aheadDaysMax} days ahead`, { field: 'sendAt' });
  };

  const tell = (tx: Transaction, place: Pick<Address, 'network' | 'groupId'>, row: ReplyRow): void => {
    const { accountId, dialogId } = row;
    events.note(tx, accountId, [{ kind: 'reply.changed', dialogId, group: groupKey(place), body: shownReply(row) }]);
  };

  /** In a transaction that holds the dialog: its line, and its message where nothing holds it up. */
  const begin = async (tx: Transaction, address: Address, row: ReplyRow, attached: readonly StoredFile[]): Promise<ReplyRow> => {
    const { messageId, operatorId, localId, text, replyTo } = row;
    const { accountId, connectionId, network, groupId, peerId, dialogId } = address;
    if (operatorId === null) await desk.answeringElsewhere(tx, dialogId);
    else await desk.answering(tx, dialogId, operatorId);
    const line = replyTo === null ? null : await lineIn(tx, dialogId, replyTo);
    await files.show(tx, dialogId, row.fileIds);
    await dialogs.append(tx, [
      {
        ...{ dialogId, messageId, source: 'operator', status: 'QUEUED', text, at: now(), localId },
        ...(operatorId !== null && { operatorId }),
        ...(replyTo !== null && { replyTo }),
        ...(attached.length > 0 && { attached: attached.map(shownFile) }),
      },
    ]);
    // What was written after a picture must not be read before it.
    const isHeldUp = row.fileIds.length > 0 || (await hasPreparing(tx, dialogId, messageId));
    if (!isHeldUp) {
      const replyToNetworkId = line?.networkId ?? undefined;
      const where = { accountId, connectionId, network, groupId, peerId, dialogId, messageId, text };
      await dispatch.acceptReplies(tx, [{ ...where, ...(replyToNetworkId !== undefined && { replyToNetworkId }) }]);
    }
    const begun: ReplyRow = { ...row, state: isHeldUp ? 'preparing' : 'given' };
    await changeReply(tx, begun, now());
    if (isHeldUp) tx.afterCommit(() => worker.wake());
    return begun;
  };

  const lineIn = async (tx: Queryable, dialogId: number, lineId: number): Promise<{ networkId: string | null }> => {
    const [line] = await tx.rows<{ networkId: string | null }>(SQL.line, [dialogId, lineId]);
    if (line === undefined) throw new AppError('parameter.invalid', 'the dialog has no such line', { field: 'replyTo' });
    return line;
  };

  const worker = createReplyWorker({ ...parts, findAddress, filesOf, begin, tell, lineIn });

  /** One that waits for its time, held, in a dialog that the asker sees. */
  const heldScheduled = async (
    tx: Transaction,
    asker: Asker,
    messageId: number,
  ): Promise<{ row: ReplyRow; address: Address }> => {
    const row = await holdReply(tx, asker.accountId, messageId);
    if (row === null) throw new AppError('not.found', 'this account has no such reply');
    const address = await findAddress(asker, row.dialogId);
    if (row.state === 'scheduled') return { row, address };
    throw new AppError('message.already.sent', 'only what waits for its time can be changed here');
  };

  return {
    ...createLineChanges({ ...parts, findAddress }),
    async send(asker, dialogId, reply) {
      const address = await findAddress(asker, dialogId);
      await check(address, reply);
      const attached = await filesOf(database, asker, reply.fileIds);
      const contentSha256 = hashOf(dialogId, reply);
      const at = now();
      const isLater = reply.sendAt !== null && reply.sendAt > at;
      return database.transaction(async (tx) => {
        await dialogs.lock(tx, address.dialogId);
        const row = await insertReply(tx, {
          ...reply,
          ...{ messageId: await dispatch.nextMessageId(tx), accountId: asker.accountId, dialogId: address.dialogId },
          ...{ operatorId: asker.operatorId, contentSha256, sendAt: isLater ? reply.sendAt : null, createdAt: at },
          ...{ state: isLater ? 'scheduled' : 'preparing', dueAt: isLater ? (reply.sendAt as Date) : at },
        });
        if (row === null) return repeated(await replyOfKey(tx, asker.accountId, reply.localId), contentSha256);
        if (!isLater) return begin(tx, address, row, attached);
        if (row.replyTo !== null) await lineIn(tx, address.dialogId, row.replyTo);
        tell(tx, address, row);
        return row;
      });
    },
    async scheduled(asker, dialogId) {
      const place = await dialogs.place(asker.accountId, dialogId, asker.groups);
      if (place === null) throw new AppError('not.found', 'this account has no such dialog');
      return scheduledReplies(database, asker.accountId, place.dialogId);
    },
    changeScheduled: (asker, messageId, change) =>
      database.transaction(async (tx) => {
        const { row, address } = await heldScheduled(tx, asker, messageId);
        const changed = { ...row, ...change };
        await check(address, changed);
        await filesOf(tx, asker, changed.fileIds);
        const dueAt = changed.sendAt as Date;
        await changeReply(tx, changed, dueAt);
        tell(tx, address, changed);
        if (dueAt <= now()) tx.afterCommit(() => worker.wake());
        return changed;
      }),
    cancelScheduled: (asker, messageId) =>
      database.transaction(async (tx) => {
        const { row, address } = await heldScheduled(tx, asker, messageId);
        const cancelled: ReplyRow = { ...row, state: 'cancelled' };
        await changeReply(tx, cancelled, now());
        tell(tx, address, cancelled);
        return cancelled;
      }),
    run: worker.run,
    stop: worker.stop,
  };
}

const SQL = {
  line: {
    name: 'reply_line',
    text: 'select network_id as "networkId" from dialog_message where dialog_id = $1 and id = $2 and deleted_at is null',
  },
} as const;

function repeated(stored: ReplyRow | null, contentSha256: Buffer): ReplyRow {
  if (stored === null) throw new AppError('idempotency.key.running', 'the first request with this key is just ending');
  if (stored.contentSha256.equals(contentSha256)) return stored;
  throw new AppError('idempotency.key.conflict', 'the reply with this key is another one');
}

function hashOf(dialogId: number, { text, fileIds, replyTo, sendAt }: NewReply): Buffer {
  const content = JSON.stringify([dialogId, text, fileIds, replyTo, sendAt?.getTime() ?? null]);
  return createHash('sha256').update(content, 'utf8').digest();
}

function shownFile({ id, kind, name, contentType, bytes, width, height, hasThumbnail }: StoredFile): Attached {
  return { kind, name, fileId: id, contentType, bytes, width, height, hasThumbnail };
}

/** A reply as the API and its events show it. */
export function shownReply({ accountId: _, contentSha256: __, tries: ___, sendAt, createdAt, fileIds, ...row }: ReplyRow) {
  return { ...row, fileIds: [...fileIds], sendAt: sendAt?.toISOString() ?? null, createdAt: createdAt.toISOString() };
}
