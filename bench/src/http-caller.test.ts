import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type Caller, createCaller } from './http-caller.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Answers each body as `echo` says; null breaks the connection in the middle of the answer. */
async function callerOf(echo: (body: string) => string | null, connections: number): Promise<Caller & { most(): number }> {
  let underWay = 0;
  let most = 0;
  const server = createServer(async (request, response) => {
    underWay += 1;
    most = Math.max(most, underWay);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    await new Promise(setImmediate);
    underWay -= 1;
    const body = echo(Buffer.concat(chunks).toString());
    if (body !== null) return response.writeHead(201, { 'content-length': Buffer.byteLength(body) }).end(body);
    response.writeHead(200, { 'content-length': 100 }).write('half');
    setImmediate(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const caller = createCaller(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { connections });
  ends.push(caller.close, () => server.close());
  return { ...caller, most: () => most };
}

test('every call gets the answer to its own body, over no more connections than allowed', async () => {
  const caller = await callerOf((body) => `«${body}»`, 3);
  const bodies = Array.from({ length: 40 }, (_, index) => 'ы'.repeat(index * 2_000));
  const answers = await Promise.all(bodies.map((body) => caller.post('/', body, { 'Content-Type': 'text/plain' })));
  expect(answers).toEqual(bodies.map((body) => ({ status: 201, body: `«${body}»` })));
  expect(caller.most()).toBeLessThanOrEqual(3);
});

test('a call whose answer breaks off fails, and the next one goes over another connection', async () => {
  const caller = await callerOf((body) => (body === 'break' ? null : body), 1);
  await expect(caller.post('/', 'break', {})).rejects.toThrow();
  expect(await caller.post('/', 'whole', {})).toEqual({ status: 201, body: 'whole' });
});

test('an answer in chunks is put together, wherever it is cut on its way', async () => {
  const server = createServer((_, response) => {
    response.writeHead(200);
    response.write('о');
    setImmediate(() => response.end('к'.repeat(40_000)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const caller = createCaller(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { connections: 1 });
  ends.push(caller.close, () => server.close());
  const whole = { status: 200, body: `о${'к'.repeat(40_000)}` };
  expect(await caller.post('/', '', {})).toEqual(whole);
  expect(await caller.post('/', '', {})).toEqual(whole);
});
