import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from './free-port.ts';
import type { Json } from './town.ts';

/** One webhook as it went over the line, and what the server said to it. */
export interface Exchange {
  body: Json;
  headers: IncomingHttpHeaders;
  /** 0 where no answer went back. */
  status: number;
  answer: string;
  retryAfter: string | null;
}

/** What befalls one message on its way. */
export type Mishap =
  /** The server gets it; its answer is lost. */
  | 'answer lost'
  /** The server does not get it; the network hears `remove`. */
  | 'remove'
  /** The network hears `ok`; the server gets it after the next one. */
  | 'overtaken';

/** The way of webhooks from the networks to a server, which keeps what passes: for `SOROKA_PUBLIC_URL`. */
export interface WebhookLine extends AsyncDisposable {
  url: string;
  /** For the server's `PORT`: here the line ends. */
  serverPort: number;
  exchanges: Exchange[];
  /** To the next message of VK; those after it pass again. */
  befall(mishap: Mishap): void;
}

export async function openWebhookLine(): Promise<WebhookLine> {
  const exchanges: Exchange[] = [];
  const serverPort = await freePort();
  let mishap: Mishap | null = null;
  let overtaken: Passing | null = null;

  const server = createServer(async (incoming, response) => {
    const passing = { path: incoming.url ?? '/', headers: incoming.headers, text: await textOf(incoming) };
    const isMessage = passing.path.startsWith('/hooks/vk/') && passing.text.includes('"message_new"');
    const befalls = isMessage ? mishap : null;
    if (isMessage) mishap = null;
    if (befalls === 'remove') return response.end('remove');
    if (befalls === 'overtaken') {
      overtaken = passing;
      return response.end('ok');
    }
    const exchange = await handOn(serverPort, passing);
    if (exchange === null) return incoming.socket.destroy(); // the server is not there
    if (befalls === 'answer lost') {
      exchanges.push({ ...exchange, status: 0 });
      return incoming.socket.destroy();
    }
    exchanges.push(exchange);
    if (exchange.retryAfter !== null) response.setHeader('retry-after', exchange.retryAfter);
    response.writeHead(exchange.status).end(exchange.answer);
    const late = isMessage ? overtaken : null;
    if (late === null) return response;
    overtaken = null;
    return handOn(serverPort, late);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serverPort,
    exchanges,
    befall(next) {
      mishap = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Passing {
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Null where the server is not there. */
async function handOn(port: number, { path, headers, text }: Passing): Promise<Exchange | null> {
  const counter = headers['x-retry-counter'];
  const sent = { 'content-type': 'application/json', ...(typeof counter === 'string' && { 'x-retry-counter': counter }) };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers: sent, body: text }).catch(
    () => null,
  );
  if (response === null) return null;
  const { status } = response;
  const retryAfter = response.headers.get('retry-after');
  return { body: JSON.parse(text) as Json, headers, status, answer: await response.text(), retryAfter };
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
