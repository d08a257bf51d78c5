import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { type ManyGroups, MESSAGES_MAX } from './lanes.ts';

/** What the command line asks for. */
export interface Choice {
  names: readonly string[];
  /** Of trouble, in each scenario that repeats itself. */
  seconds: number;
  /** Instead of each scenario's own. */
  load?: ManyGroups;
  isQuick: boolean;
}

/** Typed wrongly: one sentence; the caller shows the way to the help. */
export class UsageError extends Error {}

/** Groups of the simulator's load range, and as many messages as a request may hold. */
const GROUPS = { usual: 100, max: 1_000 } as const;
const MESSAGES_PER_SECOND = { usual: 120, max: 10_000 } as const;
const SECONDS = { usual: 30, quick: 4, max: 36_000 } as const;
/** What also runs with the tests. */
export const QUICK_NAMES: readonly string[] = ['server-kill', 'backends-ended', 'postgres-restart'];

export const FLAGS_HELP = `  --seconds N               How long trouble is made where it repeats itself. Default: ${SECONDS.usual}
  --groups N                Another load: to N groups of the upstream, all at once. Default: ${GROUPS.usual}, where the next one is given
  --messages-per-second N   To all of them together, ${MESSAGES_MAX / 1e6} million in all at most. Default: ${MESSAGES_PER_SECOND.usual}
  --quick                   ${QUICK_NAMES.join(', ')}, once each. Nothing is recorded.
  --help                    Print this help.`;

/** Throws UsageError. Without names all of `known`, or those of --quick. */
export function readChoice(words: readonly string[], known: readonly string[]): Choice | 'help' {
  const { values, positionals } = parse(words, {
    seconds: { type: 'string' },
    groups: { type: 'string' },
    'messages-per-second': { type: 'string' },
    quick: { type: 'boolean' },
    help: { type: 'boolean' },
  });
  if (values.help === true) return 'help';
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`There is no scenario "${unknown}": there are ${known.join(', ')}.`);
  const isQuick = values.quick === true;
  const seconds = wholeNumber('seconds', values.seconds, { usual: isQuick ? SECONDS.quick : SECONDS.usual, max: SECONDS.max });
  const groups = wholeNumber('groups', values.groups, GROUPS);
  const messagesPerSecond = wholeNumber('messages-per-second', values['messages-per-second'], MESSAGES_PER_SECOND);
  const isOwnLoad = values.groups !== undefined || values['messages-per-second'] !== undefined;
  if (isOwnLoad && seconds * messagesPerSecond > MESSAGES_MAX)
    throw new UsageError(`${seconds} s of ${messagesPerSecond} messages are more than the ${MESSAGES_MAX} that can be counted.`);
  return {
    names: positionals.length > 0 ? positionals : isQuick ? QUICK_NAMES : known,
    seconds,
    ...(isOwnLoad && { load: { groups, messagesPerSecond } }),
    isQuick,
  };
}

/** Of an hour without trouble. Throws UsageError. */
export function readSoakSeconds(words: readonly string[], bounds: { usual: number; min: number; max: number }): number | 'help' {
  const { values, positionals } = parse(words, { seconds: { type: 'string' }, help: { type: 'boolean' } });
  if (positionals.length > 0) throw new UsageError(`There is only one kind of soak, and no "${positionals[0]}".`);
  return values.help === true ? 'help' : wholeNumber('seconds', values.seconds, bounds);
}

/** What stands behind the flag; `usual` where it is not there. */
function wholeNumber(
  flag: string,
  text: string | undefined,
  { usual, min = 1, max }: { usual: number; min?: number; max: number },
): number {
  const value = text === undefined ? usual : Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UsageError(`--${flag} must be a whole number from ${min} to ${max}, not "${text}".`);
}

function parse<Options extends ParseArgsOptionsConfig>(words: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
