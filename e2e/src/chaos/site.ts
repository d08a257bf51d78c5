import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SERVER } from '../command-line.ts';
import { freePort } from '../free-port.ts';
import { type InboxEntry, type Program, startProgram } from '../town.ts';
import { type Cluster, type ClusterOptions, type ClusterPlace, openCluster, run } from './cluster.ts';
import { openEndpoint } from './endpoint.ts';
import { type Front, openFront } from './front.ts';
import type { LoadShape } from './lanes.ts';
import { type Load, startLoad } from './load.ts';
import type { Base } from './prepare.ts';
import type { Sightings } from './verdict.ts';

/** A server that is started again under the same address, and knows whether it was meant to end. */
export interface Server {
  /** Of the process that runs now. */
  pid(): number;
  url: string;
  start(): Promise<void>;
  /** Its exit code; null: ended by the signal. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
}

export interface ServerOptions {
  roles?: string;
  databaseUrl?: string;
  /** For Node, before the program. */
  nodeArgs?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** One scenario's surroundings: a database of its own, the networks, servers as processes, and a proxy in front of them. */
export interface Site extends AsyncDisposable {
  /** For what belongs to this scenario alone; PostgreSQL's account may enter it. */
  folder: string;
  cluster: Cluster;
  place: ClusterPlace;
  front: Front;
  env: Readonly<Record<string, string>>;
  startServer(options?: ServerOptions): Promise<Server>;
  /** Taken down with the site, after the servers that are started from now on. */
  own<Thing extends AsyncDisposable>(thing: Thing): Thing;
  /** What servers did that nobody asked for: each ended by itself. */
  endedByThemselves: readonly string[];
  startLoad(shape: LoadShape): Load;
  control(path: string, body?: object): Promise<unknown>;
  /** Waits until the customer was told of every accepted message, or heard nothing for so long; then what all have seen. */
  lookAround(load: Load, quietMs: number): Promise<Sightings>;
}

export interface SiteOptions extends ClusterOptions {
  /** Where the database's folder goes; else to the site's own. */
  clusterParent?: string;
}

export async function openSite(base: Base, options: SiteOptions = {}): Promise<Site> {
  const folder = await mkdtemp(join(base.folder, 'site-'));
  await chmod(folder, 0o755);
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let part = stops.pop(); part !== undefined; part = stops.pop()) await part();
  };
  try {
    return { ...(await build(base, folder, options, stops)), [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(
  { simulator, cluster: baseCluster, secretKey }: Base,
  folder: string,
  { clusterParent = folder, ...clusterOptions }: SiteOptions,
  stops: (() => Promise<unknown>)[],
): Promise<Omit<Site, keyof AsyncDisposable>> {
  const control: Site['control'] = async (path, body) => {
    const response = await fetch(`${simulator.url}/control${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    });
    if (!response.ok) throw new Error(`/control${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  await control('/reset', { subscriptions: true });
  const place = { ...baseCluster, folder: join(clusterParent, 'cluster') };
  await run('cp', ['-a', baseCluster.folder, place.folder]);
  const cluster = await openCluster(place, clusterOptions);
  stops.push(async () => cluster[Symbol.asyncDispose]());
  await cluster.start();
  const front = await openFront();
  stops.push(async () => front[Symbol.asyncDispose]());
  const endpoint = await openEndpoint();
  stops.push(async () => endpoint[Symbol.asyncDispose]());
  let readFrom: LoadShape['readFrom'] = 'inboxes';

  const endedByThemselves: string[] = [];
  const env = {
    SOROKA_SECRET_KEY: secretKey,
    SOROKA_METRICS_PORT: '0',
    SIMULATOR_PORT: new URL(simulator.url).port,
    SOROKA_PUBLIC_URL: front.url,
    SOROKA_STATUS_POLL_AFTER_MS: '5000',
  };
  const startServer: Site['startServer'] = async ({ roles, databaseUrl = cluster.url, nodeArgs = [], env: own = {} } = {}) => {
    const port = String(await freePort());
    const serverEnv = {
      ...env,
      DATABASE_URL: databaseUrl,
      PORT: port,
      ...(roles === undefined ? {} : { SOROKA_ROLES: roles }),
      ...own,
    };
    const server = await openServer([...nodeArgs, SERVER, 'demo-server'], serverEnv, endedByThemselves);
    stops.push(async () => {
      server.signal('SIGCONT'); // a stopped one hears nothing
      await server.end('SIGKILL');
    });
    if (roles === undefined || roles.includes('api')) front.servers.push(server.url);
    return server;
  };
  return {
    folder,
    cluster,
    place,
    front,
    env: { ...env, DATABASE_URL: cluster.url },
    startServer,
    own(thing) {
      stops.push(async () => thing[Symbol.asyncDispose]());
      return thing;
    },
    endedByThemselves,
    startLoad(shape) {
      readFrom = shape.readFrom;
      return startLoad(shape, { url: front.url, callbackUrl: endpoint.url });
    },
    control,
    async lookAround(load, quietMs) {
      await untilTold(load, endpoint.told, quietMs);
      return { arrivals: await READERS[readFrom](load, control), told: endpoint.told };
    },
  };
}

async function openServer(args: readonly string[], env: Record<string, string>, endedByThemselves: string[]): Promise<Server> {
  let program: Program | null = null;
  const running = (): Program => {
    if (program === null) throw new Error('the server does not run');
    return program;
  };
  const server: Server = {
    pid: () => running().pid,
    url: `http://127.0.0.1:${env['PORT']}`,
    async start() {
      const started = await startProgram(args, env);
      program = started;
      void started.ended.then((code) => {
        if (program !== started) return; // we ended it
        program = null;
        endedByThemselves.push(`a server ended with ${code}: ${started.output().slice(-1_000)}`);
      });
    },
    async end(signal) {
      const ending = program;
      program = null;
      return ending === null ? null : ending.end(signal);
    },
    signal(signal) {
      if (program !== null) process.kill(program.pid, signal);
    },
  };
  await server.start();
  return server;
}

const LOOK_EVERY_MS = 500;
const INBOXES_AT_ONCE = 16;

async function untilTold(load: Load, told: Sightings['told'], quietMs: number): Promise<void> {
  const hasGone = (id: number): boolean => [...(told.get(id) ?? [])].some((status) => status !== 'QUEUED');
  let open = load.orders.flatMap(({ messageId }) => messageId ?? []);
  let changedAt = performance.now();
  while (open.length > 0 && performance.now() - changedAt < quietMs) {
    await wait(LOOK_EVERY_MS);
    const left = open.filter((id) => !hasGone(id));
    if (left.length < open.length) changedAt = performance.now();
    open = left;
  }
}

/** What came to everybody who was written to. */
const READERS: Readonly<Record<LoadShape['readFrom'], (load: Load, control: Site['control']) => Promise<Sightings['arrivals']>>> =
  {
    async inboxes({ orders }, control) {
      const arrivals = new Map<string, number[]>();
      const waiting = [...new Set(orders.map(({ phone }) => phone))];
      const readInboxes = async (): Promise<void> => {
        for (let phone = waiting.pop(); phone !== undefined; phone = waiting.pop()) {
          const entries = (await control(`/people/${phone}/inbox`)) as InboxEntry[];
          arrivals.set(
            phone,
            entries.map(({ time }) => time),
          );
        }
      };
      await Promise.all(Array.from({ length: INBOXES_AT_ONCE }, readInboxes));
      return arrivals;
    },
    async arrivals(_, control) {
      const arrivals = new Map<string, number[]>();
      for (let read = 0; ; ) {
        type Page = { count: number; items: [service: string, phone: string, at: number][] };
        const { count, items } = (await control(`/arrivals?from=${read}`)) as Page;
        for (const [, phone, at] of items) {
          const times = arrivals.get(phone);
          if (times === undefined) arrivals.set(phone, [at]);
          else times.push(at);
        }
        read += items.length;
        if (read >= count) return arrivals;
        if (items.length === 0) throw new Error(`the simulator has forgotten the first of ${count} notifications`);
      }
    },
  };
