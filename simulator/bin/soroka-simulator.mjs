#!/usr/bin/env node
import { ensureNode24 } from '../../scripts/node24.mjs';

await ensureNode24(import.meta.url);
const { explainListenError, HELP, readCommandLine } = await import('../src/command-line.ts');

const options = readCommandLine(process.argv.slice(2), process.env);
if ('help' in options) process.stdout.write(HELP);
else if ('problem' in options) fail(options.problem);
else await run(options);

async function run(commandLine) {
  const { startSimulator } = await import('../src/simulator.ts');
  try {
    const simulator = await startSimulator(commandLine);
    process.stdout.write(`Simulator of VK, OK and notify: ${simulator.url}\n`);
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => simulator.stop());
    // Of a program that started it with an IPC channel and is gone.
    process.once('disconnect', () => simulator.stop());
    process.channel?.unref();
  } catch (error) {
    const reason = explainListenError(error, commandLine);
    if (reason === null) throw error;
    fail(reason);
  }
}

function fail(reason) {
  process.stderr.write(`${reason}\n`);
  process.exitCode = 1;
}
