import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** The customer's own: takes every call at once, and keeps what it was told of each message. */
export interface Endpoint extends AsyncDisposable {
  url: string;
  told: ReadonlyMap<number, ReadonlySet<string>>;
}

export async function openEndpoint(): Promise<Endpoint> {
  const told = new Map<number, ReadonlySet<string>>();
  const unions = new Map<string, ReadonlySet<string>>();
  // One set for all messages that were told the same: there may be a million of them.
  const withStatus = (statuses: ReadonlySet<string>, status: string): ReadonlySet<string> => {
    if (statuses.has(status)) return statuses;
    const all = [...statuses, status].sort();
    const known = unions.get(all.join()) ?? new Set(all);
    unions.set(all.join(), known);
    return known;
  };
  const take = async (incoming: IncomingMessage): Promise<void> => {
    const body: unknown = JSON.parse(await text(incoming));
    const items = (Array.isArray(body) ? body : [body]) as { messageId: string; status: string }[];
    for (const { messageId, status } of items) {
      const id = Number(messageId);
      told.set(id, withStatus(told.get(id) ?? new Set(), status));
    }
  };
  const http = createServer((incoming, response) => {
    take(incoming).then(
      () => response.writeHead(200).end(),
      () => incoming.destroy(), // its sender was killed in the middle of it
    );
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    told,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      http.close();
    },
  };
}
