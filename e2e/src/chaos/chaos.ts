import { type Choice, FLAGS_HELP, readChoice, UsageError } from './choice.ts';
import { loadText, sendersOf } from './lanes.ts';
import { type Base, prepareBase } from './prepare.ts';
import { runProgram, say } from './program.ts';
import { describeHere, type Result, type Results, record, tableOf } from './results.ts';
import { type Outcome, runScenario, type Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

const NAMES = Object.keys(SCENARIOS);

const HELP = `npm run chaos [-- NAME…] [-- flags]

Breaks what can break under load, and counts what came of it: lost, doubled, over the limit, how long a queue stood still, and
requests that failed. Every scenario has a database of its own in a temporary folder, servers as processes and the simulator as the
networks; all of it is removed at the end. Linux only. Without names everything runs, in about twelve minutes.

${NAMES.map((name) => `  ${name.padEnd(18)}${SCENARIOS[name]?.summary}`).join('\n')}

${FLAGS_HELP}

  npm run chaos -- kill-in-turn --seconds 2000 --messages-per-second 700   # 200 deaths, more than a million messages
  npm run chaos -- full-pace --seconds 600 --messages-per-second 5000      # all that a hundred groups may get
  npm run chaos -- rolling-restart --messages-per-second 1000

Results go to e2e/results/chaos.jsonl and into the table of docs/proofs.md. The exit code is 0 when every promise was kept, 1 when
one was broken, 3 when something could not be done on this machine.
`;

const NOTHING_COUNTED = {
  ...{ accepted: 0, lost: 0, doubled: 0, allowedDoubles: 0, unheard: 0, overLimit: 0 },
  ...{ recoverySeconds: 0, failedRequests: 0 },
};

async function runAll(choice: Choice, unlessStopped: (running: Promise<Results>) => Promise<Results>): Promise<Results> {
  say('Preparing a database and the networks');
  const senders = choice.names.map((name) => sendersOf(choice.load ?? SCENARIOS[name]?.load));
  await using base = await prepareBase(Math.max(...senders));
  return await unlessStopped(runEach(base, choice));
}

async function runEach(base: Base, { names, seconds, load: ownLoad, isQuick }: Choice): Promise<Results> {
  const here = await describeHere();
  const results: Record<string, Result> = {};
  for (const name of names) {
    const usual = SCENARIOS[name] as Scenario;
    const scenario = ownLoad === undefined ? usual : { ...usual, load: ownLoad };
    const title = ownLoad === undefined ? name : `${name}, ${loadText(ownLoad)}`;
    const tell = (line: string): void => say(`  ${line}`);
    const takenAt = new Date().toISOString();
    const missing = (await scenario.whyNot?.(base)) ?? null;
    say(missing === null ? `${title}: ${scenario.summary}` : `${name} IS SKIPPED: ${missing}`);
    const came = missing === null ? await runToItsEnd(base, scenario, { seconds, say: tell }) : { skipped: missing };
    results[title] = { takenAt, ...here, load: loadText(scenario.load), seconds, came };
    process.stdout.write(`${tableOf({ [title]: results[title] })}\n`);
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

await runProgram('chaos', async (words, unlessStopped) => {
  const choice = readChoice(words, NAMES);
  if (choice === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (process.platform !== 'linux') throw new UsageError('This breaks processes and files by means of Linux.');
  return exitCodeOf(await runAll(choice, unlessStopped));
});
