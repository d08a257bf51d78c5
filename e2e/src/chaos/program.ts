import { UsageError } from './choice.ts';

class Interrupted extends Error {}

/** For the person who waits; the tables alone go to standard output. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * Ends this process with the exit code that `work` gives, however it ends: 2 where the command line was wrong, 130 where somebody
 * stopped it, 1 where it failed. Where it may be stopped, `work` waits by `unlessStopped`, which throws then.
 */
export async function runProgram(
  name: string,
  work: (words: readonly string[], unlessStopped: <Value>(waited: Promise<Value>) => Promise<Value>) => Promise<number>,
): Promise<void> {
  const stopped = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => reject(new Interrupted()));
  });
  stopped.catch(() => {}); // heard by the race; before and after it there is nothing to stop
  try {
    process.exitCode = await work(process.argv.slice(2), (waited) => Promise.race([waited, stopped]));
  } catch (error) {
    if (error instanceof UsageError) say(`${error.message} See "npm run ${name} -- --help".`);
    else if (error instanceof Interrupted) say('Stopped; nothing is left behind.');
    else say((error as Error).stack ?? String(error));
    // What was interrupted may still hold timers and sockets; the processes are ended with us.
    process.exit(error instanceof UsageError ? 2 : error instanceof Interrupted ? 130 : 1);
  }
}
