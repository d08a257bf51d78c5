import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a played server does with one request. */
export type Played =
  | { status?: number; headers?: Record<string, string>; body: string }
  /** Reads the request and never answers. */
  | 'hang'
  /** Reads the request and drops the connection. */
  | 'reset';

export interface PlayedRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
  /** The same, for bodies that are no text. */
  bytes: Uint8Array<ArrayBuffer>;
}

export interface PlayedServer extends AsyncDisposable {
  url: string;
  /** What came, in its order. */
  requests: PlayedRequest[];
}

/** For tests: a server on a free port that plays the given answers in their order and repeats the last one. */
export async function playAnswers(...answers: readonly (Played | ((request: PlayedRequest) => Played))[]): Promise<PlayedServer> {
  const requests: PlayedRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://played');
    const { method = '', headers } = incoming;
    const received = Buffer.concat(chunks);
    const bytes = new Uint8Array(received);
    const request = { method, path: pathname, query: searchParams, headers, body: received.toString(), bytes };
    const next = answers[Math.min(requests.length, answers.length - 1)] ?? 'hang';
    requests.push(request);
    const played = typeof next === 'function' ? next(request) : next;
    if (played === 'hang') return;
    if (played === 'reset') return incoming.socket.destroy();
    response.writeHead(played.status ?? 200, { 'content-type': 'application/json', ...played.headers }).end(played.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** For tests: the address of a port that nobody listens on. */
export async function closedPort(): Promise<string> {
  const server = await playAnswers('hang');
  await server[Symbol.asyncDispose]();
  return server.url;
}
