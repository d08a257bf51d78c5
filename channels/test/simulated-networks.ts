import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

export interface SimulatedNetworks extends AsyncDisposable {
  url: string;
  /** Calls the control API; throws on any answer but 2xx. */
  control(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown>;
}

/** For tests: the simulator as a process of its own, on a free port. Nothing of it is imported: it is the other side. */
export async function startSimulatedNetworks(): Promise<SimulatedNetworks> {
  const entry = fileURLToPath(new URL('../../simulator/bin/soroka-simulator.mjs', import.meta.url));
  const child = spawn(process.execPath, [entry, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`the simulator ended with ${code} before it said its address: ${said}`)));
  });
  return {
    url,
    async control(method, path, body) {
      const response = await fetch(`${url}/control${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} /control${path} was answered with ${response.status}: ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}

export interface Receiver extends AsyncDisposable {
  url: string;
  /** Bodies in the order they came. */
  bodies: string[];
}

/** For tests: an endpoint that the networks send to. It answers 200 with the text that `answer` makes of the body. */
export async function startReceiver(answer: (body: string) => string | Promise<string>): Promise<Receiver> {
  const bodies: string[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    bodies.push(body);
    response.end(await answer(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    bodies,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
