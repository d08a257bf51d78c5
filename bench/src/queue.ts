import { createCaller } from './http-caller.ts';
import { KEY, messageJson } from './load-world.ts';
import type { Town } from './town.ts';

/** Groups whose queues are filled, where nothing else is said. */
export const QUEUE_GROUPS = 5;
const ROWS_PER_INSERT = 100_000;
/** What a waiting message is rows of. */
export const QUEUE_TABLES = ['message', 'delivery'] as const;

/** How the copies of an accepted message differ from it and from each other: `n` is a copy's number, `place` that of its group. */
const differsOf = (groups: number): Readonly<Record<string, string>> => ({
  id: `s.id + ${groups} * n`,
  message_id: `s.message_id + ${groups} * n`,
  phone: `'7998' || lpad((${groups} * n + s.place)::text, 7, '0')`,
  due_at: `s.due_at + n * interval '1 microsecond'`,
});

/**
 * Messages in the queues of so many groups, due now: one for each group is accepted, the rest are copies of its rows for other
 * people, `7998` and the numbers from 0 on. `bytesEach` is what a waiting message takes on disk, with its indexes. The town must be clear, and nobody sending.
 */
export async function fillQueue(
  town: Town,
  messages: number,
  { groups = QUEUE_GROUPS, say }: { groups?: number; say(line: string): void },
): Promise<{ bytesEach: number }> {
  const { database } = town;
  const caller = createCaller(town.api.url, { connections: 1 });
  const seeds = Array.from({ length: groups }, (_, index) => messageJson(index, groups));
  const headers = { Authorization: `Key ${KEY}`, 'Content-Type': 'application/json' };
  const answer = await caller.post('/vk/messages', `[${seeds.join(',')}]`, headers);
  caller.close();
  if (answer.status !== 200 || answer.body.includes('REJECTED')) throw new Error(`refused: ${answer.body.slice(0, 300)}`);

  const copies = Math.ceil(messages / groups) - 1;
  const step = ROWS_PER_INSERT / groups;
  for (let from = 1; from <= copies; from += step) {
    for (const table of QUEUE_TABLES) await copySeeds(town, table, { groups, from, to: Math.min(copies, from + step - 1) });
    if (from > 1 && (from - 1) % (10 * step) === 0) say(`  ${(from - 1) * groups} are in the queue`);
  }
  await database.query(`select setval('message_id', (select max(id) from message))`);
  await database.query(`vacuum (analyze) ${QUEUE_TABLES.join(', ')}`);
  await database.query('checkpoint');
  const { rows } = await database.query<{ bytes: string }>(
    `select sum(pg_total_relation_size(name::regclass)) as bytes from unnest($1::text[]) as name`,
    [QUEUE_TABLES],
  );
  return { bytesEach: Number(rows[0]?.bytes) / messages };
}

/** The rows of the table that acceptance wrote, whatever columns they have, `from` to `to`. */
async function copySeeds(
  { database }: Town,
  table: (typeof QUEUE_TABLES)[number],
  { groups, from, to }: { groups: number; from: number; to: number },
): Promise<void> {
  const differs = differsOf(groups);
  const { rows } = await database.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [table],
  );
  const columns = rows.map(({ name }) => name);
  const id = table === 'message' ? 'id' : 'message_id';
  await database.query(
    `
    insert into ${table} (${columns.join(', ')})
    select ${columns.map((name) => differs[name] ?? `s.${name}`).join(', ')}
    from generate_series($1::bigint, $2::bigint) as n
    cross join (select *, row_number() over (order by ${id}) - 1 as place from ${table} order by ${id} limit ${groups}) as s`,
    [from, to],
  );
}
