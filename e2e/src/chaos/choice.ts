import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface Choice {
  names: readonly string[];
  /** Of trouble, in each scenario that repeats itself. */
  seconds: number;
  isQuick: boolean;
}

/** Typed wrongly: one sentence; the caller shows the way to the help. */
export class UsageError extends Error {}

const SECONDS = { usual: 30, quick: 4, max: 36_000 } as const;
/** What also runs with the tests. */
export const QUICK_NAMES: readonly string[] = ['server-kill', 'backends-ended', 'postgres-restart'];

export const FLAGS_HELP = `  --seconds N   How long trouble is made where it repeats itself. Default: ${SECONDS.usual}
  --quick       ${QUICK_NAMES.join(', ')}, once each. Nothing is recorded.
  --help        Print this help.`;

/** Throws UsageError. Without names all of `known`, or those of --quick. */
export function readChoice(words: readonly string[], known: readonly string[]): Choice | 'help' {
  const { values, positionals } = parse(words);
  if (values.help === true) return 'help';
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`There is no scenario "${unknown}": there are ${known.join(', ')}.`);
  const isQuick = values.quick === true;
  const seconds = values.seconds === undefined ? (isQuick ? SECONDS.quick : SECONDS.usual) : Number(values.seconds);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > SECONDS.max)
    throw new UsageError(`--seconds must be a whole number from 1 to ${SECONDS.max}, not "${values.seconds}".`);
  return { names: positionals.length > 0 ? positionals : isQuick ? QUICK_NAMES : known, seconds, isQuick };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: { seconds: { type: 'string' }, quick: { type: 'boolean' }, help: { type: 'boolean' } },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
