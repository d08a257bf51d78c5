import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export interface FreshDatabase extends AsyncDisposable {
  /** For DATABASE_URL. */
  url: string;
}

/** An empty database, without tables, on the PostgreSQL of the test run; dropped at the end with whoever is connected. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const answer = await fetch(inject('testPostgresAddress'));
  if (!answer.ok) throw new Error(`PostgreSQL for the tests did not start: ${await answer.text()}`);
  const { url: serverUrl } = (await answer.json()) as { url: string };
  const name = `soroka_e2e_${randomUUID().replaceAll('-', '')}`;
  const administer = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: serverUrl });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  await administer(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, [Symbol.asyncDispose]: () => administer(`drop database if exists ${name} with (force)`) };
}
