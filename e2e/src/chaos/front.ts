import { once } from 'node:events';
import { Agent, createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** Longer than a scenario pauses: a customer must not write into a connection that is being closed. */
const KEPT_OPEN_MS = 75_000;
const TRIES = 4;
const PAUSE_MS = 100;
/** All tries together: no customer waits longer. */
const ANSWER_WITHIN_MS = 6_000;
/** Of one try: two servers may stand still, and a third is asked. */
const TRY_MS = 2_500;
/** What a proxy asks the next server after: nginx's `proxy_next_upstream error timeout http_502 http_503 http_504 non_idempotent`. */
const ASK_ANOTHER_AFTER: readonly number[] = [502, 503, 504];

/**
 * A proxy in front of the servers, as customers and networks see them: one address, and where a server does not answer, or says
 * that it cannot, the next one is asked, four times in all and within six seconds.
 */
export interface Front extends AsyncDisposable {
  url: string;
  /** The servers that it may ask, by their addresses. */
  servers: string[];
  /** Tries that failed and were made again. */
  retried(): number;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export async function openFront(): Promise<Front> {
  const agent = new Agent({ keepAlive: true });
  const servers: string[] = [];
  let turn = 0;
  let retried = 0;

  const pass = async (incoming: IncomingMessage, body: Buffer): Promise<Answer> => {
    let last: Answer = { status: 502, headers: {}, body: Buffer.from('no server answered') };
    const deadline = performance.now() + ANSWER_WITHIN_MS;
    for (let attempt = 1; attempt <= TRIES && performance.now() < deadline; attempt += 1) {
      turn += 1;
      const server = servers[turn % servers.length];
      const withinMs = Math.min(TRY_MS, deadline - performance.now());
      const answer = server === undefined ? null : await ask(server, withinMs, incoming, body).catch(() => null);
      if (answer !== null && !ASK_ANOTHER_AFTER.includes(answer.status)) return answer;
      last = answer ?? last;
      retried += 1;
      if (attempt % Math.max(1, servers.length) === 0) await wait(PAUSE_MS);
    }
    return last;
  };
  const ask = (server: string, withinMs: number, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const onward = { ...headers, 'content-length': String(body.length) };
      delete onward.connection; // of the way to us
      delete onward['transfer-encoding'];
      const signal = AbortSignal.timeout(withinMs);
      const call = request(`${server}${url}`, { agent, method, headers: onward, signal }, (response) => {
        bodyOf(response).then(
          (answer) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer }),
          reject,
        );
      });
      call.on('error', reject);
      call.end(body);
    });

  const answerIt = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, headers, body } = await pass(incoming, await bodyOf(incoming));
    const kept = Object.fromEntries(
      Object.entries(headers).filter(([name]) => !/^(connection|keep-alive|transfer-encoding)$/.test(name)),
    );
    response.writeHead(status, { ...kept, 'content-length': body.length }).end(body);
  };
  const http = createServer((incoming, response) => {
    answerIt(incoming, response).catch(() => incoming.destroy()); // whoever asked has gone
  }).listen(0, '127.0.0.1');
  http.keepAliveTimeout = KEPT_OPEN_MS;
  await once(http, 'listening');
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    servers,
    retried: () => retried,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      http.close();
      agent.destroy();
    },
  };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
