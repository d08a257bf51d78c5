import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import type { Town } from './town.ts';

/** A database that does nothing but take rows: what acceptance is held against. */
export interface BareInsert {
  /** Inserts `perRequest` rows in one statement and one commit. */
  insert(): Promise<void>;
  close(): Promise<void>;
}

const ROWS_READ_MAX = 20_000;

// The columns that acceptance writes and their types (server/src/dispatch/insert-accepted.ts). Here each is an array of its own, as
// one writes such an insert; acceptance hands over once what messages have in common, and so may come nearer than its work allows.
const MESSAGE_COLUMNS = {
  id: 'bigint',
  sender_id: 'bigint',
  service: 'text',
  template_id: 'int',
  phone: 'text',
  text: 'text',
  template_data: 'json',
  delivery_policy: 'text',
  steps: 'jsonb',
  windows: 'jsonb',
  status_url: 'text',
  callback_data: 'json',
  client_message_id: 'text',
  channel: 'text',
  expires_at: 'timestamptz',
} as const;
const DELIVERY_COLUMNS = { lane_id: 'int', connection_id: 'bigint', due_at: 'timestamptz', step_ends_at: 'timestamptz' } as const;
const COLUMNS = Object.entries({ ...MESSAGE_COLUMNS, ...DELIVERY_COLUMNS });

const INSERT = `
  with stored as (
    insert into bare.message (account_id, created_at, kind, ${Object.keys(MESSAGE_COLUMNS).join(', ')})
    select $1, $2, 'notification', m.*
    from unnest(${parameters(MESSAGE_COLUMNS, 3)}) as m
  )
  insert into bare.delivery (account_id, priority, message_id, expires_at, ${Object.keys(DELIVERY_COLUMNS).join(', ')})
  select $1, 1, d.*
  from unnest($3::bigint[], $17::timestamptz[], ${parameters(DELIVERY_COLUMNS, 18)}) as d`;

/** Reads back what the server has stored, into tables made like its own, with the same indexes and fill factors. */
export async function prepareBareInsert({ database }: Town, perRequest: number): Promise<BareInsert> {
  await database.query('drop schema if exists bare cascade; create schema bare');
  for (const table of ['message', 'delivery']) await copyTable(database, table);
  const batches = inBatches(await readRows(database), perRequest);
  let nextBatch = 0;
  let nextId = 1;
  return {
    async insert() {
      const columns = batches[nextBatch++ % batches.length] ?? [];
      const ids = Array.from({ length: perRequest }, () => nextId++);
      await database.query({ name: 'bare_insert', text: INSERT, values: [1, new Date(), ids, ...columns.slice(1)] });
    },
    async close() {
      await database.query('drop schema bare cascade');
    },
  };
}

/** `including all` has indexes, defaults and checks; the fill factor it leaves out. */
async function copyTable(database: pg.Pool, table: string): Promise<void> {
  const { rows } = await database.query<{ options: string | null }>(
    `select array_to_string(reloptions, ', ') as options from pg_class where oid = $1::regclass`,
    [`public.${table}`],
  );
  const options = rows[0]?.options ?? null;
  await database.query(
    `create table bare.${table} (like public.${table} including all)${options === null ? '' : ` with (${options})`}`,
  );
}

type Row = Readonly<Record<string, unknown>>;

async function readRows(database: pg.Pool): Promise<Row[]> {
  // As the server hands them over: JSON as text, numbers as numbers, times as dates.
  const selected = COLUMNS.map(([name, type]) => {
    const column = `${name in MESSAGE_COLUMNS ? 'm' : 'd'}.${name}`;
    if (type === 'json' || type === 'jsonb') return `${column}::text`;
    return type === 'bigint' ? `${column}::float8` : column;
  });
  const { rows } = await database.query<Row>(
    `select ${selected.join(', ')} from message as m join delivery as d on d.message_id = m.id order by m.id desc limit ${ROWS_READ_MAX}`,
  );
  if (rows.length === 0) throw new Error('the server has stored no message whose rows could be inserted');
  return rows;
}

/** Columns of `perRequest` rows each; rows come again where there are too few. */
function inBatches(rows: readonly Row[], perRequest: number): unknown[][][] {
  const count = Math.max(1, Math.floor(rows.length / perRequest));
  return Array.from({ length: count }, (_, batch) => {
    const own = Array.from({ length: perRequest }, (__, index) => rows[(batch * perRequest + index) % rows.length] as Row);
    return COLUMNS.map(([name]) => own.map((row) => row[name]));
  });
}

function parameters(columns: Readonly<Record<string, string>>, first: number): string {
  return Object.values(columns)
    .map((type, index) => `$${first + index}::${type}[]`)
    .join(', ');
}

/** What was written before is on disk, so that no earlier run's checkpoint falls into the next one. */
export async function settleDatabase(database: pg.Pool): Promise<void> {
  await database.query('checkpoint');
  await wait(500);
}
