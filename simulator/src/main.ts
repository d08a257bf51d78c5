import { type CommandLine, explainListenError, HELP, readCommandLine } from './command-line.ts';
import { startSimulator } from './simulator.ts';

/** The command `soroka-simulator`: reads this process's arguments, and runs until a signal or the end of who started it. */
export async function main(): Promise<void> {
  const options = readCommandLine(process.argv.slice(2), process.env);
  if ('help' in options) process.stdout.write(HELP);
  else if ('problem' in options) fail(options.problem);
  else await run(options);
}

async function run(commandLine: CommandLine): Promise<void> {
  try {
    const simulator = await startSimulator(commandLine);
    process.stdout.write(`Simulator of VK, OK and notify: ${simulator.url}\n`);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void simulator.stop());
    // Of a program that started it with an IPC channel and is gone.
    process.once('disconnect', () => void simulator.stop());
    process.channel?.unref();
  } catch (error) {
    const reason = explainListenError(error, commandLine);
    if (reason === null) throw error;
    fail(reason);
  }
}

function fail(reason: string): void {
  process.stderr.write(`${reason}\n`);
  process.exitCode = 1;
}
