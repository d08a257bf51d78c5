import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer as createListener, type Server } from 'node:net';

export interface ReceivedPost {
  /** When its body was whole, by `performance.now()`. */
  at: number;
  isSigned: boolean;
  /** Callbacks in it: those of an array, else one. */
  callbacks: number;
}

/** Customers' endpoints, each on a port of its own and so a host of its own to the server; all answer 200 at once. */
export interface Receivers extends AsyncDisposable {
  origins: readonly string[];
  posts: readonly ReceivedPost[];
}

export async function startReceivers(count: number): Promise<Receivers> {
  const posts: ReceivedPost[] = [];
  const http = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const parsed: unknown = JSON.parse(body);
    posts.push({
      at: performance.now(),
      isSigned: typeof request.headers['webhook-signature'] === 'string',
      callbacks: Array.isArray(parsed) ? parsed.length : 1,
    });
    response.end();
  });
  const listeners = await Promise.all(Array.from({ length: count }, () => listen((socket) => http.emit('connection', socket))));
  return {
    origins: listeners.map((listener) => `http://127.0.0.1:${(listener.address() as AddressInfo).port}`),
    posts,
    async [Symbol.asyncDispose]() {
      for (const listener of listeners) listener.close();
      http.closeAllConnections();
    },
  };
}

function listen(onConnection: (socket: unknown) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const listener = createListener(onConnection);
    listener.once('error', reject);
    listener.listen(0, '127.0.0.1', () => resolve(listener));
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
