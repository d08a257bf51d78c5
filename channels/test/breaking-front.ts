import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stands between us and a network may spoil an answer, whatever the network did. */
export type Breakage =
  /** The network does what it is asked; its answer is a page of HTML, with status 200. */
  | 'page'
  /** The network does what it is asked; half of its answer comes, as if it were the whole. */
  | 'cut'
  /** The network is not asked; this is the answer. */
  | { headers?: Readonly<Record<string, string>>; body: string };

export interface BreakingFront extends AsyncDisposable {
  url: string;
  /** From now on every answer is spoilt so; null lets them through. */
  breakWith(breakage: Breakage | null): void;
}

const PAGE = '<!DOCTYPE html><html><body><h1>Service temporarily unavailable</h1></body></html>';

/** For tests: hands every request on to `target` under its own name, so that addresses in answers lead through it as well. */
export async function startBreakingFront(target: string): Promise<BreakingFront> {
  let breakage: Breakage | null = null;
  const server = createServer(async (incoming, response) => {
    const spoil = breakage;
    if (spoil !== null && typeof spoil === 'object') {
      response.writeHead(200, { 'content-type': 'application/json', ...spoil.headers }).end(spoil.body);
      return;
    }
    const answer = await handOn(incoming, target);
    writeAnswer(response, answer, spoil);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    breakWith(next) {
      breakage = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

async function handOn(incoming: IncomingMessage, target: string): Promise<Answer> {
  const body = await bytesOf(incoming);
  const { method, headers } = incoming;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const url = new URL(incoming.url ?? '/', target);
    request(url, { method, headers, agent: false }, resolve).once('error', reject).end(body);
  });
  return { status: answer.statusCode ?? 502, headers: answer.headers, body: await bytesOf(answer) };
}

function writeAnswer(response: ServerResponse, { status, headers, body }: Answer, spoil: 'page' | 'cut' | null): void {
  if (spoil === 'page') {
    response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    return;
  }
  const { 'content-length': _length, 'transfer-encoding': _encoding, connection: _connection, ...kept } = headers;
  response.writeHead(status, kept).end(spoil === 'cut' ? body.subarray(0, Math.floor(body.length / 2)) : body);
}

async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
