import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer as createListener, type Server } from 'node:net';

export interface ReceivedPost {
  /** In the order of `origins`. */
  endpoint: number;
  /** When its body was whole, by `performance.now()`. */
  at: number;
  isSigned: boolean;
  /** Callbacks in it: those of an array, else one. */
  callbacks: number;
}

/** How an endpoint takes a call; null: with no answer. */
export type Answer = 200 | 500 | null;

/** A call as it came. */
export interface ReceivedCall {
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** Customers' endpoints, each on a port of its own and so a host of its own to the server. */
export interface Receivers extends AsyncDisposable {
  origins: readonly string[];
  posts: readonly ReceivedPost[];
}

/** They answer at once, each call as `answerOf` its endpoint says, counted from 0. */
export async function startReceivers(
  count: number,
  answerOf: (endpoint: number, call: ReceivedCall) => Answer = () => 200,
): Promise<Receivers> {
  const posts: ReceivedPost[] = [];
  const endpointOfPort = new Map<number, number>();
  const http = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const parsed: unknown = JSON.parse(body);
    const endpoint = endpointOfPort.get(request.socket.localPort ?? 0) ?? Number.NaN;
    posts.push({
      endpoint,
      at: performance.now(),
      isSigned: typeof request.headers['webhook-signature'] === 'string',
      callbacks: Array.isArray(parsed) ? parsed.length : 1,
    });
    const answer = answerOf(endpoint, { headers: request.headers as Record<string, string>, body });
    if (answer !== null) response.writeHead(answer).end();
  });
  const listeners = await Promise.all(Array.from({ length: count }, () => listen((socket) => http.emit('connection', socket))));
  const ports = listeners.map((listener) => (listener.address() as AddressInfo).port);
  for (const [endpoint, port] of ports.entries()) endpointOfPort.set(port, endpoint);
  return {
    origins: ports.map((port) => `http://127.0.0.1:${port}`),
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
