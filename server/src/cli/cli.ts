import { text } from 'node:stream/consumers';
import { start } from '../start.ts';
import { runCli } from './run.ts';

// bin/soroka.mjs loads this file, and that is all it does: the program `soroka`.
process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  start,
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
