import { readFile } from 'node:fs/promises';
import { type Given, type Surroundings, UsageError } from './command.ts';

/** A whole number, or undefined where the flag is absent. Range checks belong to the module that keeps it. */
export function integerFlag(given: Given, name: string): number | undefined {
  const text = given.flag(name);
  if (text === undefined) return undefined;
  if (!/^-?\d{1,15}$/.test(text)) throw new UsageError(`--${name} must be a whole number, not "${text}".`);
  return Number(text);
}

/** A whole number, or null for `none`. */
export function integerOrNoneFlag(given: Given, name: string): number | null | undefined {
  return given.flag(name) === 'none' ? null : integerFlag(given, name);
}

export function choiceFlag<Choice extends string>(given: Given, name: string, choices: readonly Choice[]): Choice | undefined {
  const text = given.flag(name);
  if (text === undefined) return undefined;
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) throw new UsageError(`--${name} must be ${choices.join(' or ')}, not "${text}".`);
  return choice;
}

/** Words by comma, each one of the choices. */
export function choicesFlag<Choice extends string>(given: Given, name: string, choices: readonly Choice[]): Choice[] | undefined {
  return given
    .flag(name)
    ?.split(',')
    .map((word) => {
      const choice = choices.find((candidate) => candidate === word.trim());
      if (choice === undefined) throw new UsageError(`--${name} must be ${choices.join(', ')} by comma, not "${word.trim()}".`);
      return choice;
    });
}

export function integerArgument(given: Given, index: number, what: string): number {
  const text = given.arguments[index] ?? '';
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${what} must be a number, not "${text}".`);
  return Number(text);
}

/**
 * The text of `--name`, or of the file in `--name-file`; `-` in either is standard input. Undefined where neither is given.
 * White space at the ends goes: editors and shells add a line break.
 */
export async function textOrFile(given: Given, surroundings: Surroundings, name: string): Promise<string | undefined> {
  const [text, file] = [given.flag(name), given.flag(`${name}-file`)];
  if (text !== undefined && file !== undefined) throw new UsageError(`Give --${name} or --${name}-file, not both.`);
  if (text === '-' || file === '-') return (await surroundings.readInput()).trim();
  return file === undefined ? text : (await readFile(file, 'utf8')).trim();
}
