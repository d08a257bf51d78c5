import { chmod, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runSoroka, SERVER } from '../command-line.ts';
import { type Program, SIMULATOR, startProgram } from '../town.ts';
import { connect } from './administrator.ts';
import type { ClusterPlace } from './cluster.ts';
import { isByCommunity, type LoadLane, senderOf, sendersOf, TEN_QUEUES } from './lanes.ts';

const VK_GROUP_FIRST = 300_000_000;
const OK_GROUP_FIRST = 71_000_000_000_000;
// As the simulator makes them of phones (simulator/README.md).
const PHONE_PREFIX = '7998';
const VK_USER_FIRST = 500_000_000;
const OK_USER_FIRST = 580_000_000_000;

// Senders $1 by the upstream of the demo world, each with a group of its own on either network, and the template of the
// demo world.
const ADD_SENDERS = `
  with made as (
    insert into sender (account_id, name)
    select a.id, wanted.name from account as a, unnest($1::text[]) as wanted(name) where a.name = 'demo'
    returning id, account_id, array_position($1::text[], name) - 1 as n
  ), routed as (
    insert into sender_route (sender_id, account_id, route, provider, connection_id, group_id)
    select made.id, made.account_id, r.route, 'notify', c.id, (r.first_group + made.n)::text
    from made
    join connection as c on c.account_id = made.account_id and c.kind = 'notify'
    cross join (values ('VK', $2::bigint), ('OK', $3::bigint)) as r(route, first_group)
  )
  insert into template_sender (account_id, template_id, sender_id) select account_id, 4, id from made`;

/** What every scenario starts from: the networks, and a stopped database with the senders and people of the load, to be copied. */
export interface Base extends AsyncDisposable {
  /** All that this run writes is in it, and goes with it. */
  folder: string;
  simulator: Program;
  cluster: ClusterPlace;
  /** SOROKA_SECRET_KEY: what is sealed in the database was sealed with it. */
  secretKey: string;
}

/** Lets the product make its demo world on a private PostgreSQL of its own, and adds so many senders of the load. */
export async function prepareBase(senders = sendersOf(undefined)): Promise<Base> {
  const folder = await mkdtemp(join(tmpdir(), 'soroka-chaos-'));
  await chmod(folder, 0o755); // so that as root, too, the account that runs PostgreSQL reaches it there
  const simulator = await startProgram([SIMULATOR, '--port', '0'], {});
  const dispose = async (): Promise<void> => {
    await simulator.end('SIGTERM');
    await rm(folder, { recursive: true, force: true, maxRetries: 10 }); // who was interrupted has writers in it yet
  };
  try {
    const env = { SOROKA_DATA: folder, PORT: '0', SOROKA_METRICS_PORT: 'off', SIMULATOR_PORT: new URL(simulator.url).port };
    const server = await startProgram([SERVER, 'demo-server'], env);
    try {
      const cluster = await clusterOf(folder);
      await addLoad(cluster, senders, folder, env);
      return {
        folder,
        simulator,
        cluster,
        secretKey: await readLine(join(folder, 'secret.key')),
        [Symbol.asyncDispose]: dispose,
      };
    } finally {
      await server.end('SIGTERM');
    }
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Where the product has put its cluster, and with which programs it runs it. */
async function clusterOf(dataFolder: string): Promise<ClusterPlace> {
  const own = join(dataFolder, 'postgres');
  const home = await readLine(join(own, 'location')).catch(() => own);
  const folder = join(home, 'cluster');
  const postmaster = await readLine(join(folder, 'postmaster.pid'));
  return {
    folder,
    binariesFolder: dirname(await readlink(`/proc/${postmaster}/exe`)),
    credentials: { user: 'soroka', password: await readLine(join(own, 'password')), database: 'soroka' },
  };
}

async function addLoad(
  { folder, credentials }: ClusterPlace,
  senders: number,
  dataFolder: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const port = (await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n')[3]; // storage/pidfile.h
  const { user, password, database } = credentials;
  {
    const names = Array.from({ length: senders }, (_, index) => senderOf(index));
    await using administrator = await connect(`postgres://${user}:${password}@127.0.0.1:${port}/${database}`);
    await administrator.client.query(ADD_SENDERS, [names, VK_GROUP_FIRST, OK_GROUP_FIRST]);
  }

  const file = join(dataFolder, 'people.csv');
  const { lanes, requestsMax, phoneOf } = TEN_QUEUES;
  const laneOf = (message: number): LoadLane => lanes[message % lanes.length] as LoadLane;
  const messages = Array.from({ length: requestsMax * lanes.length }, (_, message) => message);
  const known = messages.filter((message) => isByCommunity(laneOf(message))).map(phoneOf);
  const rows = known.map((phone) => {
    const number = Number(phone.slice(PHONE_PREFIX.length));
    return `${phone},${VK_USER_FIRST + number},${OK_USER_FIRST + number},test`;
  });
  await writeFile(file, `phone,vk,ok,consent\n${rows.join('\n')}\n`);
  const { code, note } = await runSoroka(['contact', 'import', file, '--account', 'demo'], env);
  if (code !== 0) throw new Error(`the people could not be imported: ${note}`);
}

const readLine = async (file: string): Promise<string> => (await readFile(file, 'utf8')).split('\n')[0]?.trim() ?? '';
