import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';

const FOLDER = new URL('../../migrations/', import.meta.url);
// Any fixed number: only one process migrates at a time, the others wait for it and find nothing to do.
const ADVISORY_LOCK = 720_426_001;

/** Applies the numbered SQL files that the database does not have yet, each in its own transaction. Returns their names. */
export async function migrate(databaseUrl: string, folder: URL = FOLDER): Promise<string[]> {
  const files = await migrationFiles(folder);
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'soroka migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCK]);
    await client.query(
      'create table if not exists migration (name text primary key, applied_at timestamptz not null default now())',
    );
    const { rows } = await client.query<{ name: string }>('select name from migration');
    const done = new Set(rows.map((row) => row.name));
    const unknown = [...done].filter((name) => !files.includes(name)).sort();
    if (unknown.length > 0)
      throw new Error(
        `the database was migrated by a newer Soroka (it has ${unknown.join(', ')}): use that version or a newer one`,
      );
    const applied: string[] = [];
    for (const name of files.filter((file) => !done.has(file))) {
      const text = await readFile(new URL(name, folder), 'utf8');
      await client.query('begin');
      try {
        await client.query(text);
        await client.query('insert into migration (name) values ($1)', [name]);
        await client.query('commit');
      } catch (error) {
        await client.query('rollback');
        throw new Error(`migration ${name} failed: ${(error as Error).message}`, { cause: error });
      }
      applied.push(name);
    }
    return applied;
  } finally {
    await client.end();
  }
}

/** Names of migrations that the database still needs; empty when it is current. */
export async function pendingMigrations(databaseUrl: string, folder: URL = FOLDER): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: exists } = await client.query<{ found: boolean }>("select to_regclass('migration') is not null as found");
    if (exists[0]?.found !== true) return await migrationFiles(folder);
    const { rows } = await client.query<{ name: string }>('select name from migration');
    const done = new Set(rows.map((row) => row.name));
    return (await migrationFiles(folder)).filter((name) => !done.has(name));
  } finally {
    await client.end();
  }
}

async function migrationFiles(folder: URL): Promise<string[]> {
  return (await readdir(folder)).filter((name) => /^\d{4}-.+\.sql$/.test(name)).sort();
}
