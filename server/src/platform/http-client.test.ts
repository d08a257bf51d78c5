import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, isIPv6, type LookupFunction, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FORBIDDEN_HOSTS } from '../../test/forbidden-hosts.ts';
import { createHttpClient, type HttpClient, type PostResult } from './http-client.ts';

const LOOPBACK = ['127.0.0.0/8', '::1/128'];
const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function client(options: { allowCidrs?: readonly string[]; lookup?: LookupFunction } = {}): HttpClient {
  const created = createHttpClient({ allowCidrs: [], ...options });
  cleanUps.push(() => created.close());
  return created;
}

function post(http: HttpClient, url: string, timeoutMs = 5_000): Promise<PostResult> {
  return http.post({ url, body: '[]', headers: { 'content-type': 'application/json' }, timeoutMs });
}

async function receiver(listener: RequestListener): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const server = createServer(listener);
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

/** A resolver that knows every name; each lookup takes the next answer, the last one for ever. */
function resolver(...answers: readonly (readonly string[])[]): LookupFunction & { asked: string[] } {
  const asked: string[] = [];
  const lookup: LookupFunction = (hostname, options, callback) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(hostname);
    const addresses = answer.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
    if (options.all) callback(null, addresses);
    else callback(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 4);
  };
  return Object.assign(lookup, { asked });
}

/** How many client sockets Node made meanwhile, whether or not they came to connect. */
async function socketsOpenedBy(work: () => Promise<void>): Promise<number> {
  let opened = 0;
  const count = () => {
    opened += 1;
  };
  subscribe('net.client.socket', count);
  await work().finally(() => unsubscribe('net.client.socket', count));
  return opened;
}

/** The addresses that client sockets tried to reach meanwhile. */
async function socketsOpenedTo(work: () => Promise<void>): Promise<string[]> {
  const tried: string[] = [];
  const note = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    socket.on('connectionAttempt', (address: string) => tried.push(address));
  };
  subscribe('net.client.socket', note);
  await work().finally(() => unsubscribe('net.client.socket', note));
  return tried;
}

describe('a listener on all interfaces', () => {
  let port: number;
  let connections = 0;
  const server = createTcpServer((socket: Socket) => {
    connections += 1;
    socket.on('error', () => {});
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  });
  beforeAll(async () => {
    // Without IPv6 on the machine Node listens on IPv4 alone.
    await new Promise<void>((resolve) => server.listen(0, resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => server.close());

  test.each(Object.values(FORBIDDEN_HOSTS).flat())('is not reached as %s, and no socket is opened to anywhere', async (host) => {
    connections = 0;
    const opened = await socketsOpenedBy(async () => {
      const result = await post(client(), `http://${host}:${port}/`);
      expect(result).toMatchObject({ kind: 'forbidden', reason: expect.any(String) });
    });
    expect([opened, connections]).toEqual([0, 0]);
  });

  test.each(['127.0.0.1', '2130706433', '[::ffff:127.0.0.1]', 'localhost'])(
    'is reached as %s once the operator allows loopback',
    async (host) => {
      connections = 0;
      const opened = await socketsOpenedBy(async () => {
        const result = await post(client({ allowCidrs: LOOPBACK }), `http://${host}:${port}/`);
        expect(result).toMatchObject({ kind: 'answered', status: 200 });
      });
      expect(connections).toBe(1);
      expect(opened).toBeGreaterThan(0);
    },
  );

  test.each([
    ['loopback', ['127.0.0.1']],
    ['a public address first, loopback second', ['93.184.215.14', '127.0.0.1']],
    ['a public address and a mapped loopback', ['93.184.215.14', '::ffff:127.0.0.1']],
    ['loopback in NAT64', ['64:ff9b::7f00:1']],
    ['loopback in 6to4', ['2002:7f00:1::']],
    ['the metadata address', ['169.254.169.254']],
    ['the unspecified address', ['0.0.0.0']],
    ['IPv6 loopback', ['::1']],
    ['a public IPv6 address and a private one', ['2606:4700:4700::1111', 'fd00::1']],
    ['a private address mapped into IPv6', ['::ffff:10.0.0.1']],
    ['metadata in NAT64', ['64:ff9b::a9fe:a9fe']],
    ['metadata on a unique local address', ['fd00:ec2::254']],
    ['an address of the interface', ['fe80::1%lo']],
    ['an address shared by carriers', ['93.184.215.14', '100.64.0.1']],
    ['a broadcast', ['255.255.255.255']],
    ['something that is no address', ['rebound.example']],
  ])('is not reached by a name that stands for %s', async (_case, addresses) => {
    connections = 0;
    const lookup = resolver(addresses);
    const opened = await socketsOpenedTo(async () => {
      expect(await post(client({ lookup }), `http://rebound.example:${port}/`)).toMatchObject({
        kind: 'forbidden',
        reason: expect.stringMatching(/not a public address|cannot be read/),
      });
    });
    expect(opened).toEqual([]);
    expect(lookup.asked).toEqual(['rebound.example']);
    expect(connections).toBe(0);
  });

  test('is not reached by a name that was public when it was last looked up', async () => {
    connections = 0;
    const lookup = resolver(['192.0.2.7'], ['127.0.0.1']);
    const http = client({ allowCidrs: ['192.0.2.7/32'], lookup }); // documentation address: leads nowhere, stands for a public one
    expect(await post(http, `http://rebound.example:${port}/`, 200)).not.toMatchObject({ kind: 'answered' });
    expect(await post(http, `http://rebound.example:${port}/`)).toMatchObject({ kind: 'forbidden' });
    expect(connections).toBe(0);
  });

  test('is looked at anew at each call: a name that turned to it between two deliveries is refused', async () => {
    connections = 0;
    // Stands for a public address; what it turns to is on loopback, too, and not allowed.
    const lookup = resolver(['127.0.0.1'], ['127.0.0.2'], ['127.0.0.1']);
    const http = client({ allowCidrs: ['127.0.0.1/32'], lookup });
    const call = () => post(http, `http://rebound.example:${port}/`);
    const opened = await socketsOpenedTo(async () => {
      expect(await call()).toMatchObject({ kind: 'answered' });
      expect(await call()).toMatchObject({ kind: 'forbidden', reason: expect.stringContaining('127.0.0.2') });
    });
    expect(opened).toEqual(['127.0.0.1']);
    expect(await call()).toMatchObject({ kind: 'answered' });
    expect([lookup.asked.length, connections]).toEqual([3, 2]);
  });

  test('is not reached by a resolver that answers after the deadline', async () => {
    connections = 0;
    const { promise: late, resolve: answerNow } = Promise.withResolvers<void>();
    const lookup: LookupFunction = (_hostname, _options, callback) =>
      void late.then(() => callback(null, [{ address: '127.0.0.1', family: 4 }]));
    const opened = await socketsOpenedTo(async () => {
      expect(await post(client({ lookup }), `http://slow.example:${port}/`, 100)).toEqual({ kind: 'timed_out' });
      answerNow();
      await late;
      await new Promise((resolve) => setImmediate(resolve));
    });
    expect([opened, connections]).toEqual([[], 0]);
  });

  test('gets nothing from a name that changes between the check and the connection', async () => {
    let reads = 0;
    const turncoat = {
      family: 4,
      get address() {
        reads += 1;
        return reads === 1 ? '93.184.215.14' : '127.0.0.1';
      },
    };
    const http = client({ lookup: (_hostname, _options, callback) => callback(null, [turncoat]) });
    expect(await post(http, `http://rebound.example:${port}/`)).toMatchObject({ kind: 'forbidden' });
    expect(reads).toBeGreaterThan(1);
  });
});

test.each([301, 302, 303, 307, 308])(
  'a redirect with %i is an answer like any other: nobody follows it to loopback',
  async (status) => {
    const target = await receiver((_, response) => response.end('secret'));
    const source = await receiver((_, response) =>
      response.writeHead(status, { location: `http://127.0.0.1:${target.port}/` }).end(),
    );
    expect(await post(client({ allowCidrs: LOOPBACK }), `http://127.0.0.1:${source.port}/`)).toMatchObject({
      kind: 'answered',
      status,
    });
    expect(target.connections()).toBe(0);
  },
);

test('the body, the headers, path and query arrive as given', async () => {
  let seen: unknown;
  const { port } = await receiver(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    seen = {
      url: request.url,
      method: request.method,
      id: request.headers['webhook-id'],
      body: Buffer.concat(chunks).toString(),
    };
    response.writeHead(202).end('taken');
  });
  const result = await client({ allowCidrs: LOOPBACK }).post({
    url: `http://127.0.0.1:${port}/callbacks?a=1&b=%20#part`,
    body: '["привет"]',
    headers: { 'webhook-id': 'cb_1' },
    timeoutMs: 5_000,
  });
  expect(result).toEqual({ kind: 'answered', status: 202, bodyHead: 'taken' });
  expect(seen).toEqual({ url: '/callbacks?a=1&b=%20', method: 'POST', id: 'cb_1', body: '["привет"]' });
});

test('no more than 16 KB of an endless answer are read', async () => {
  const { port } = await receiver((_, response) => {
    response.writeHead(200);
    const pour = () => {
      while (response.writable && response.write('x'.repeat(8_192)));
      response.once('drain', pour);
    };
    pour();
  });
  const result = await post(client({ allowCidrs: LOOPBACK }), `http://127.0.0.1:${port}/`);
  expect(result).toEqual({ kind: 'answered', status: 200, bodyHead: 'x'.repeat(16_384) });
});

test.each<[string, RequestListener]>([
  ['does not answer', () => {}],
  ['sends its answer in drips', (_, response) => void setInterval(() => response.write('.'), 20).unref()],
])('an endpoint that %s is given up at the deadline', async (_name, listener) => {
  const { port } = await receiver(listener);
  const started = performance.now();
  expect(await post(client({ allowCidrs: LOOPBACK }), `http://127.0.0.1:${port}/`, 150)).toEqual({ kind: 'timed_out' });
  expect(performance.now() - started).toBeLessThan(2_000);
});

test('a resolver that does not answer is given up at the deadline', async () => {
  expect(await post(client({ lookup: () => {} }), 'http://slow.example/', 100)).toEqual({ kind: 'timed_out' });
});

test('a closed port and a broken answer are failures with their code', async () => {
  const { port } = await receiver((request) => request.socket.end('not http at all\r\n\r\n'));
  const http = client({ allowCidrs: LOOPBACK });
  expect(await post(http, `http://127.0.0.1:${port}/`)).toEqual({ kind: 'failed', code: 'HTTPParserError' });
  const closed = await receiver(() => {});
  await cleanUps.pop()?.();
  expect(await post(http, `http://127.0.0.1:${closed.port}/`)).toEqual({ kind: 'failed', code: 'ECONNREFUSED' });
});

test('a call can be aborted', async () => {
  const { port } = await receiver(() => {});
  const controller = new AbortController();
  const calling = client({ allowCidrs: LOOPBACK }).post({
    url: `http://127.0.0.1:${port}/`,
    body: '',
    headers: {},
    timeoutMs: 5_000,
    signal: controller.signal,
  });
  controller.abort();
  expect(await calling).toEqual({ kind: 'failed', code: 'ABORTED' });
});
