import { acceptAll, untilNone } from './dispatch.ts';
import { setLimits } from './load-world.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';

const BYTES_WORTH_A_ROW = 5;

/** What a message leaves on disk when all has been done for it: sent, delivered, seen, called back. */
export async function measureLife(town: Town, options: { messages: number; say(line: string): void }): Promise<Section> {
  const { messages, say } = options;
  await town.clear();
  await setLimits(town, 'lifted');
  const before = await diskOf(town);
  say(`life: ${messages} messages from acceptance to the last callback`);
  await acceptAll(town, messages);
  const server = await town.startServer('all');
  await untilNone(town, say, 'without a final status', 'select count(*)::int as left from delivery');
  await untilNone(town, say, 'callbacks to deliver', 'select count(*)::int as left from callback');
  await server.stop();
  const after = await diskOf(town);
  await setLimits(town, 'normal');
  await town.clear();

  const tables = [...after.tables].map(([name, bytes]) => ({
    what: name,
    'bytes a message': (bytes - (before.tables.get(name) ?? 0)) / messages,
  }));
  const total = tables.reduce((sum, row) => sum + row['bytes a message'], 0);
  const large = tables.filter((row) => row['bytes a message'] >= BYTES_WORTH_A_ROW);
  return {
    name: 'life',
    rows: [
      { what: 'all tables', 'bytes a message': total },
      ...large.sort((a, b) => b['bytes a message'] - a['bytes a message']),
      { what: 'written ahead (WAL)', 'bytes a message': (after.walBytes - before.walBytes) / messages },
    ],
    notes: [
      `${messages} messages on both routes, with two statuses each. Tables with their indexes, room of rows that have gone included, before PostgreSQL cleaned up after itself.`,
      'The tables of callbacks delivered and of events are cleared by the server in time (docs/operations.md). What is written ahead passes through the disk once, and is used anew after a checkpoint.',
    ],
  };
}

async function diskOf({ database }: Town): Promise<{ tables: ReadonlyMap<string, number>; walBytes: number }> {
  const { rows } = await database.query<{ name: string; bytes: string }>(
    `select relname as name, pg_total_relation_size(oid) as bytes from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  const wal = await database.query<{ bytes: string }>(`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as bytes`);
  return {
    tables: new Map(rows.map(({ name, bytes }) => [name, Number(bytes)])),
    walBytes: Number(wal.rows[0]?.bytes),
  };
}
