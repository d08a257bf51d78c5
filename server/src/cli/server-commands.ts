import { prepareRestored } from '../dispatch/dispatch.ts';
import { type Config, readConfig, readSecretKey } from '../platform/config.ts';
import { secretKey } from '../platform/config-readers.ts';
import { rotateKey } from '../platform/key-rotation.ts';
import { migrate } from '../platform/migrations.ts';
import { giveBackStartupMemory } from '../platform/startup-memory.ts';
import { type Command, type Surroundings, UsageError } from './command.ts';
import { resetDemo } from './demo-reset.ts';
import { textOrFile } from './values.ts';
import { openWorkplace, reachDatabase } from './workplace.ts';

export const SERVER_COMMANDS: readonly Command[] = [
  {
    name: 'serve',
    summary: 'Run the server until it is told to stop (Ctrl-C, SIGTERM).',
    help: `
Configured by environment variables: docs/configuration.md. Any number of servers may share one database; SOROKA_ROLES says
what each does. Bring the database up to date first, with "soroka migrate".

  export DATABASE_URL=postgres://soroka:password@localhost/soroka SOROKA_SECRET_KEY=$(openssl rand -base64 32)
  soroka migrate && soroka serve`,
    async run(_, surroundings) {
      const server = await surroundings.start(readConfig(surroundings.env));
      giveBackStartupMemory();
      surroundings.tell(`Soroka listens on ${server.url}`);
      await surroundings.untilStopped();
      await server.stop();
      return null;
    },
  },
  {
    name: 'migrate',
    summary: "Bring the database's tables up to date.",
    help: `
Applies the numbered files of server/migrations that the database lacks; safe to run again, and from several machines at once.

  DATABASE_URL=postgres://soroka:password@localhost/soroka soroka migrate`,
    async run(_, surroundings) {
      await using reached = await reachDatabase(configWithoutKey(surroundings.env), surroundings);
      const applied = await migrate(reached.url);
      const sentence = applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.join(', ')}.`;
      return { kind: 'done', sentence };
    },
  },
  {
    name: 'database url',
    summary: 'Print the connection string of the database, for psql and backups; it holds the password.',
    help: `
That of DATABASE_URL, else of the private PostgreSQL in SOROKA_DATA. The private one runs while a server on the same data
folder does.

  psql "$(soroka database url)"
  pg_dump --format custom --file soroka.dump "$(soroka database url)"`,
    async run(_, surroundings) {
      await using reached = await reachDatabase(configWithoutKey(surroundings.env), surroundings);
      return {
        kind: 'value',
        value: reached.url,
        note: 'It holds the password: keep it out of logs.',
        fields: { url: reached.url },
      };
    },
  },
  {
    name: 'database restored',
    summary: 'Make a database that was restored from a dump safe to serve. Once, before any server starts.',
    help: `
What the dump has waiting may have gone out after it was made. Ids go on far ahead of those given out meanwhile; what is due is
sent again under its old key where the network drops repeats, and ends as UNKNOWN where it does not (OK communities). What was
accepted after the dump is lost with it.

  pg_restore --clean --if-exists --dbname "$(soroka database url)" soroka.dump
  soroka database restored`,
    async run(_, surroundings) {
      await using place = await openWorkplace(surroundings);
      return { kind: 'record', fields: { ...(await prepareRestored(place.database, place.connections)) } };
    },
  },
  {
    name: 'secrets rotate',
    summary: 'Put everything that is sealed under a new SOROKA_SECRET_KEY. Servers are stopped meanwhile.',
    flags: {
      'new-key-file': { value: 'FILE', meaning: 'A file with the new key, 32 bytes in base64; - is standard input. Required.' },
    },
    help: `
The old key is that of SOROKA_SECRET_KEY, else of secret.key in SOROKA_DATA. All values change over in one transaction, or none
does; run again, it counts what is under the new key already and takes what a forgotten server sealed under the old one. A backup
opens with the key of its time: keep the old one for as long as the backups.

  openssl rand -base64 32 > new.key
  soroka secrets rotate --new-key-file new.key`,
    async run(given, surroundings) {
      const text = await textOrFile(given, surroundings, 'new-key');
      if (text === undefined) throw new UsageError('--new-key-file must be given.');
      const key = secretKey(text);
      if ('expected' in key) throw new UsageError(`--new-key-file must hold ${key.expected}.`);
      await using place = await openWorkplace(surroundings);
      const { config, database } = place;
      const from = await readSecretKey(config);
      if (from.equals(key.value)) throw new UsageError('--new-key-file holds the key that is in use.');
      const columns = await rotateKey(database, { from, to: key.value });
      const places = config.SOROKA_SECRET_KEY === undefined ? `over ${config.SOROKA_DATA}/secret.key` : 'into SOROKA_SECRET_KEY';
      return {
        kind: 'record',
        fields: {
          changed: columns.reduce((sum, { changed }) => sum + changed, 0),
          already: columns.reduce((sum, { already }) => sum + already, 0),
          columns: columns.map(({ name, changed, already }) => `${name}: ${changed + already}`),
        },
        work: { did: [], left: [`Put the new key ${places} of every server, then start them.`] },
      };
    },
  },
  {
    name: 'demo reset',
    summary: 'Forget everything in the account "demo" and make the demo world anew.',
    flags: { 'simulator-url': { value: 'URL', meaning: 'Where the simulator is. Default: http://127.0.0.1:SIMULATOR_PORT' } },
    help: `
Messages, dialogs, contacts, keys, senders and templates of the account "demo" go; other accounts stay as they are. A server
that runs goes on with the new world within 5 seconds.

  soroka demo reset`,
    async run(given, surroundings) {
      await using place = await openWorkplace(surroundings, { demo: true });
      const simulatorUrl = given.flag('simulator-url') ?? `http://127.0.0.1:${place.config.SIMULATOR_PORT}`;
      const { accountId, rowsRemoved } = await resetDemo(place, { simulatorUrl });
      return { kind: 'record', fields: { account: 'demo', accountId, rowsRemoved } };
    },
  },
];

const UNUSED_KEY = Buffer.alloc(32).toString('base64');

/** For commands that unseal nothing: DATABASE_URL is enough, whoever runs them need not hold the key of the secrets. */
function configWithoutKey({ SOROKA_SECRET_KEY: _, ...env }: Surroundings['env']): Config {
  return readConfig({ ...env, SOROKA_SECRET_KEY: UNUSED_KEY });
}
