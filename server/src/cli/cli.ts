import { text } from 'node:stream/consumers';
import { runCli } from './run.ts';

// bin/soroka.mjs loads this file, and that is all it does: the program `soroka`.
process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  // Loaded when it is needed: every other command starts in half the time without it.
  start: async (config) => (await import('../start.ts')).start(config),
  readInput: () => text(process.stdin),
  out: (words) => process.stdout.write(words),
  note: (words) => process.stderr.write(words),
  tell: (sentence) => process.stderr.write(`${sentence}\n`),
  isForPeople: process.stdout.isTTY === true,
  untilStopped: () =>
    new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    }),
});
