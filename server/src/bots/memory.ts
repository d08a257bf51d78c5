import type { BotState } from '@soroka/bot';
import type { Queryable } from '../platform/database.ts';
import { gathered, gatheredOne } from '../platform/gathered.ts';

/** What a bot knows of one dialog before an event. */
export interface Memory {
  /** Undefined: nothing yet. */
  state: BotState | undefined;
  /** How much it has said since when: see `SAYS_A_MINUTE_MAX`. */
  saidSince: Date;
  said: number;
}

interface MemoryRow {
  botId: number | null;
  state: BotState;
  saidSince: Date;
  said: number;
}

const SQL = {
  load: {
    name: 'bot_memory_load',
    text: `
      select asked.dialog_id as "dialogId", m.*
      from unnest($1::bigint[]) as asked(dialog_id)
      cross join lateral (
        select bot_id as "botId", state, said_since as "saidSince", said from bot_memory where dialog_id = asked.dialog_id limit 1
      ) as m`,
  },
  store: {
    name: 'bot_memory_store',
    text: `
      insert into bot_memory (dialog_id, account_id, bot_id, state, said_since, said)
      select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::jsonb[], $5::timestamptz[], $6::int[])
      on conflict (dialog_id) do update
      set bot_id = excluded.bot_id, state = excluded.state, said_since = excluded.said_since, said = excluded.said`,
  },
  adopt: {
    name: 'bot_memory_adopt',
    text: `
      with moved as (
        update bot_memory set dialog_id = $2 where dialog_id = $1 and not exists (select from bot_memory where dialog_id = $2)
      )
      update bot_task as t set dialog_id = $2
      where dialog_id = $1
        and not exists (select from bot_task as own where own.dialog_id = $2 and own.kind = t.kind and own.key = t.key)`,
  },
  forget: {
    name: 'bot_memory_forget',
    text: 'with gone as (delete from bot_memory where dialog_id = $1) delete from bot_task where dialog_id = $1',
  },
} as const;

const NOTHING: Memory = { state: undefined, saidSince: new Date(0), said: 0 };

const rowOf = gatheredOne(async (tx: Queryable, dialogIds: readonly number[]) => {
  const rows = await tx.rows<MemoryRow & { dialogId: number }>(SQL.load, [dialogIds]);
  const ofDialog = new Map(rows.map(({ dialogId, ...row }): [number, MemoryRow] => [dialogId, row]));
  return dialogIds.map((dialogId) => ofDialog.get(dialogId));
});

const storeRows = gathered(async (tx: Queryable, rows: readonly (MemoryRow & { dialogId: number; accountId: number })[]) => {
  await tx.run(SQL.store, [
    rows.map(({ dialogId }) => dialogId),
    rows.map(({ accountId }) => accountId),
    rows.map(({ botId }) => botId),
    rows.map(({ state }) => JSON.stringify(state)),
    rows.map(({ saidSince }) => saidSince),
    rows.map(({ said }) => said),
  ]);
  return [];
});

/** What this bot remembers of the dialog, which the transaction holds; what another one left there is none of it. */
export async function loadMemory(
  tx: Queryable,
  dialogId: number,
  botId: number | null,
): Promise<Memory & { isAnothers: boolean }> {
  const row = await rowOf(tx, dialogId);
  if (row === undefined) return { ...NOTHING, isAnothers: false };
  return row.botId === botId ? { ...row, isAnothers: false } : { ...NOTHING, isAnothers: true };
}

/** Writes it down where it has changed. */
export async function storeMemory(
  tx: Queryable,
  of: { dialogId: number; accountId: number; botId: number | null },
  before: Memory,
  after: Memory,
): Promise<void> {
  const { state, saidSince, said } = after;
  if (state === undefined || (JSON.stringify(state) === JSON.stringify(before.state ?? EMPTY) && said === before.said)) return;
  await storeRows(tx, [{ ...of, state, saidSince, said }]);
}

/** What a first event leaves that changed nothing: it need not be stored. */
export const EMPTY: BotState = { variables: {}, cooldowns: {}, misunderstood: 0, nextId: 1 };

/** Two dialogs turned out to be one person's: what was begun in either goes on in the one that stays, its own first. */
export async function adoptMemory(tx: Queryable, fromDialogId: number, intoDialogId: number): Promise<void> {
  await tx.run(SQL.adopt, [fromDialogId, intoDialogId]);
  await tx.run(SQL.forget, [fromDialogId]);
}

/** The memory of a conversation that is over: what went on in it is left, its session and its counters stay. */
export function withoutScenario(state: BotState): BotState {
  const { scenario: _, scene: __, ...kept } = state;
  return { ...kept, variables: {} };
}
