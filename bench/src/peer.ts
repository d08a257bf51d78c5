import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownEnvironment, ROOT } from './program.ts';

const FOLDER = join(ROOT, 'bench/peers');
const CLOSES_WITHIN_MS = 15_000;

export type PeerName = 'graphile-worker' | 'pg-boss' | 'bullmq';

/** What a peer is started with; bench/peers/NAME.mjs says what it makes of it. */
export interface PeerOptions {
  networkUrl: string;
  databaseUrl?: string;
  redisUrl?: string;
  /** Calls to the network at a time. */
  calls: number;
  /** Messages it takes at a time, where it can. */
  batch: number;
  /** They leave in one call. */
  together?: boolean;
  /** Messages a second that a group may get. */
  perSecond?: number;
}

/** Another queue doing our job, as a process of its own. */
export interface Peer extends AsyncDisposable {
  add(messages: readonly object[]): Promise<void>;
  /** From now on it sends. */
  start(): Promise<void>;
  /** Jobs whose outcome is not written yet. */
  left(): Promise<number>;
}

/** Makes bench/peers/node_modules what its lockfile says: from the registry, without install scripts. */
export async function installPeers(say: (line: string) => void): Promise<void> {
  if (Object.keys(peerVersions()).every((name) => isInstalled(name))) return;
  say('Installing the peers into bench/peers (npm ci --ignore-scripts); this may take a minute');
  const child = spawn('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: FOLDER,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  const [code] = await once(child, 'exit');
  if (code !== 0)
    throw new Error(`npm ci in bench/peers ended with ${code}: the peers come from the npm registry, is it within reach?`);
}

/** Their exact versions, by name. */
export function peerVersions(): Readonly<Record<string, string>> {
  return (JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8')) as { dependencies: Record<string, string> })
    .dependencies;
}

function isInstalled(name: string): boolean {
  const file = join(FOLDER, 'node_modules', name, 'package.json');
  if (!existsSync(file)) return false;
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version === peerVersions()[name];
}

export async function startPeer(name: PeerName, options: PeerOptions): Promise<Peer> {
  const child = fork(join(FOLDER, 'peer.mjs'), [name, JSON.stringify(options)], { cwd: FOLDER, env: ownEnvironment() });
  const exited = once(child, 'exit');
  const answer = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const onExit = (): void => reject(new Error(`${name} ended before it answered`));
      child.once('exit', onExit);
      child.once('message', ({ error, left }: { error?: string; left?: number }) => {
        child.off('exit', onExit);
        if (error === undefined) resolve(left ?? 0);
        else reject(new Error(`${name}: ${error}`));
      });
    });
  const order = (what: { kind: string; messages?: readonly object[] }): Promise<number> => {
    child.send(what);
    return answer();
  };
  await answer();
  return {
    async add(messages) {
      await order({ kind: 'add', messages });
    },
    async start() {
      await order({ kind: 'start' });
    },
    left: () => order({ kind: 'left' }),
    async [Symbol.asyncDispose]() {
      const timer = setTimeout(() => child.kill('SIGKILL'), CLOSES_WITHIN_MS);
      if (child.connected) await order({ kind: 'close' }).catch(() => {}); // what it has measured stands; it is ended all the same
      child.kill('SIGTERM');
      await exited;
      clearTimeout(timer);
    },
  };
}
