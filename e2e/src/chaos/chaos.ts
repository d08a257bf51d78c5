import { type Choice, FLAGS_HELP, readChoice, UsageError } from './choice.ts';
import { type Base, prepareBase } from './prepare.ts';
import { describeHere, type Result, type Results, record, tableOf } from './results.ts';
import { type Outcome, runScenario, type Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

const NAMES = Object.keys(SCENARIOS);

const HELP = `npm run chaos [-- NAME…] [-- flags]

Breaks what can break under a load of 120 messages a second, and counts what came of it: lost, doubled, over the limit, how long a
queue stood still, and requests that failed. Every scenario has a database of its own in a temporary folder, servers as processes
and the simulator as the networks; all of it is removed at the end. Linux only. Without names everything runs, in about ten minutes.

${NAMES.map((name) => `  ${name.padEnd(18)}${SCENARIOS[name]?.summary}`).join('\n')}

${FLAGS_HELP}

Results go to e2e/results/chaos.jsonl and into the table of docs/proofs.md. The exit code is 0 when every promise was kept, 1 when
one was broken, 3 when something could not be done on this machine.
`;

const NOTHING_COUNTED = {
  ...{ accepted: 0, lost: 0, doubled: 0, allowedDoubles: 0, unheard: 0, overLimit: 0 },
  ...{ recoverySeconds: 0, failedRequests: 0 },
};

class Interrupted extends Error {}

async function runAll(choice: Choice): Promise<Results> {
  say('Preparing a database and the networks');
  await using base = await prepareBase();
  return await Promise.race([runEach(base, choice), interrupted]);
}

async function runEach(base: Base, { names, seconds, isQuick }: Choice): Promise<Results> {
  const here = await describeHere();
  const results: Record<string, Result> = {};
  for (const name of names) {
    const scenario = SCENARIOS[name] as Scenario;
    const tell = (line: string): void => say(`  ${line}`);
    const takenAt = new Date().toISOString();
    const missing = (await scenario.whyNot?.(base)) ?? null;
    say(missing === null ? `${name}: ${scenario.summary}` : `${name} IS SKIPPED: ${missing}`);
    const came = missing === null ? await runToItsEnd(base, scenario, { seconds, say: tell }) : { skipped: missing };
    results[name] = { takenAt, ...here, seconds, came };
    process.stdout.write(`${tableOf({ [name]: results[name] })}\n`);
    if (!isQuick) await record(results, NAMES);
  }
  return results;
}

/** What fails in the middle has broken a promise, too: the other scenarios go on. */
async function runToItsEnd(...run: Parameters<typeof runScenario>): Promise<Outcome> {
  try {
    return await runScenario(...run);
  } catch (error) {
    return { ...NOTHING_COUNTED, broken: [`it did not come to its end: ${(error as Error).message}`] };
  }
}

function exitCodeOf(results: Results): number {
  const came = Object.values(results).map((result) => result.came);
  if (came.some((one) => 'broken' in one && one.broken.length > 0)) return 1;
  return came.some((one) => 'skipped' in one) ? 3 : 0;
}

/** For the person who waits; the tables alone go to standard output. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

const interrupted = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => reject(new Interrupted()));
});
interrupted.catch(() => {}); // heard by the race; before and after it there is nothing to stop

try {
  const choice = readChoice(process.argv.slice(2), NAMES);
  if (choice === 'help') process.stdout.write(HELP);
  else if (process.platform !== 'linux') throw new UsageError('This breaks processes and files by means of Linux.');
  else process.exitCode = exitCodeOf(await runAll(choice));
} catch (error) {
  if (error instanceof UsageError) say(`${error.message} See "npm run chaos -- --help".`);
  else if (error instanceof Interrupted) say('Stopped; nothing is left behind.');
  else say((error as Error).stack ?? String(error));
  // What was interrupted may still hold timers and sockets; the processes are ended with us.
  process.exit(error instanceof UsageError ? 2 : error instanceof Interrupted ? 130 : 1);
}
