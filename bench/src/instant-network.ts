// A network that takes everything at once, as a process of its own: what engines are measured against. It speaks as much of
// the notify upstream as a sender needs, and remembers when which group was written to.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

const arrivals: [service: string, at: number][] = [];
let calls = 0;
let lastId = 0;

const server = createServer(async (request, response) => {
  const body = await bodyOf(request);
  response.setHeader('Content-Type', 'application/json');
  if (request.method === 'GET') {
    response.end(JSON.stringify(request.url === '/arrivals' ? { calls, arrivals } : { count: arrivals.length }));
    return;
  }
  if (request.url === '/reset') {
    arrivals.length = 0;
    calls = 0;
    response.end('{}');
    return;
  }
  if (request.url !== '/notify/vk/messages') {
    response.writeHead(404).end('{}'); // VK and OK themselves, which the server asks about its webhooks
    return;
  }
  const at = performance.timeOrigin + performance.now();
  calls += 1;
  const result = (JSON.parse(body) as { service: string }[]).map(({ service }) => {
    arrivals.push([service, at]);
    lastId += 1;
    return { code: 'OK', messageId: lastId };
  });
  response.end(JSON.stringify({ result }));
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

process.once('SIGTERM', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
