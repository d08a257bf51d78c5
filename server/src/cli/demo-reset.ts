import { DEMO_ACCOUNT, type DemoParts, makeDemoWorld } from '../demo/demo.ts';
import type { Database, Queryable } from '../platform/database.ts';

// This reaches into tables of all modules, which nothing else does: the tables are found in the catalogue, so that one
// added later is not forgotten. A row belongs to the demo by its account, else by its sender, connection or lane.
const SQL = {
  tables: {
    name: 'demo_reset_tables',
    text: `
      select c.table_name as name, array_agg(c.column_name::text) as columns
      from information_schema.columns c
      join information_schema.tables t using (table_schema, table_name)
      where c.table_schema = current_schema() and t.table_type = 'BASE TABLE' and c.table_name <> 'account'
        and c.column_name in ('account_id', 'sender_id', 'connection_id', 'lane_id')
      group by c.table_name`,
  },
  references: {
    name: 'demo_reset_references',
    text: `
      select f.conrelid::regclass::text as "from", f.confrelid::regclass::text as "to"
      from pg_constraint f
      where f.contype = 'f' and f.connamespace = current_schema()::regnamespace and f.conrelid <> f.confrelid`,
  },
} as const;

const OWNED = {
  account_id: 'account_id = $1',
  sender_id: 'sender_id in (select id from sender where account_id = $1)',
  connection_id: 'connection_id in (select id from connection where account_id = $1)',
  // The caps of the demo's groups: after a reset every person may be written to five times again.
  lane_id: `lane_id in (
    select l.id
    from lane l
    where exists (select from connection c where c.account_id = $1 and c.kind = l.network and c.group_id = l.group_id)
  )`,
} as const;

/** Removes everything of the account `demo` but the account itself, whose id running servers hold, and makes the demo world anew. */
export async function resetDemo(
  parts: DemoParts & { database: Database },
  options: { simulatorUrl: string },
): Promise<{ accountId: number; rowsRemoved: number }> {
  const account = await parts.accounts.byName(DEMO_ACCOUNT);
  const rowsRemoved = account === null ? 0 : await parts.database.transaction((tx) => removeRows(tx, account.id));
  if (account !== null) await parts.accounts.setUrls(account.id, { statusUrl: null, incomingUrl: null });
  return { ...(await makeDemoWorld(parts, options)), rowsRemoved };
}

async function removeRows(tx: Queryable, accountId: number): Promise<number> {
  const tables = await tx.rows<{ name: string; columns: string[] }>(SQL.tables);
  const references = await tx.rows<{ from: string; to: string }>(SQL.references);
  let removed = 0;
  for (const name of removalOrder(
    tables.map((table) => table.name),
    references,
  )) {
    const columns = tables.find((table) => table.name === name)?.columns ?? [];
    const column = (Object.keys(OWNED) as (keyof typeof OWNED)[]).find((candidate) => columns.includes(candidate));
    if (column === undefined) continue;
    removed += await tx.run({ name: `demo_reset_${name}`, text: `delete from "${name}" where ${OWNED[column]}` }, [accountId]);
  }
  return removed;
}

// Who refers to others goes first. `sender` and `connection` go last: others are found by them.
function removalOrder(names: readonly string[], references: readonly { from: string; to: string }[]): string[] {
  const finders = ['sender', 'connection'];
  const before = (name: string) => [
    ...references.filter(({ to }) => to === name).map(({ from }) => from),
    ...(finders.includes(name) ? names.filter((other) => !finders.includes(other)) : []),
  ];
  const order: string[] = [];
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name) || !names.includes(name)) return;
    seen.add(name);
    for (const earlier of before(name)) visit(earlier);
    order.push(name);
  };
  for (const name of names) visit(name);
  return order;
}
