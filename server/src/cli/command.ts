import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import type { Finding } from '../doctor/doctor.ts';
import type { Config } from '../platform/config.ts';

/** A flag of a command. */
export interface Flag {
  /** What stands for the value in the help; absent: the flag takes none. */
  value?: string;
  /** May be given several times. */
  many?: true;
  meaning: string;
}

/** What a command was called with. A flag without a value is `''` where it was given. */
export interface Given {
  /** In the order of `arguments`; the last may be absent where it is optional. */
  arguments: readonly string[];
  flag(name: string): string | undefined;
  /** Throws a UsageError where it is absent. */
  required(name: string): string;
  all(name: string): readonly string[];
}

/** What a command answers; how it looks depends on where it is printed. */
export type Answer =
  | { kind: 'done'; sentence: string }
  /** One thing, field by field. `note` goes to people only; `work` to people as sentences, to programs as fields. */
  | { kind: 'record'; fields: Readonly<Record<string, Cell>>; note?: string; work?: Work }
  | { kind: 'list'; columns: readonly string[]; rows: readonly Readonly<Record<string, Cell>>[] }
  /** A value made to be caught by a script: it alone goes to standard output, the note to people. */
  | { kind: 'value'; value: string; note: string; fields: Readonly<Record<string, Cell>> }
  /** Findings under headings; a bad one makes the exit code 1. */
  | { kind: 'report'; sections: readonly ReportSection[] };
export interface ReportSection {
  title: string;
  findings: readonly Finding[];
}
/** What a command did beyond its own tables, and what is left to do for the person. Sentences. */
export interface Work {
  did: readonly string[];
  left: readonly string[];
}
export type Cell = string | number | boolean | null | readonly string[];

/** Where a command runs: the terminal, a pipe or a test. */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  readInput(): Promise<string>;
  /** A sentence for the person who waits. */
  tell(sentence: string): void;
  /** Starts the whole server. */
  start(config: Config): Promise<{ url: string; stop(): Promise<void> }>;
  /** Resolves when the process is asked to end. */
  untilStopped(): Promise<void>;
}

export interface Command {
  /** As typed: `connection add vk`. */
  name: string;
  summary: string;
  /** `NAME`, `FILE.csv`; all are needed. */
  arguments?: readonly string[];
  flags?: Readonly<Record<string, Flag>>;
  /** What a newcomer should know, and a run that works. */
  help: string;
  run(given: Given, surroundings: Surroundings): Promise<Answer | null>;
}

/** The command was typed wrongly: exit code 2 and a way to its help. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const EVERYWHERE: Readonly<Record<string, Flag>> = {
  json: { meaning: 'Print JSON.' },
  help: { meaning: 'Print this help.' },
};

/** Reads the words after a command's name. Throws UsageError in one sentence. */
export function readGiven(command: Command, words: readonly string[]): Given {
  const flags = { ...command.flags, ...EVERYWHERE };
  const options: ParseArgsOptionsConfig = {};
  for (const [name, { value, many }] of Object.entries(flags)) {
    options[name] = { type: value === undefined ? 'boolean' : 'string', ...(many === undefined ? {} : { multiple: true }) };
  }
  const { values, positionals } = parse(command, words, options);
  const wanted = command.arguments ?? [];
  if (values['help'] !== true) {
    if (positionals.length < wanted.length)
      throw new UsageError(`${wanted.slice(positionals.length).join(' and ')} must be given.`);
    if (positionals.length > wanted.length) {
      throw new UsageError(`"${positionals[wanted.length]}" is one argument too many; a value with spaces needs quotes.`);
    }
  }
  const flag = (name: string): string | undefined => {
    const value = values[name];
    if (value === true) return '';
    return typeof value === 'string' ? value : undefined;
  };
  return {
    arguments: positionals,
    flag,
    required(name) {
      const value = flag(name);
      if (value === undefined) throw new UsageError(`--${name} must be given.`);
      return value;
    },
    all(name) {
      const value = values[name];
      return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
    },
  };
}

function parse(command: Command, words: readonly string[], options: ParseArgsOptionsConfig) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
      const [unknown = 'that'] = /--?[^\s'"]+/.exec(message) ?? [];
      throw new UsageError(`"soroka ${command.name}" knows no ${unknown}.`);
    }
    if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') throw new UsageError(`${message.split('\n')[0]?.replace(/\.?$/, '')}.`);
    throw error;
  }
}

/** The help of one command: usage, flags, and what its author has to say. */
export function helpOf(command: Command): string {
  const words = ['soroka', command.name, ...(command.arguments ?? []), ...(command.flags === undefined ? [] : ['[flags]'])];
  const flags = Object.entries({ ...command.flags, ...EVERYWHERE }).map(([name, { value, many, meaning }]) => {
    const left = `  --${name}${value === undefined ? '' : ` ${value}`}`;
    return { left, right: many === undefined ? meaning : `${meaning} May be given several times.` };
  });
  const width = Math.max(...flags.map(({ left }) => left.length));
  const lines = flags.map(({ left, right }) => `${left.padEnd(width)}  ${right}`);
  return `${command.summary}\n\n  ${words.join(' ')}\n\n${lines.join('\n')}\n\n${command.help.trim()}\n`;
}
