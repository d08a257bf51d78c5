import type { BotEvent, Effect } from '@soroka/bot';
import type { Queryable } from '../platform/database.ts';

type CallRequest = Extract<Effect, { kind: 'call' }>;

/** Something that takes its time: an event at its time, a web request, or an event for a bot in code or outside. */
export type NewTask = { accountId: number; dialogId: number; botId: number | null; dueAt: Date } & Work;
type Work =
  | { kind: 'timer' | 'silence'; key: string; body: BotEvent }
  | { kind: 'turn'; key: string; body: BotEvent }
  | { kind: 'call'; key: string; body: CallRequest };
export type TaskKind = Work['kind'];

/** One that this process has claimed; `tries` counts this one. */
export type Task = NewTask & { id: number; tries: number };

const COLUMNS =
  't.id, t.account_id as "accountId", t.dialog_id as "dialogId", t.bot_id as "botId", t.kind, t.key, t.body, t.due_at as "dueAt", t.tries';

const SQL = {
  add: {
    name: 'bot_task_add',
    text: `
      insert into bot_task (account_id, dialog_id, bot_id, kind, key, body, due_at) values ($1, $2, $3, $4, $5, $6::jsonb, $7)
      on conflict (dialog_id, kind, key) do update
      set bot_id = excluded.bot_id, body = excluded.body, due_at = excluded.due_at, tries = 0, error = null`,
  },
  // Pushed away for the time of a lease: what a process that dies has claimed is due again after it. Turns of a dialog come one after the other.
  claim: {
    name: 'bot_task_claim',
    text: `
      with due as (
        select t.id
        from bot_task as t
        where t.due_at <= $1
          and (t.kind <> 'turn' or not exists (
            select from bot_task as earlier where earlier.dialog_id = t.dialog_id and earlier.kind = 'turn' and earlier.id < t.id
          ))
        order by t.due_at
        limit $3
        for update skip locked
      )
      update bot_task as t set due_at = $2, tries = t.tries + 1
      from due
      where t.id = due.id
      returning ${COLUMNS}`,
  },
  // Only by whoever claimed it last: a process that stood still for longer than its lease must not bring a second result.
  take: { name: 'bot_task_take', text: 'delete from bot_task where id = $1 and tries = $2' },
  putOff: {
    name: 'bot_task_put_off',
    text: 'update bot_task set due_at = $3, error = $4 where id = $1 and tries = $2',
  },
  cancel: { name: 'bot_task_cancel', text: 'delete from bot_task where dialog_id = $1 and kind = $2 and key = $3' },
  cancelAll: { name: 'bot_task_cancel_all', text: 'delete from bot_task where dialog_id = $1' },
} as const;

export async function addTask(tx: Queryable, { accountId, dialogId, botId, kind, key, body, dueAt }: NewTask): Promise<void> {
  await tx.run(SQL.add, [accountId, dialogId, botId, kind, key, JSON.stringify(body), dueAt]);
}

/** Up to so many that are due; each stays this process's own until `leaseUntil`. */
export function claimTasks(database: Queryable, now: Date, leaseUntil: Date, max: number): Promise<Task[]> {
  return database.rows<Task>(SQL.claim, [now, leaseUntil, max]);
}

/** Takes it away with the result that it led to. False where it is gone: the dialog went on without it, or another process has it. */
export async function takeTask(tx: Queryable, { id, tries }: Pick<Task, 'id' | 'tries'>): Promise<boolean> {
  return (await tx.run(SQL.take, [id, tries])) === 1;
}

/** One more try later. */
export async function putOffTask(
  database: Queryable,
  { id, tries }: Pick<Task, 'id' | 'tries'>,
  dueAt: Date,
  error: string,
): Promise<void> {
  await database.run(SQL.putOff, [id, tries, dueAt, error]);
}

export async function cancelTask(tx: Queryable, dialogId: number, kind: TaskKind, key: string): Promise<void> {
  await tx.run(SQL.cancel, [dialogId, kind, key]);
}

/** Everything that a dialog waits for. */
export async function cancelTasks(tx: Queryable, dialogId: number): Promise<void> {
  await tx.run(SQL.cancelAll, [dialogId]);
}
