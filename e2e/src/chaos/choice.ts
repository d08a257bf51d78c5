import { parseArgs } from 'node:util';
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
  const { values, positionals } = parse(words);
  if (values.help === true) return 'help';
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`There is no scenario "${unknown}": there are ${known.join(', ')}.`);
  const isQuick = values.quick === true;
  const number = (name: 'seconds' | 'groups' | 'messages-per-second', usual: number, max: number): number => {
    const value = values[name] === undefined ? usual : Number(values[name]);
    if (Number.isInteger(value) && value >= 1 && value <= max) return value;
    throw new UsageError(`--${name} must be a whole number from 1 to ${max}, not "${values[name]}".`);
  };
  const seconds = number('seconds', isQuick ? SECONDS.quick : SECONDS.usual, SECONDS.max);
  const groups = number('groups', GROUPS.usual, GROUPS.max);
  const messagesPerSecond = number('messages-per-second', MESSAGES_PER_SECOND.usual, MESSAGES_PER_SECOND.max);
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

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        seconds: { type: 'string' },
        groups: { type: 'string' },
        'messages-per-second': { type: 'string' },
        quick: { type: 'boolean' },
        help: { type: 'boolean' },
      },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
