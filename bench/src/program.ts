import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const STARTS_WITHIN_MS = 60_000;

/** A process that serves HTTP. */
export interface Program {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** Without the settings that somebody made for servers of their own. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(SOROKA_|DATABASE_URL$|PORT$|SIMULATOR_PORT$|LOG_LEVEL$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** Starts a program on this Node and waits for the line that holds its address. */
export async function startProgram(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Program> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...ownEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const leaveNothing = (): boolean => child.kill('SIGTERM'); // where the bench is interrupted in the middle of a measurement
  process.once('exit', leaveNothing);
  void exited.then(() => process.off('exit', leaveNothing));
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    const fail = (what: string): void => reject(new Error(`${args.at(-1)} ${what}:\n${output}`));
    const timer = setTimeout(() => fail(`did not start in ${STARTS_WITHIN_MS} ms`), STARTS_WITHIN_MS);
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
      fail(`ended with ${code}`);
    });
  }).catch(async (error) => {
    await end(child, exited);
    throw error;
  });
  return { url, pid: child.pid as number, stop: () => end(child, exited) };
}

async function end(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  await exited;
}
