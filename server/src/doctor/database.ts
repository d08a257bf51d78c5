import { stat, statfs } from 'node:fs/promises';
import type { Database } from '../platform/database.ts';
import { pendingMigrations } from '../platform/migrations.ts';
import { bad, type Finding, good, unknown } from './finding.ts';

const VERSION_MIN = 15;
// A pool of 16 (platform/database.ts), one that listens, one that looks at the migrations for /readyz.
const CONNECTIONS_PER_PROCESS = 18;
const FREE_BYTES_MIN = 1_073_741_824;

interface Settings {
  version: number;
  fsync: string;
  synchronousCommit: string;
  fullPageWrites: string;
  isStandby: boolean;
  connectionsMax: number;
  connectionsReserved: number;
  /** Null where this user may not see it. */
  dataDirectory: string | null;
}

const SETTINGS = {
  name: 'doctor_settings',
  text: `
    select
      current_setting('server_version_num')::int / 10000 as version, current_setting('fsync') as fsync,
      current_setting('synchronous_commit') as "synchronousCommit", current_setting('full_page_writes') as "fullPageWrites",
      pg_is_in_recovery() as "isStandby", current_setting('max_connections')::int as "connectionsMax",
      current_setting('superuser_reserved_connections')::int as "connectionsReserved",
      case when pg_has_role('pg_read_all_settings', 'usage') then current_setting('data_directory') end as "dataDirectory"`,
};

/** Whether the database keeps what we tell customers it keeps. */
export async function checkDatabase(database: Database, databaseUrl: string): Promise<Finding[]> {
  const [settings] = await database.rows<Settings>(SETTINGS);
  if (settings === undefined) return [];
  return [
    checkVersion(settings),
    checkDurability(settings),
    checkConnections(settings),
    await checkMigrations(databaseUrl),
    await checkDisk(settings.dataDirectory),
  ];
}

function checkVersion({ version, isStandby }: Settings): Finding {
  const about = { group: 'database', name: 'version' } as const;
  if (isStandby)
    return bad(about, 'DATABASE_URL leads to a standby, which takes no writes.', 'Let it lead to the primary server.');
  if (version >= VERSION_MIN) return good(about, `PostgreSQL ${version} answers.`);
  return bad(about, `PostgreSQL ${version} is too old.`, `Upgrade it to version ${VERSION_MIN} or newer.`);
}

// A message answered OK is on disk: that is the promise of POST /vk/messages.
function checkDurability({ fsync, synchronousCommit, fullPageWrites }: Settings): Finding {
  const about = { group: 'database', name: 'durability' } as const;
  const off = Object.entries({ fsync, synchronous_commit: synchronousCommit, full_page_writes: fullPageWrites })
    .filter(([, value]) => value === 'off')
    .map(([name]) => name);
  if (off.length === 0)
    return good(about, 'What is answered OK is on its disk (fsync, synchronous_commit and full_page_writes are on).');
  const found = `${off.join(' and ')} ${off.length === 1 ? 'is' : 'are'} off: messages that were answered OK may be lost with a power cut.`;
  return bad(about, found, `Set ${off.map((name) => `${name} = on`).join(' and ')} in postgresql.conf, and reload PostgreSQL.`);
}

function checkConnections({ connectionsMax, connectionsReserved }: Settings): Finding {
  const about = { group: 'database', name: 'connections' } as const;
  const processes = Math.floor((connectionsMax - connectionsReserved) / CONNECTIONS_PER_PROCESS);
  const found = `It takes ${connectionsMax} connections; a server process uses up to ${CONNECTIONS_PER_PROCESS}: enough for ${processes} of them.`;
  return processes > 0
    ? good(about, found)
    : bad(about, found, 'Raise max_connections in postgresql.conf, and restart PostgreSQL.');
}

async function checkMigrations(databaseUrl: string): Promise<Finding> {
  const about = { group: 'database', name: 'migrations' } as const;
  const pending = await pendingMigrations(databaseUrl);
  if (pending.length === 0) return good(about, 'Its tables are up to date.');
  return bad(about, `Its tables lack ${pending.join(', ')}.`, 'Run "soroka migrate".');
}

async function checkDisk(dataDirectory: string | null): Promise<Finding> {
  const about = { group: 'database', name: 'disk' } as const;
  const isHere = dataDirectory !== null && (await stat(dataDirectory).catch(() => null)) !== null;
  if (!isHere)
    return unknown(about, "The database's disk cannot be seen from here.", 'Watch its free space on the machine where it runs.');
  const { bavail, bsize } = await statfs(dataDirectory);
  if (bavail * bsize >= FREE_BYTES_MIN) return good(about, "There is room on the database's disk.");
  const megabytes = Math.floor((bavail * bsize) / 1_048_576);
  return bad(
    about,
    `Only ${megabytes} MiB are free on the database's disk.`,
    'Make room: without it nothing is accepted any more.',
  );
}
