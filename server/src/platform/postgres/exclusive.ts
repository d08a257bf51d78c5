import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const RETRY_AFTER_MS = 50;

/**
 * Runs `work` while no other process of this machine runs work under the same name; waits for its turn.
 * The lock is an address that only one process can listen on: the system frees it however the process ends, so that
 * nothing stale stays behind as a lock file would.
 */
export async function exclusively<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const address = addressOf(name);
  let lock = await listen(address);
  while (lock === null) {
    await wait(RETRY_AFTER_MS);
    lock = await listen(address);
  }
  const held = lock;
  try {
    return await work();
  } finally {
    await new Promise((resolve) => held.close(resolve));
  }
}

/** Abstract sockets (a name without a file) and pipes vanish with their owner. Where there are neither: a loopback port. */
function addressOf(name: string): { path: string } | { host: string; port: number } {
  const digest = createHash('sha256').update(name).digest();
  const id = `soroka-${digest.toString('hex').slice(0, 32)}`;
  if (process.platform === 'linux') return { path: `\0${id}` };
  if (process.platform === 'win32') return { path: `\\\\.\\pipe\\${id}` };
  return { host: '127.0.0.1', port: 49_152 + (digest.readUInt16BE(0) % 16_384) };
}

function listen(address: { path: string } | { host: string; port: number }): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen({ ...address, exclusive: true }, () => resolve(server));
  });
}
