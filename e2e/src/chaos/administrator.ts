import pg from 'pg';

export interface Administrator extends AsyncDisposable {
  client: pg.Client;
}

/** A connection of ours; one that breaks says so with its next query. */
export async function connect(url: string): Promise<Administrator> {
  const client = new pg.Client({ connectionString: url, application_name: 'chaos' });
  client.on('error', () => {});
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}
