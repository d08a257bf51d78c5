import { parseArgs } from 'node:util';

export const HELP = `soroka-simulator: VK, Odnoklassniki and a notify upstream on your own machine.

Point your bot here instead of at the networks, then act as its users.

  soroka-simulator [--port N] [--host ADDRESS] [--seed N]

  --port N        port to listen on, 0 for a free one (SIMULATOR_PORT, else 8090)
  --host ADDRESS  address to listen on (127.0.0.1: only this machine)
  --seed N        a whole number: the same ids and the same drawn faults in every run
  --help          this text

Instead of                    use
  https://api.vk.ru/method      http://127.0.0.1:8090/vk/method     group 213243638, token vk1.demo
  https://api.ok.ru/fb.do       http://127.0.0.1:8090/ok/fb.do      application 1246100000, key CBADEMOKEY
  https://api.ok.ru/graph       http://127.0.0.1:8090/ok/graph      group 70000000000001
  your reseller's notify API    http://127.0.0.1:8090/notify        Authorization: Key notify-demo

Write to the group as Anna, and see what she got:

  curl localhost:8090/control/people/79999999999/say -d '{"network":"vk","text":"привет"}'
  curl localhost:8090/control/people/79999999999/inbox

Both phones of anybody, and every call, are on the page at http://127.0.0.1:8090/. More people: /control/people. What your program did wrong:
/control/violations. Make the networks fail: POST /control/faults {"network":"vk","timeoutAfter":0.1}.
`;

export interface CommandLine {
  port: number;
  host: string;
  seed?: number;
}

/** Reads arguments and `SIMULATOR_PORT`. Gives `help`, or a sentence that says what is wrong, in place of the options. */
export function readCommandLine(
  args: readonly string[],
  env: Record<string, string | undefined>,
): CommandLine | { help: true } | { problem: string } {
  let values: { port?: string; host?: string; seed?: string; help?: boolean };
  try {
    const options = {
      port: { type: 'string' },
      host: { type: 'string' },
      seed: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    } as const;
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    return { problem: `${(error as Error).message.replace(/\.?$/, '.')} Try --help.` };
  }
  if (values.help === true) return { help: true };
  const portText = values.port ?? env['SIMULATOR_PORT'] ?? '8090';
  const portName = values.port === undefined ? 'SIMULATOR_PORT' : '--port';
  const port = wholeNumber(portText, 65_535);
  if (port === null) return { problem: `${portName} must be a whole number from 0 to 65535, not "${portText}".` };
  const { host = '127.0.0.1', seed: seedText } = values;
  if (seedText === undefined) return { port, host };
  const seed = wholeNumber(seedText, 1_000_000_000);
  if (seed === null) return { problem: `--seed must be a whole number from 0 to 1000000000, not "${seedText}".` };
  return { port, host, seed };
}

function wholeNumber(text: string, max: number): number | null {
  return /^\d{1,10}$/.test(text) && Number(text) <= max ? Number(text) : null;
}

/** Why the simulator could not listen, in one sentence; null for what is no such cause. */
export function explainListenError(error: unknown, { port, host }: CommandLine): string | null {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'EADDRINUSE')
    return `Port ${port} on ${host} is in use: stop what uses it, or choose another with --port or SIMULATOR_PORT.`;
  if (code === 'EACCES')
    return `Port ${port} may not be used by this account: choose one above 1023 with --port or SIMULATOR_PORT.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `This machine has no address "${host}": choose another with --host.`;
  return null;
}
