import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SERVER } from './command-line.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const SIMULATOR = join(ROOT, 'simulator/bin/soroka-simulator.mjs');
const STARTS_WITHIN_MS = 60_000;

export const ANNA = '79999999999';
export const BORIS = '79990000001';
export const VERA = '79990000002';
export const GLEB = '79990000003';
export const DINA = '79990000004';
export const EGOR = '79990000005';
export const ZOYA = '79990000006';

/** Somebody of the load range: exists on both networks, has allowed both groups, is delivered to at once. */
export const someone = (index: number): string => `7998${String(index).padStart(7, '0')}`;

export interface InboxEntry {
  network: 'vk' | 'ok';
  group: string;
  text: string;
  kind: 'notification' | 'message';
  time: number;
  status: 'received' | 'read' | 'expired';
}

export interface Callback {
  channel: 'VK' | 'OK';
  messageId: string;
  ts: number;
  status: string;
  errorCode: number;
  callbackData?: unknown;
}

export interface Received {
  time: number;
  headers: Record<string, string>;
  body: string;
}

export interface Program {
  url: string;
  pid: number;
  /** Its exit code, once it has ended by whatever cause; null: ended by a signal. */
  ended: Promise<number | null>;
  /** Standard output and standard error so far. */
  output(): string;
  /** The end of the process: by SIGTERM, or at once. Resolves with its exit code (null: ended by the signal). */
  end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | null>;
}

export type Json = Record<string, unknown>;

/**
 * The demo world as real processes: the simulator, and servers on one private PostgreSQL in a temporary folder. Everything
 * goes over HTTP. Taken down with the test.
 */
export interface Town extends AsyncDisposable {
  simulator: Program;
  /** The first server. */
  server: Program;
  servers: Program[];
  dataFolder: string;
  startServer(env?: Record<string, string>): Promise<Program>;
  /** `POST /vk/messages` with the demo key; the parsed answer. */
  post(
    messages: readonly Json[],
    server?: Program,
  ): Promise<{
    status: number;
    result: readonly { code: string; messageId?: number; reasons?: readonly { key: string; field?: string }[] }[];
  }>;
  /** One notification to the phone by template 4; its id. Throws what it was refused for. */
  send(phone: string, more?: Json): Promise<number>;
  message(id: number): Promise<{
    status: string;
    channel: string;
    errorCode?: number;
    history: readonly { status: string; channel: string; errorCode: number }[];
  }>;
  inbox(phone: string): Promise<readonly InboxEntry[]>;
  /** What the customer's endpoint got: every call, and the callbacks in them. */
  received(receiver?: string): Promise<readonly Received[]>;
  callbacksOf(id: number, receiver?: string): Promise<readonly Callback[]>;
  control(path: string, body?: unknown, method?: string): Promise<unknown>;
  violations(): Promise<readonly Json[]>;
}

export async function startTown(
  options: { env?: Record<string, string>; simulatorArgs?: readonly string[] } = {},
): Promise<Town> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'soroka-e2e-'));
  await chmod(dataFolder, 0o755); // so that as root, too, the account that runs PostgreSQL reaches it there
  const simulator = await startProgram([SIMULATOR, '--port', '0', ...(options.simulatorArgs ?? [])], {});
  const servers: Program[] = [];
  const startServer = async (env: Record<string, string> = {}): Promise<Program> => {
    const program = await startProgram([SERVER, 'demo-server'], {
      PORT: '0',
      SOROKA_METRICS_PORT: '0',
      SIMULATOR_PORT: new URL(simulator.url).port,
      SOROKA_DATA: dataFolder,
      ...options.env,
      ...env,
    });
    servers.push(program);
    return program;
  };
  const end = async (): Promise<void> => {
    for (const server of servers) await server.end('SIGTERM');
    await simulator.end('SIGTERM');
    await rm(dataFolder, { recursive: true, force: true });
  };
  const server = await startServer().catch(async (error) => {
    await end();
    throw error;
  });

  const control: Town['control'] = async (path, body, method = body === undefined ? 'GET' : 'POST') => {
    const init =
      body === undefined ? { method } : { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${simulator.url}/control${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} /control${path} answered ${response.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const headers = { Authorization: 'Key demo', 'Content-Type': 'application/json' };
  const post: Town['post'] = async (messages, to = servers[servers.length - 1] ?? server) => {
    const response = await fetch(`${to.url}/vk/messages`, { method: 'POST', headers, body: JSON.stringify(messages) });
    return { status: response.status, ...((await response.json()) as Omit<Awaited<ReturnType<Town['post']>>, 'status'>) };
  };

  return {
    simulator,
    server,
    servers,
    dataFolder,
    startServer,
    control,
    post,
    async send(phone, more = {}) {
      const { result } = await post([
        { phone, service: 'Group_name', templateId: 4, tmpl_data: { name: 'Анна', pizza: 'Маргарита' }, ...more },
      ]);
      const id = result[0]?.messageId;
      if (id === undefined) throw new Error(`refused: ${JSON.stringify(result)}`);
      return id;
    },
    async message(id) {
      const to = servers[servers.length - 1] ?? server;
      const response = await fetch(`${to.url}/vk/messages/${id}`, { headers });
      return (await response.json()) as Awaited<ReturnType<Town['message']>>;
    },
    inbox: async (phone) => (await control(`/people/${phone}/inbox`)) as InboxEntry[],
    received: async (receiver = 'demo') => (await control(`/receiver/${receiver}`)) as Received[],
    async callbacksOf(id, receiver = 'demo') {
      const calls = (await control(`/receiver/${receiver}`)) as Received[];
      const items = calls.flatMap(({ body }) => {
        const parsed: unknown = typeof body === 'string' ? JSON.parse(body) : body;
        return Array.isArray(parsed) ? (parsed as Callback[]) : [];
      });
      return items.filter(({ messageId }) => messageId === String(id));
    },
    violations: async () => (await control('/violations')) as Json[],
    [Symbol.asyncDispose]: end,
  };
}

/** Starts a program of the repository on this Node and waits for the line that holds its address. */
export async function startProgram(args: readonly string[], env: Record<string, string>): Promise<Program> {
  const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const leaveNothing = (): boolean => child.kill('SIGKILL'); // where whoever started it is interrupted
  process.once('exit', leaveNothing);
  void exited.then(() => process.off('exit', leaveNothing));
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${args[0]} did not start in ${STARTS_WITHIN_MS} ms:\n${output}`)),
      STARTS_WITHIN_MS,
    );
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        output += `${line}\n`;
        const address = /https?:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
        if (address === undefined) return;
        clearTimeout(timer);
        resolve(address);
      });
    }
    void exited.then((code) => {
      clearTimeout(timer);
      reject(new Error(`${args[0]} ended with ${code}:\n${output}`));
    });
  });
  return {
    url,
    pid: child.pid as number,
    ended: exited,
    output: () => output,
    end: (signal) => endProgram(child, exited, signal),
  };
}

async function endProgram(child: ChildProcess, exited: Promise<number | null>, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  return exited;
}

/** Waits until `look` gives something other than undefined, false or null; fails after `withinMs`, saying what was looked at. It looks every `everyMs`. */
export async function eventually<Value>(
  look: () => Promise<Value> | Value,
  withinMs = 60_000,
  everyMs = 50,
): Promise<Exclude<Value, false | null | undefined>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value as Exclude<Value, false | null | undefined>;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${look.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
