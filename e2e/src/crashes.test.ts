import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runSoroka, sorokaJson } from './command-line.ts';
import { eventually, type InboxEntry, type Json, type Program, someone, startTown, type Town } from './town.ts';

/** Messages of one kind: one to each of `count` people, whose numbers begin at `from`. */
interface Load {
  service: string;
  route: 'VK' | 'OK';
  from: number;
  count: number;
}
// Of groups of their own, and so in queues of their own: all of them go out at the same time.
const BY_NOTIFY: Load = { service: 'Group_name', route: 'VK', from: 100_000, count: 500 };
const BY_VK: Load = { service: 'Crash', route: 'VK', from: 200_000, count: 120 }; // 18 calls a second
const BY_OK: Load = { service: 'Crash', route: 'OK', from: 300_000, count: 500 };
const LOADS = [BY_NOTIFY, BY_VK, BY_OK];
const BY_NOTIFY_ON_OK: Load = { service: 'Group_name', route: 'OK', from: 400_000, count: 200 };
/** The server is killed when so many of the 500 have gone out; each time all three kinds are in the middle. */
const KILLED_AT = [80, 170, 260];

// Half a minute where nothing else runs; three restarts take their time on a busy machine.
const RUN_WITHIN_MS = 240_000;

let town: Town;
let env: Record<string, string>;
beforeAll(async () => {
  town = await startTown({ env: { SOROKA_LANE_LEASE_MS: '2000' } });
  env = { SOROKA_DATA: town.dataFolder };
  await addCommunities();
  await importContacts([...LOADS, ...LOADS.map(afterwards)]);
  // Long enough for calls to be on their way when the server dies.
  await town.control('/faults', { network: 'ok', delayMs: [100, 300] });
});
afterAll(async () => {
  await town?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  expect(await town.violations()).toEqual([]);
});

const people = ({ from, count }: Load): string[] => Array.from({ length: count }, (_, index) => someone(from + index));
/** The same kind to other people, half as many. */
const afterwards = (load: Load): Load => ({ ...load, from: load.from + 500_000, count: load.count / 2 });

/** The sender `Crash`: two groups made for load, by provider community. */
async function addCommunities(): Promise<void> {
  const add = async (kind: 'vk' | 'ok', group: string, token: string) => {
    const words = ['connection', 'add', kind, '--group', group, '--token', token, '--base-url', `${town.simulator.url}/${kind}`];
    return (await sorokaJson<{ id: number }>(words, env)).id;
  };
  const vk = await add('vk', '300000001', 'vk1.load.1');
  const ok = await add('ok', '71000000000001', 'load1:TOKEN');
  const routes = ['--route', `VK=community:${vk}`, '--route', `OK=community:${ok}`];
  await sorokaJson(['sender', 'add', 'Crash', ...routes], env);
  const text = ['--text', 'Здравствуйте, {{ name }}! Ваша {{ pizza }} готова.'];
  await sorokaJson(['template', 'add', '40', '--name', 'crash', '--sender', 'Crash', ...text], env);
}

async function importContacts(loads: readonly Load[]): Promise<void> {
  const rows = loads.flatMap(({ from, count }) =>
    Array.from({ length: count }, (_, index) => {
      const n = from + index;
      return `${someone(n)},${500_000_000 + n},${580_000_000_000 + n},test`; // ids as the simulator makes them
    }),
  );
  const file = join(town.dataFolder, 'people.csv');
  await writeFile(file, `phone,vk,ok,consent\n${rows.join('\n')}\n`);
  expect(await runSoroka(['contact', 'import', file], env)).toMatchObject({ code: 0, note: '' });
}

/** Has them all accepted; the ids, in the order in which they will go out. */
async function send(load: Load, server?: Program): Promise<number[]> {
  const { service, route } = load;
  const templateId = service === 'Crash' ? 40 : 4;
  const message = { service, routes: [route], templateId, tmpl_data: { name: 'Анна', pizza: 'Маргарита' } };
  const { result } = await town.post(
    people(load).map((phone): Json => ({ phone, ...message })),
    server,
  );
  return result.map(({ messageId, reasons }) => {
    if (messageId === undefined) throw new Error(`refused: ${JSON.stringify(reasons)}`);
    return messageId;
  });
}

const hasGoneOut = async (id: number | undefined): Promise<boolean> => (await town.message(id as number)).status !== 'QUEUED';

/** Waits until all have the status; every one of them is asked for. */
async function allReach(ids: readonly number[], status: string): Promise<void> {
  await eventually(async () => (await town.message(ids.at(-1) as number)).status === status, 60_000);
  for (const id of ids) await eventually(async () => (await town.message(id)).status === status);
}

/** How many messages each person of the load got. */
async function receivedBy(load: Load): Promise<number[]> {
  const kind: InboxEntry['kind'] = load.service === 'Crash' ? 'message' : 'notification';
  const counts: number[] = [];
  for (const phone of people(load)) {
    counts.push(
      (await town.inbox(phone)).filter((entry) => entry.kind === kind && entry.network === load.route.toLowerCase()).length,
    );
  }
  return counts;
}
const once = (load: Load): number[] => people(load).map(() => 1);

/** Sum of the samples of a metric, over those of its labels that hold `label`. */
async function metric(server: Program, name: string, label = ''): Promise<number> {
  const address = /http:\/\/\S+\/metrics/.exec(server.output())?.[0];
  if (address === undefined) throw new Error('the server did not say where its metrics are');
  const lines = (await (await fetch(address)).text()).split('\n');
  const samples = lines.filter((line) => line.startsWith(`${name}{`) && line.includes(label));
  return samples.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
const possibleDoubles = (server: Program) => metric(server, 'soroka_orphaned_sends_total', 'double="possible"');

describe('a server killed three times in the middle', () => {
  let ids: number[][];
  let counted = 0;

  beforeAll(async () => {
    const port = new URL(town.server.url).port;
    let server = town.server;
    ids = [];
    for (const load of LOADS) ids.push(await send(load));
    const [byNotify, , byOk] = ids;
    for (const count of KILLED_AT) {
      await eventually(async () => (await hasGoneOut(byNotify?.[count])) && hasGoneOut(byOk?.[count]));
      counted += await possibleDoubles(server);
      await server.end('SIGKILL');
      server = await town.startServer({ PORT: port });
    }
    await allReach(byOk as number[], 'SENT');
    counted += await possibleDoubles(server);
  }, RUN_WITHIN_MS);

  test('loses and doubles nothing by notify', async () => {
    await allReach(ids[0] as number[], 'DELIVERED');
    expect(await receivedBy(BY_NOTIFY)).toEqual(once(BY_NOTIFY));
  });

  test('loses and doubles nothing by a VK community', async () => {
    await allReach(ids[1] as number[], 'SENT');
    expect(await receivedBy(BY_VK)).toEqual(once(BY_VK));
  });

  test('loses nothing by OK Graph, and doubles at most the calls that it died in, which are counted', async () => {
    const received = await receivedBy(BY_OK);
    expect(Math.min(...received)).toBe(1);
    const doubled = received.reduce((sum, count) => sum + count - 1, 0);
    expect(doubled).toBeLessThanOrEqual(counted);
    expect(counted).toBeGreaterThan(0); // else nothing was on its way, and this test has shown nothing
  });
});

test('two servers on one database share the work and send everything once', async () => {
  expect(await town.servers.at(-1)?.end('SIGTERM')).toBe(0);
  const servers = [await town.startServer(), await town.startServer()];
  const loads = [...LOADS.map(afterwards), BY_NOTIFY_ON_OK];
  const ids: number[][] = [];
  for (const [index, load] of loads.entries()) ids.push(await send(load, servers[index % 2]));
  for (const [index, load] of loads.entries()) {
    await allReach(ids[index] as number[], load.service === 'Crash' ? 'SENT' : 'DELIVERED');
    expect(await receivedBy(load)).toEqual(once(load));
  }
  const sent = await Promise.all(servers.map((server) => metric(server, 'soroka_send_outcomes_total', 'outcome="sent"')));
  expect(Math.min(...sent)).toBeGreaterThan(0);
  expect(sent.reduce((sum, count) => sum + count, 0)).toBe(ids.flat().length);
});
