import type { Queryable } from '../platform/database.ts';

/** A reply as it is stored: until its time, until its files are with the network, and a while for repeats. */
export interface ReplyRow {
  /** Of its message. */
  messageId: number;
  accountId: number;
  dialogId: number;
  /** Null: a program with a key. */
  operatorId: number | null;
  localId: string;
  contentSha256: Buffer;
  text: string;
  fileIds: readonly number[];
  /** A line of the dialog. */
  replyTo: number | null;
  sendAt: Date | null;
  state: 'scheduled' | 'preparing' | 'given' | 'cancelled' | 'failed';
  problem: string | null;
  tries: number;
  createdAt: Date;
}

export type NewReplyRow = Omit<ReplyRow, 'problem' | 'tries'> & { dueAt: Date };

const COLUMNS = `
  id as "messageId", account_id as "accountId", dialog_id as "dialogId", operator_id as "operatorId", idempotency_key as "localId",
  content_sha256 as "contentSha256", text, file_ids as "fileIds", reply_to as "replyTo", send_at as "sendAt", state, problem, tries,
  created_at as "createdAt"`;

const SQL = {
  insert: {
    name: 'reply_insert',
    text: `
      insert into operator_reply (id, account_id, dialog_id, operator_id, idempotency_key, content_sha256, text, file_ids, reply_to,
        send_at, state, due_at, created_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8::bigint[], $9, $10, $11, $12, $13)
      on conflict (account_id, idempotency_key) do nothing
      returning ${COLUMNS}`,
  },
  ofKey: {
    name: 'reply_of_key',
    text: `select ${COLUMNS} from operator_reply where account_id = $1 and idempotency_key = $2`,
  },
  scheduled: {
    name: 'reply_scheduled',
    text: `
      select ${COLUMNS} from operator_reply
      where account_id = $1 and dialog_id = $2 and state = 'scheduled'
      order by send_at, id`,
  },
  // Whoever changes it and the worker wait for each other.
  hold: { name: 'reply_hold', text: `select ${COLUMNS} from operator_reply where account_id = $1 and id = $2 for update` },
  hasPreparing: {
    name: 'reply_has_preparing',
    text: `select exists (select from operator_reply where dialog_id = $1 and state = 'preparing' and id < $2) as found`,
  },
  // The due time is a lease: who dies leaves them to others. Those of one dialog go in their order.
  claim: {
    name: 'reply_claim',
    text: `
      update operator_reply as r set due_at = $2, tries = r.tries + 1
      from (
        select id from operator_reply as o
        where o.state in ('scheduled', 'preparing') and o.due_at <= $1
          and not exists (
            select from operator_reply as before
            where before.dialog_id = o.dialog_id and before.state = 'preparing' and before.id < o.id and o.state = 'preparing'
          )
        order by o.due_at, o.id
        limit $3
        for update skip locked
      ) as due
      where r.id = due.id
      returning ${COLUMNS.replace('  id as', '  r.id as')}`,
  },
  change: {
    name: 'reply_change',
    text: `
      update operator_reply set text = $2, file_ids = $3::bigint[], send_at = $4, state = $5, problem = $6, due_at = $7
      where id = $1`,
  },
  again: {
    name: 'reply_again',
    text: `update operator_reply set due_at = $2 where id = $1 and state in ('scheduled', 'preparing')`,
  },
  forget: {
    name: 'reply_forget',
    text: `
      delete from operator_reply where id in (
        select id from operator_reply where state in ('given', 'cancelled', 'failed') and created_at < $1 limit $2
      )`,
  },
} as const;

/** Null where the account has one with its key already. */
export async function insertReply(tx: Queryable, row: NewReplyRow): Promise<ReplyRow | null> {
  const [stored] = await tx.rows<ReplyRow>(SQL.insert, [
    ...[row.messageId, row.accountId, row.dialogId, row.operatorId, row.localId, row.contentSha256, row.text, row.fileIds],
    ...[row.replyTo, row.sendAt, row.state, row.dueAt, row.createdAt],
  ]);
  return stored ?? null;
}

export async function replyOfKey(on: Queryable, accountId: number, localId: string): Promise<ReplyRow | null> {
  const [row] = await on.rows<ReplyRow>(SQL.ofKey, [accountId, localId]);
  return row ?? null;
}

/** The next to be sent first. */
export function scheduledReplies(on: Queryable, accountId: number, dialogId: number): Promise<ReplyRow[]> {
  return on.rows<ReplyRow>(SQL.scheduled, [accountId, dialogId]);
}

/** Locked until the transaction ends. */
export async function holdReply(tx: Queryable, accountId: number, messageId: number): Promise<ReplyRow | null> {
  const [row] = await tx.rows<ReplyRow>(SQL.hold, [accountId, messageId]);
  return row ?? null;
}

/** Whether a reply of the dialog waits for its files that was written before this one. */
export async function hasPreparing(tx: Queryable, dialogId: number, beforeId: number): Promise<boolean> {
  const [row] = await tx.rows<{ found: boolean }>(SQL.hasPreparing, [dialogId, beforeId]);
  return row?.found === true;
}

/** Takes what is due until `leaseUntil`. */
export function claimReplies(on: Queryable, now: Date, leaseUntil: Date, max: number): Promise<ReplyRow[]> {
  return on.rows<ReplyRow>(SQL.claim, [now, leaseUntil, max]);
}

export async function changeReply(tx: Queryable, row: ReplyRow, dueAt: Date): Promise<void> {
  await tx.run(SQL.change, [row.messageId, row.text, row.fileIds, row.sendAt, row.state, row.problem, dueAt]);
}

/** Looks at it again then. */
export async function delayReply(on: Queryable, messageId: number, dueAt: Date): Promise<void> {
  await on.run(SQL.again, [messageId, dueAt]);
}

/** Removes up to so many that ended and were made before. Returns how many there were. */
export function forgetReplies(on: Queryable, before: Date, max: number): Promise<number> {
  return on.run(SQL.forget, [before, max]);
}
