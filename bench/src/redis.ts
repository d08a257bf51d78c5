import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

export interface Redis extends AsyncDisposable {
  url: string;
}

/** `always` is as durable as a commit of PostgreSQL; `everysec` may lose the last second and is what BullMQ's guide proposes. */
export type AppendFsync = 'always' | 'everysec';

/** Its version, such as `7.0.15`; null where it is not installed. */
export async function findRedis(): Promise<string | null> {
  const said = await promisify(execFile)('redis-server', ['--version']).catch(() => null);
  return /v=([\d.]+)/.exec(said?.stdout ?? '')?.[1] ?? null;
}

/** A Redis of its own on a free port, with its append-only file in a temporary folder. */
export async function startRedis(appendFsync: AppendFsync): Promise<Redis> {
  const folder = await mkdtemp(join(tmpdir(), 'soroka-bench-redis-'));
  const port = await freePort();
  const settings = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'yes', appendfsync: appendFsync };
  const child = spawn(
    'redis-server',
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  const leaveNothing = (): void => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', leaveNothing); // where the bench is interrupted in the middle of a measurement
  const ready = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('Ready to accept connections')) resolve();
    });
  });
  const failed = exited.then(([code]) => Promise.reject(new Error(`redis-server ended with ${code}`)));
  failed.catch(() => {}); // heard by the race; later it ends because it is stopped
  await Promise.race([ready, failed]);
  return {
    url: `redis://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
      process.off('exit', leaveNothing);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Redis takes no 0 for a free one. */
async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  await once(listener, 'close');
  return (address as { port: number }).port;
}
