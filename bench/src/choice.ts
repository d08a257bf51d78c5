import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface Choice {
  names: readonly string[];
  /** Of each measured time. */
  seconds: number;
  /** Before what is measured at full speed: code is compiled and caches are filled then. */
  warmUpSeconds: number;
  /** Of each dispatch. */
  messages: number;
  /** Small and short: to see that a benchmark works. */
  isQuick: boolean;
  /** Also what takes long and much disk: 10 million waiting, 10,000 groups. */
  isLarge: boolean;
  profileFolder: string | undefined;
}

/** Typed wrongly: one sentence; the caller shows the way to the help. */
export class UsageError extends Error {}

const USUAL = { seconds: 10, warmUpSeconds: 5, messages: 50_000 } as const;
const QUICK = { seconds: 2, warmUpSeconds: 1, messages: 6_000 } as const;
const SECONDS_MAX = 3_600;
const MESSAGES_MAX = 3_000_000; // as many as the simulator remembers, and five to each person of the load

export const FLAGS_HELP = `  --quick            Small and short, half a minute each: shows that a benchmark works. Kept apart, in .soroka/bench/.
  --large            Also 10 million messages waiting, and 10000 groups: takes 20 GB of disk and half an hour more.
  --seconds N        How long each figure is measured. Default: ${USUAL.seconds}
  --messages N       How many messages a dispatch sends. Default: ${USUAL.messages}
  --profile FOLDER   Have the servers write CPU profiles there, for Chrome's DevTools; they cost some speed.
  --page             Measure nothing: write docs/benchmarks.md and its pictures anew from bench/results/.
  --help             Print this help.`;

/** Throws UsageError. Without names all of `known`. */
export function readChoice(words: readonly string[], known: readonly string[]): Choice | 'help' | 'page' {
  const { values, positionals } = parse(words);
  if (values.help === true) return 'help';
  if (values.page === true) return 'page';
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`There is no benchmark "${unknown}": there are ${known.join(', ')}.`);
  const isQuick = values.quick === true;
  const usual = isQuick ? QUICK : USUAL;
  const number = (name: 'seconds' | 'messages', max: number): number => {
    const value = values[name] === undefined ? usual[name] : Number(values[name]);
    if (Number.isInteger(value) && value >= 1 && value <= max) return value;
    throw new UsageError(`--${name} must be a whole number from 1 to ${max}, not "${values[name]}".`);
  };
  return {
    names: positionals.length === 0 ? known : positionals,
    seconds: number('seconds', SECONDS_MAX),
    warmUpSeconds: usual.warmUpSeconds,
    messages: number('messages', MESSAGES_MAX),
    isQuick,
    isLarge: values.large === true,
    profileFolder: values.profile,
  };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        quick: { type: 'boolean' },
        large: { type: 'boolean' },
        seconds: { type: 'string' },
        messages: { type: 'string' },
        profile: { type: 'string' },
        page: { type: 'boolean' },
        help: { type: 'boolean' },
      },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
