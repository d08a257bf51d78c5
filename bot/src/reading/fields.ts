import { RE2JS } from 're2js';
import { fold } from '../matching/matching.ts';
import { type Item, isObject, kindOf, type Report } from './report.ts';

const REGEX_CHARACTERS_MAX = 300;
const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const WAIT_MAX_MS = 366 * 86_400_000;
const VARIABLE = /^[\p{L}_][\p{L}\p{N}_]{0,59}$/u;

/** Milliseconds of `30s`, `10m`, `2h` or `1d`; undefined for anything else, and for more than a year. */
export function durationMs(given: unknown): number | undefined {
  const [, count = '', unit = ''] = (typeof given === 'string' && /^(\d{1,6})\s*([smhd])$/.exec(given.trim())) || [];
  const ms = Number(count) * (UNITS_MS[unit] ?? 0);
  return ms > 0 && ms <= WAIT_MAX_MS ? ms : undefined;
}

// Each gives undefined where the field is absent, and where it is wrong and was reported.

export function textField(item: Item, field: string, report: Report, charactersMax: number): string | undefined {
  const given = item[field];
  if (given === undefined) return undefined;
  if (typeof given !== 'string' || given.trim() === '')
    return report(field, `must be a text that is not empty, got ${kindOf(given)}`);
  const count = [...given.trim()].length;
  if (count > charactersMax) return report(field, `must be at most ${charactersMax} characters, got ${count}`);
  return given.trim();
}

export function numberField(item: Item, field: string, report: Report, from: number, to: number): number | undefined {
  const given = item[field];
  if (given === undefined) return undefined;
  if (typeof given === 'number' && given >= from && given <= to) return given;
  return report(field, `must be a number from ${from} to ${to}, got ${typeof given === 'number' ? given : kindOf(given)}`);
}

export function durationField(item: Item, field: string, report: Report): number | undefined {
  const given = item[field];
  if (given === undefined) return undefined;
  const ms = durationMs(given);
  return ms ?? report(field, 'must be a duration such as 30s, 10m, 2h or 1d, at most 366 days');
}

export function trueField(item: Item, field: string, report: Report): boolean {
  const given = item[field];
  if (given !== undefined && typeof given !== 'boolean') report(field, `must be true or false, got ${kindOf(given)}`);
  return given === true;
}

export function oneOfField<T extends string>(item: Item, field: string, report: Report, known: readonly T[]): T | undefined {
  const given = item[field];
  if (given === undefined) return undefined;
  return known.find((name) => name === given) ?? report(field, `must be ${known.join(' or ')}`);
}

/** A name that texts may use as `{{ name }}`. */
export function variableField(item: Item, field: string, report: Report): string | undefined {
  const given = item[field];
  if (given === undefined) return undefined;
  if (isVariable(given)) return given;
  return report(field, 'must be the name of a variable: letters, digits and _, not a digit first, at most 60');
}

export function isVariable(given: unknown): given is string {
  return typeof given === 'string' && VARIABLE.test(given);
}

export function regexField(item: Item, field: string, report: Report): RE2JS | undefined {
  const given = item[field];
  if (given === undefined) return undefined;
  if (typeof given !== 'string' || given === '') return report(field, `must be a text that is not empty, got ${kindOf(given)}`);
  if (given.length > REGEX_CHARACTERS_MAX) return report(field, `must be at most ${REGEX_CHARACTERS_MAX} characters`);
  try {
    return RE2JS.compile(fold(given), RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    return report(field, `is no RE2 expression (${(error as Error).message}); see github.com/google/re2/wiki/Syntax`);
  }
}

/** A list of texts, or one text. */
export function textsField(
  item: Item,
  field: string,
  report: Report,
  countMax: number,
  charactersMax: number,
): string[] | undefined {
  const given = item[field];
  if (given === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length === 0 || list.length > countMax) return report(field, `must be a text or a list of 1 to ${countMax}`);
  const texts = list.map((text, index) =>
    textField({ [`${field}[${index}]`]: text ?? null }, `${field}[${index}]`, report, charactersMax),
  );
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

/** The mapping under a field. */
export function itemField(item: Item, field: string, report: Report, shape: string): Item | undefined {
  const given = item[field];
  if (given === undefined) return undefined;
  return isObject(given) ? given : report(field, `must be an object with ${shape}, got ${kindOf(given)}`);
}
