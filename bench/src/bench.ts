import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureAccept } from './accept.ts';
import { measureCallbacks } from './callbacks.ts';
import { measureDispatch } from './dispatch.ts';
import { measureIntake } from './intake.ts';
import { measureLatency } from './latency.ts';
import { addLoadSenders } from './load-world.ts';
import { describeMachine } from './machine.ts';
import { type Section, sectionText, writeResults } from './report.ts';
import { startTown, type Town } from './town.ts';

interface Choice {
  names: readonly string[];
  /** Of each measured time. */
  seconds: number;
  /** Of each dispatch. */
  messages: number;
  profileFolder: string | undefined;
}

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
  callbacks: { summary: 'signed callbacks delivered per second to 1000 endpoints', run: measureCallbacks },
};
const DEFAULTS = { seconds: 10, messages: 50_000 } as const;
const RESULTS = fileURLToPath(new URL('../results', import.meta.url));

const HELP = `npm run bench [-- NAME…] [-- flags]

Measures a server on this machine: starts the simulator and servers of the demo world as processes of their own, on free ports
and a PostgreSQL in a temporary folder, and removes all of it at the end. Without names everything is measured, in about five
minutes. Close what else is at work: all of it shares the cores.

${Object.entries(BENCHES)
  .map(([name, { summary }]) => `  ${name.padEnd(11)}${summary}`)
  .join('\n')}

  --seconds N        How long each figure is measured. Default: ${DEFAULTS.seconds}
  --messages N       How many messages a dispatch sends. Default: ${DEFAULTS.messages}
  --profile FOLDER   Have the servers write CPU profiles there, for Chrome's DevTools; they cost some speed.
  --help             Print this help.

  npm run bench -- accept --seconds 3

Results go to bench/results/ as JSON and as a table; bench/README.md says how to read them.
`;

/** Typed wrongly: one sentence and the way to the help. */
class UsageError extends Error {}
class Interrupted extends Error {}

function readChoice(words: readonly string[]): Choice | null {
  const options = {
    seconds: { type: 'string' },
    messages: { type: 'string' },
    profile: { type: 'string' },
    help: { type: 'boolean' },
  } as const;
  const parsed = (() => {
    try {
      return parseArgs({ args: [...words], options, allowPositionals: true });
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
  })();
  const { values, positionals } = parsed;
  if (values.help === true) return null;
  const unknown = positionals.find((name) => !Object.hasOwn(BENCHES, name));
  if (unknown !== undefined)
    throw new UsageError(`There is no benchmark "${unknown}": there are ${Object.keys(BENCHES).join(', ')}.`);
  const number = (name: 'seconds' | 'messages', max: number): number => {
    const value = values[name] === undefined ? DEFAULTS[name] : Number(values[name]);
    if (Number.isInteger(value) && value >= 1 && value <= max) return value;
    throw new UsageError(`--${name} must be a whole number from 1 to ${max}, not "${values[name]}".`);
  };
  return {
    names: positionals.length === 0 ? Object.keys(BENCHES) : positionals,
    seconds: number('seconds', 3_600),
    messages: number('messages', 300_000), // as many as the simulator remembers
    profileFolder: values.profile,
  };
}

async function measure(choice: Choice, interrupted: Promise<never>): Promise<void> {
  say('Starting the simulator, PostgreSQL and a server');
  const { profileFolder } = choice;
  await using town = await startTown(profileFolder === undefined ? {} : { profileFolder });
  const measureAll = async (): Promise<void> => {
    await addLoadSenders(town);
    const machine = await describeMachine(town);
    const takenAt = new Date().toISOString();
    const sections: Section[] = [];
    for (const name of choice.names) {
      const section = await (BENCHES[name] as Bench).run(town, { ...choice, say });
      process.stdout.write(`\n${sectionText(section)}\n\n`);
      sections.push(section);
    }
    say(`Written: ${await writeResults(RESULTS, { takenAt, machine, sections })}.json and .md`);
  };
  await Promise.race([measureAll(), interrupted]);
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
  const choice = readChoice(process.argv.slice(2));
  if (choice === null) process.stdout.write(HELP);
  else await measure(choice, interrupted);
} catch (error) {
  if (error instanceof UsageError) say(`${error.message} See "npm run bench -- --help".`);
  else if (error instanceof Interrupted) say('Stopped; nothing is left behind.');
  else say((error as Error).stack ?? String(error));
  // What was interrupted may still hold timers and sockets.
  process.exit(error instanceof UsageError ? 2 : error instanceof Interrupted ? 130 : 1);
}
