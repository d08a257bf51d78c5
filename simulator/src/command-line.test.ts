import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { HELP, readCommandLine } from './command-line.ts';
import { startSimulator } from './simulator.ts';

const entry = fileURLToPath(new URL('../bin/soroka-simulator.mjs', import.meta.url));

function run(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [entry, ...args], { env: { ...process.env, ...env } });
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    output.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.err += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, ...output }));
  return { child, output, ended };
}

test('without arguments it listens on 8090 of this machine; arguments go before the environment', () => {
  expect(readCommandLine([], {})).toEqual({ port: 8090, host: '127.0.0.1' });
  expect(readCommandLine([], { SIMULATOR_PORT: '9000' })).toMatchObject({ port: 9000 });
  expect(readCommandLine(['--port', '9001', '--seed=5'], { SIMULATOR_PORT: '9000' })).toMatchObject({ port: 9001, seed: 5 });
});

test.each([
  [['--port', '70000'], {}, '--port must be a whole number from 0 to 65535, not "70000".'],
  [[], { SIMULATOR_PORT: 'x' }, 'SIMULATOR_PORT must be a whole number from 0 to 65535, not "x".'],
  [['--seed', '-1'], {}, 'Try --help.'],
  [['--seed', '1.5'], {}, '--seed must be a whole number'],
  [['--prot', '1'], {}, "'--prot'"],
])('%j with %j is refused with a sentence', (args, env, sentence) => {
  expect(readCommandLine(args, env)).toEqual({ problem: expect.stringContaining(sentence) });
});

test('it says where it listens once it does, and stops cleanly on a signal', async () => {
  const { child, output, ended } = run(['--port', '0']);
  await expect.poll(() => output.out, { timeout: 60_000 }).toMatch(/http:\/\/127\.0\.0\.1:\d+\n$/);
  const url = /http:\S+/.exec(output.out)?.[0];
  expect((await fetch(`${url}/control/people`)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 0, err: '' });
});

test('a port in use is one clear sentence and exit code 1', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { code, err, out } = await run([], { SIMULATOR_PORT: String(port) }).ended;
  server.close();
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(new RegExp(`^Port ${port} on 127\\.0\\.0\\.1 is in use: [^\\n]+\\n$`));
});

test('every path and every curl of the help exists', async () => {
  const simulator = await startSimulator({ port: 0 });
  const curls = [...HELP.matchAll(/curl localhost:8090(\S+)(?: -d '(.+)')?/g)];
  expect(curls.length).toBeGreaterThan(1);
  for (const [, path, body] of curls) {
    const answer = await fetch(simulator.url + path, body === undefined ? {} : { method: 'POST', body });
    expect([path, answer.status]).toEqual([path, 200]);
  }
  await simulator.stop();
});
