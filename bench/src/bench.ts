import { fileURLToPath } from 'node:url';
import { measureAccept } from './accept.ts';
import { measureArrival } from './arrival.ts';
import { measureBacklog } from './backlog.ts';
import { measureBot } from './bot.ts';
import { measureCallbacks } from './callbacks.ts';
import { type Choice, FLAGS_HELP, readChoice, UsageError } from './choice.ts';
import { measureDispatch } from './dispatch.ts';
import { measureEngine } from './engine.ts';
import { measureExpiry } from './expiry.ts';
import { measureFanOut } from './fan-out.ts';
import { measureAccounts, measureGroups } from './growth.ts';
import { measureInbound } from './inbound.ts';
import { measureIntake } from './intake.ts';
import { measureLanes } from './lanes.ts';
import { measureLatency } from './latency.ts';
import { measureLife } from './life.ts';
import { addLoadSenders, PAYLOAD } from './load-world.ts';
import { describeMachine } from './machine.ts';
import { rewritePage } from './page.ts';
import { type Section, sectionText, writeResults } from './report.ts';
import { measureSearch } from './search.ts';
import { measureShares } from './shares.ts';
import { measureSockets } from './sockets.ts';
import { startTown, type Town } from './town.ts';

interface Bench {
  summary: string;
  run(town: Town, options: Choice & { say(line: string): void }): Promise<Section>;
}

const BENCHES: Readonly<Record<string, Bench>> = {
  accept: {
    summary: 'messages accepted per second in requests of 1, 100 and 1000, beside a bare insert of the same rows',
    run: measureAccept,
  },
  dispatch: { summary: 'messages sent per second over 100 groups, without limits and with them', run: measureDispatch },
  latency: { summary: 'time from a request to the network, at 500 and 1000 messages a second', run: measureLatency },
  intake: { summary: "time of the answer to VK's webhooks, at 500 and 2000 events a second", run: measureIntake },
  inbound: {
    summary: "VK's events taken per second, beside a bot of vk-io with and without an insert",
    run: measureInbound,
  },
  bot: { summary: "time from a question to the bot's answer at the network, at 50 to 500 a second", run: measureBot },
  callbacks: { summary: 'signed callbacks delivered per second to 1000 endpoints', run: measureCallbacks },
  arrival: {
    summary: 'whether every callback arrives, in order and verified, where 20 % of 1000 endpoints fail',
    run: measureArrival,
  },
  engine: {
    summary: 'the engine without limits, beside graphile-worker, pg-boss and BullMQ on the same job',
    run: measureEngine,
  },
  lanes: { summary: 'the worst second of a group at 50 a second, ours and BullMQ', run: measureLanes },
  backlog: {
    summary: 'time of a claim and memory with 10 thousand and a million waiting, also with a pinned snapshot',
    run: measureBacklog,
  },
  expiry: { summary: 'how soon customers hear of what expires while a million messages wait', run: measureExpiry },
  shares: { summary: 'how long an account waits in a group where another one has a million waiting', run: measureShares },
  life: { summary: 'bytes that a message leaves on disk after its life, and what it costs to write', run: measureLife },
  sockets: {
    summary: 'how soon 5000 screens hear of what a person said, and whether a cut loses them anything',
    run: measureSockets,
  },
  fanout: { summary: 'how soon the last of 1000 operators hears of what a person said', run: measureFanOut },
  search: { summary: 'time of a search among a million lines, for common and for rare words', run: measureSearch },
  groups: { summary: 'latency, processor time and memory with 1 to 1000 groups', run: measureGroups },
  accounts: { summary: 'the same with 1 to 1000 accounts', run: measureAccounts },
};
const RESULTS = fileURLToPath(new URL('../results', import.meta.url));
// Out of git's and everybody's way: short runs tell whether a benchmark works, not how fast we are.
const QUICK_RESULTS = fileURLToPath(new URL('../../.soroka/bench', import.meta.url));

const HELP = `npm run bench [-- NAME…] [-- flags]

Measures a server on this machine: starts the simulator and servers of the demo world as processes of their own, on free ports
and a PostgreSQL in a temporary folder, and removes all of it at the end. Without names everything is measured, in about
fifty minutes. Close what else is at work: all of it shares the cores.

${Object.entries(BENCHES)
  .map(([name, { summary }]) => `  ${name.padEnd(11)}${summary}`)
  .join('\n')}

${FLAGS_HELP}

  npm run bench -- accept --seconds 3

Results go to bench/results/ as JSON and as a table, and from there into docs/benchmarks.md; bench/README.md says how to read them.
The exit code is 1 where a run failed, or where a benchmark found something broken that is promised (docs/proofs.md).
`;

class Interrupted extends Error {}

/** Whether everything that is promised was so. */
async function measure(choice: Choice, interrupted: Promise<never>): Promise<boolean> {
  say('Starting the simulator, PostgreSQL and a server');
  const { profileFolder } = choice;
  await using town = await startTown(profileFolder === undefined ? {} : { profileFolder });
  const measureAll = async (): Promise<boolean> => {
    await addLoadSenders(town);
    const machine = await describeMachine(town);
    const takenAt = new Date().toISOString();
    const sections: Section[] = [];
    for (const name of choice.names) {
      const section = await (BENCHES[name] as Bench).run(town, { ...choice, say });
      process.stdout.write(`\n${sectionText(section)}\n\n`);
      sections.push(section);
    }
    const folder = choice.isQuick ? QUICK_RESULTS : RESULTS;
    say(`Written: ${await writeResults(folder, { takenAt, machine, payload: PAYLOAD, sections })}.json and .md`);
    if (!choice.isQuick) await rewritePage(RESULTS);
    return sections.every(({ broken = [] }) => broken.length === 0);
  };
  return await Promise.race([measureAll(), interrupted]);
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
  const choice = readChoice(process.argv.slice(2), Object.keys(BENCHES));
  if (choice === 'help') process.stdout.write(HELP);
  else if (choice === 'page') await rewritePage(RESULTS);
  else process.exitCode = (await measure(choice, interrupted)) ? 0 : 1;
} catch (error) {
  if (error instanceof UsageError) say(`${error.message} See "npm run bench -- --help".`);
  else if (error instanceof Interrupted) say('Stopped; nothing is left behind.');
  else say((error as Error).stack ?? String(error));
  // What was interrupted may still hold timers and sockets.
  process.exit(error instanceof UsageError ? 2 : error instanceof Interrupted ? 130 : 1);
}
