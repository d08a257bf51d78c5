import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CTRL_C = '\x03';

/** A command in a terminal of its own, as a person runs it: keys reach every program in it at once. */
export interface Terminal extends AsyncDisposable {
  /** Lines on the screen so far. */
  lines(): string[];
  /** The first group of the first line that fits; fails when the command ends before. */
  line(pattern: RegExp): Promise<string>;
  /** Presses Ctrl-C; the exit code of the command. */
  interrupt(): Promise<number | null>;
}

/** Types `command` in the project's folder. The terminal is made by util-linux's `script`. */
export function openTerminal(command: string, env: Record<string, string>): Terminal {
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
  });
  const lines = () => screen.split(/\r?\n/).slice(0, -1);
  return {
    lines,
    async line(pattern) {
      for (;;) {
        const found = lines()
          .map((line) => pattern.exec(line)?.[1])
          .find((group) => group !== undefined);
        if (found !== undefined) return found;
        if (child.exitCode !== null) throw new Error(`"${command}" ended with ${child.exitCode}:\n${screen}`);
        await Promise.race([once(child.stdout, 'data'), exited]);
      }
    },
    interrupt() {
      child.stdin.write(CTRL_C);
      return exited;
    },
    [Symbol.asyncDispose]: () => leave(child, exited),
  };
}

async function leave(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode === null) child.stdin?.write(CTRL_C);
  await exited;
}

/** The output of a command that ends by itself. Throws where it fails. */
export async function run(command: string, env: Record<string, string> = {}): Promise<string> {
  const child = spawn('sh', ['-c', command], { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, problem] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    problem += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`"${command}" ended with ${code}: ${problem}`);
  return output;
}

/** Whether something listens on a port of this machine. */
export async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).then((isOpen) => {
    socket.destroy();
    return isOpen as boolean;
  });
}
