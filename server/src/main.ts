import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { readConfig } from './platform/config.ts';
import { sentenceOf } from './platform/sentence.ts';
import { giveBackStartupMemory } from './platform/startup-memory.ts';
import { type RunningServer, start } from './start.ts';

// The demo of a clone: `npm start` is simulator and server in one go, `npm run server` the server alone, with its simulator elsewhere.

const SIMULATOR = fileURLToPath(new URL('../../simulator/bin/soroka-simulator.mjs', import.meta.url));
const SIMULATOR_STARTS_WITHIN_MS = 30_000;

interface Simulator {
  url: string;
  /** Resolves when its process has ended, by itself or by `stop`. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

async function startSimulator(port: number): Promise<Simulator> {
  // Away from the terminal, so that Ctrl-C reaches us alone and the networks answer until the server has stopped. It ends by
  // itself when the channel closes: whoever kills us hard finds its port free again.
  const child = spawn(process.execPath, [SIMULATOR, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    detached: true,
  });
  const ended = once(child, 'exit').then(() => undefined);
  const lines = createInterface({ input: child.stdout as Readable });
  const address = await Promise.race([
    new Promise<string | undefined>((resolve) =>
      lines.on('line', (line) => resolve(/https?:\/\/\S+?(?=\/?(?:\s|$))/.exec(line)?.[0])),
    ),
    ended.then(() => undefined),
    new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), SIMULATOR_STARTS_WITHIN_MS).unref()),
  ]);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  if (address === undefined) {
    await stop();
    throw new Explained(); // it has said why on standard error
  }
  return { url: address, ended, stop };
}

/** Something else has told the person already. */
class Explained extends Error {}

async function main(command: string): Promise<void> {
  const config = readConfig(process.env);
  const simulator = command === 'start' ? await startSimulator(config.SIMULATOR_PORT) : null;
  const simulatorUrl = simulator?.url ?? `http://127.0.0.1:${config.SIMULATOR_PORT}`;
  let server: RunningServer;
  try {
    server = await start(
      { ...config, LOG_LEVEL: process.env['LOG_LEVEL'] === undefined ? 'warn' : config.LOG_LEVEL },
      { demo: { simulatorUrl }, onProgress: tell },
    );
  } catch (error) {
    await simulator?.stop();
    throw error;
  }
  giveBackStartupMemory();
  const { url, metricsUrl } = server;
  const metrics = metricsUrl === null ? '' : `, metrics ${metricsUrl}`;
  const data = config.DATABASE_URL === undefined ? resolve(config.SOROKA_DATA) : 'the database of DATABASE_URL';
  tell(`Soroka      ${url}/   (API reference ${url}/docs${metrics})`);
  tell(`Simulator   ${simulatorUrl}/   (both networks: read and write as Anna)`);
  tell(`Data        ${data}   (Ctrl-C stops everything; the next start finds it again)`);
  tell('Demo key    demo   (this key and these people exist in the demo alone)');
  tell(`Try         ${tryThis(url)}`);

  const simulatorEnded = simulator === null ? new Promise<never>(() => {}) : simulator.ended.then(() => 'ended' as const);
  const reason = await Promise.race([asked, simulatorEnded]);
  if (reason === 'ended') tell('The simulator has ended: stopping the server.');
  try {
    await server.stop();
  } finally {
    await simulator?.stop();
  }
  if (reason === 'ended') process.exitCode = 1;
}

// From the very start: who presses Ctrl-C while the database is being made is heard as soon as it is.
const asked = new Promise<'asked'>((resolve) => {
  let times = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      times += 1;
      // The third one is from an impatient person; what a killed server leaves behind is found by the next start.
      if (times > 2) process.exit(130);
      resolve('asked');
    });
  }
});

function tell(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

function tryThis(url: string): string {
  const message =
    '[{"phone":"79999999999","routes":["VK","OK"],"service":"Group_name","templateId":4,"tmpl":"base_template","tmpl_data":{"name":"Anna","pizza":"Margarita"}}]';
  return `curl ${url}/vk/messages -H "Authorization: Key demo" -H "Content-Type: application/json" -d '${message}'`;
}

await main(process.argv[2] ?? 'start').catch((error) => {
  if (!(error instanceof Explained)) process.stderr.write(`${sentenceOf(error)}\n`);
  process.exitCode = 1;
});
