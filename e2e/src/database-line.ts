import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** The way to a database, which can be cut, so that connections end and new ones are refused, or fall silent. */
export interface DatabaseLine extends AsyncDisposable {
  /** For DATABASE_URL: leads to the database as long as the line is whole. */
  url: string;
  cut(): Promise<void>;
  mend(): Promise<void>;
  /**
   * Passes nothing on any more, while both sides hold their connections for open: of both directions, or of the answers alone.
   * `withNew`: also of connections that are made until `speak`. What was silent once stays so.
   */
  fallSilent(of: 'both' | 'answers', options?: { withNew: true }): void;
  speak(): void;
  /** New connections go to that database instead; those of before end. */
  leadTo(databaseUrl: string): void;
}

export async function openDatabaseLine(databaseUrl: string): Promise<DatabaseLine> {
  let target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const pairs = new Set<{ near: Socket; far: Socket }>();
  let silentOnArrival: 'both' | 'answers' | null = null;
  const hush = ({ near, far }: { near: Socket; far: Socket }, of: 'both' | 'answers'): void => {
    far.unpipe(near).pause();
    if (of === 'both') near.unpipe(far).pause();
  };
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    const pair = { near, far };
    pairs.add(pair);
    near.on('close', () => pairs.delete(pair));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy()).on('close', () => sockets.delete(one) && other.destroy());
      one.pipe(other);
    }
    if (silentOnArrival !== null) hush(pair, silentOnArrival);
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  const cut = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    url: url.href,
    cut,
    mend: () => listen(port),
    fallSilent(of, options) {
      for (const pair of pairs) hush(pair, of);
      if (options?.withNew === true) silentOnArrival = of;
    },
    speak() {
      silentOnArrival = null;
    },
    leadTo(otherUrl) {
      target = new URL(otherUrl);
      for (const socket of sockets) socket.destroy();
    },
    [Symbol.asyncDispose]: cut,
  };
}
