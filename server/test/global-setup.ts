import { createServer } from 'node:http';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../src/platform/migrations.ts';
import { startPrivatePostgres } from './private-postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Answers GET with a `TestPostgres`; the first request starts PostgreSQL. */
    testPostgresAddress: string;
  }
}

/** A PostgreSQL for the tests of one run: `url` of its superuser, and the name of the database to clone. */
export interface TestPostgres {
  url: string;
  template: string;
}

/**
 * One PostgreSQL for the whole run, started when the first test asks for a database: a run without such tests does not wait
 * for it. SOROKA_TEST_DATABASE_URL names a server to use instead of a private one; its user must be allowed to create databases.
 */
// biome-ignore lint/style/noDefaultExport: vitest calls the default export of a global setup.
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  let started: Promise<TestPostgres & { stop: () => Promise<void> }> | undefined;
  const server = createServer((_, response) => {
    started ??= start();
    started.then(
      ({ url, template }) => response.end(JSON.stringify({ url, template })),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the test setup has no port');
  project.provide('testPostgresAddress', `http://127.0.0.1:${address.port}/`);

  return async () => {
    server.close();
    server.closeAllConnections();
    await started?.then(({ stop }) => stop()).catch(() => {}); // a failed start was told to the test that asked
  };
}

async function start(): Promise<TestPostgres & { stop: () => Promise<void> }> {
  const given = process.env['SOROKA_TEST_DATABASE_URL'];
  const postgres = given === undefined ? await startPrivatePostgres() : { url: given, stop: async () => {} };
  const template = `soroka_template_${process.pid}_${Date.now()}`;
  try {
    await administer(postgres.url, `create database ${template}`);
    const url = new URL(postgres.url);
    url.pathname = `/${template}`;
    await migrate(url.href);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  const stop = async () => {
    await administer(postgres.url, `drop database ${template} with (force)`);
    await postgres.stop();
  };
  return { url: postgres.url, template, stop };
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
