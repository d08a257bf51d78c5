import type { Database, Queryable } from './database.ts';
import { rewrap } from './secrets.ts';

/** A column of sealed values, and how many of them were put under the new key or were under it before. */
export interface RotatedColumn {
  /** `table.column` */
  name: string;
  changed: number;
  already: number;
}

// The migration that makes such a column says so in its comment: whoever adds one cannot forget a list elsewhere.
const SEALED_COLUMNS = {
  name: 'secrets.sealed_columns',
  text: `
    select format('%I', c.relname) as "table", format('%I', a.attname) as "column"
    from pg_attribute as a join pg_class as c on c.oid = a.attrelid
    where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and not a.attisdropped
      and col_description(c.oid, a.attnum) = 'sealed'
    order by 1, 2`,
};

/**
 * Puts every sealed value under the master key `to`, in one transaction. Throws where a value opens with neither key, naming its
 * column; nothing is changed then. No server may seal meanwhile: what is sealed under `from` later takes another run.
 */
export function rotateKey(database: Database, { from, to }: { from: Buffer; to: Buffer }): Promise<readonly RotatedColumn[]> {
  return database.transaction(async (tx) => {
    const rotated: RotatedColumn[] = [];
    for (const { table, column } of await tx.rows<{ table: string; column: string }>(SEALED_COLUMNS)) {
      rotated.push(await rotateColumn(tx, table, column, { from, to }));
    }
    return rotated;
  });
}

async function rotateColumn(
  tx: Queryable,
  table: string,
  column: string,
  { from, to }: { from: Buffer; to: Buffer },
): Promise<RotatedColumn> {
  const name = `${table}.${column}`;
  const rows = await tx.rows<{ place: string; sealed: Buffer }>({
    name: `secrets.read.${name}`,
    text: `select ctid::text as place, ${column} as sealed from ${table} where ${column} is not null for update`,
  });
  const changed = rows.flatMap(({ place, sealed }) => {
    try {
      const value = rewrap(sealed, from, to);
      return value === null ? [] : [{ place, value }];
    } catch (error) {
      throw new Error(`a value of ${name} opens with neither key: is SOROKA_SECRET_KEY that of the servers?`, { cause: error });
    }
  });
  // The rows are locked: nobody moves them.
  await tx.run(
    {
      name: `secrets.write.${name}`,
      text: `
        update ${table} set ${column} = fresh.value from unnest($1::text[], $2::bytea[]) as fresh(place, value)
        where ${table}.ctid = fresh.place::tid`,
    },
    [changed.map(({ place }) => place), changed.map(({ value }) => value)],
  );
  return { name, changed: changed.length, already: rows.length - changed.length };
}
