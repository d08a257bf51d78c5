import { readFileSync } from 'node:fs';
import type { Button, Network } from '@soroka/channels';
import { RE2JS } from 're2js';
import { LineCounter, parseDocument } from 'yaml';
import { AppError } from '../platform/errors.ts';
import { canonicalJson, fold, wordsOf } from './words.ts';

export interface Reply {
  text: string;
  /** Rows of buttons under the text. */
  buttons?: readonly (readonly Button[])[];
}

/** Words that must stand in a row; `isBeginning`: the word of the text may go on. */
export type Phrase = readonly { word: string; isBeginning: boolean }[];

/** Everything that is given must fit. */
export interface Condition {
  /** Any of them. */
  keywords?: readonly Phrase[];
  regex?: RE2JS;
  /** The person came by the Start button or a link; a text: by a link with it. */
  start?: true | string;
  /** A button with this payload was pressed; in canonical form. */
  payload?: string;
  channel?: Network;
  /** Any message or button. */
  fallback?: true;
}

export interface Rule {
  name: string;
  /** Any of them. */
  when: readonly Condition[];
  replies: readonly Reply[];
}

// Bounds of what both networks take. VK: keyboard of 6 rows of 5, 10 in all, label 40, payload 255 (contracts: vk.md 3.3).
// OK publishes none; its cousin TamTam takes 4000 characters of text and one client cuts at 3900.
export const LIMITS = {
  rules: 1_000,
  keywordsPerCondition: 200,
  keywordCharacters: 100,
  regexCharacters: 300,
  repliesPerRule: 3,
  textCharacters: 3_900,
  rows: 6,
  buttonsPerRow: 5,
  buttons: 10,
  labelCharacters: 40,
  payloadCharacters: 255,
  beginningCharactersMin: 3,
} as const;

/** Reads a file of rules. Throws `config.invalid` with every problem: rule, field, what is wrong and what to write instead. */
export function readRules(file: string): readonly Rule[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const problem = `bot rules ${file} cannot be read (${(error as NodeJS.ErrnoException).code}); check SOROKA_BOT_RULES`;
    throw new AppError('config.invalid', problem, { cause: error });
  }
  return parseRules(text, file);
}

/** The same for rules given as text; `file` stands in the messages. The form: docs/bot-rules.md. */
export function parseRules(text: string, file: string): readonly Rule[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems: string[] = [];
  for (const { message, pos } of document.errors) {
    const { line, col } = lines.linePos(pos[0]);
    problems.push(`line ${line}, column ${col}: ${message}`);
  }
  const rules = problems.length > 0 ? [] : rulesOf(document.toJS() as unknown, problems);
  if (problems.length > 0) throw new AppError('config.invalid', `bot rules ${file}: ${problems.join('; ')}`);
  return rules;
}

type Report = (field: string, problem: string) => undefined;

function rulesOf(root: unknown, problems: string[]): Rule[] {
  const report: Report = (field, problem) => void problems.push(`${field} ${problem}`);
  const list = isObject(root) ? root['rules'] : undefined;
  if (!isObject(root) || !Array.isArray(list)) {
    report('the file', 'must be an object with "rules", a list');
    return [];
  }
  refuseUnknown(root, ['rules'], (field, problem) => report(field, problem));
  if (list.length > LIMITS.rules) report('rules', `must be at most ${LIMITS.rules}, got ${list.length}`);
  const names = new Set<string>();
  let fallbackName: string | undefined;
  return list.flatMap((item: unknown, index): Rule[] => {
    const name = isObject(item) && typeof item['name'] === 'string' ? item['name'] : '';
    const at: Report = (field, problem) => report(`rule ${index + 1}${name === '' ? '' : ` "${name}"`}: ${field}`, problem);
    if (!isObject(item)) return at('it', `must be an object with name, when and reply, got ${kindOf(item)}`) ?? [];
    refuseUnknown(item, ['name', 'when', 'reply'], at);
    if (name === '') at('name', 'must be a text that is not empty: it stands in messages about the rule');
    if (names.has(name)) at('name', 'was used by a rule above: give each its own');
    names.add(name);
    if (fallbackName !== undefined)
      at('it', `can never fit: rule "${fallbackName}" above answers everything; put the fallback last`);
    const when = conditionsOf(item['when'], at);
    if (when.some((condition) => condition.fallback && Object.keys(condition).length === 1)) fallbackName ??= name;
    return [{ name, when, replies: repliesOf(item['reply'], at) }];
  });
}

function conditionsOf(given: unknown, report: Report): Condition[] {
  const list = Array.isArray(given) ? given : [given];
  if (list.length === 0) report('when', 'must name at least one condition');
  return list.map((item: unknown, index) => {
    const path = Array.isArray(given) ? `when[${index}]` : 'when';
    if (!isObject(item) || Object.keys(item).length === 0) {
      report(path, `must be an object with ${CONDITION_FIELDS.join(', ')}, got ${kindOf(item)}`);
      return {};
    }
    const at: Report = (field, problem) => report(`${path}.${field}`, problem);
    refuseUnknown(item, CONDITION_FIELDS, at);
    return conditionOf(item, at);
  });
}

const CONDITION_FIELDS = ['keywords', 'regex', 'start', 'payload', 'channel', 'fallback'] as const;

function conditionOf(item: Readonly<Record<string, unknown>>, report: Report): Condition {
  const { keywords, regex, start, payload, channel, fallback } = item;
  const condition: Condition = {};
  if (keywords !== undefined) condition.keywords = phrasesOf(keywords, report);
  if (regex !== undefined) {
    const compiled = regexOf(regex, report);
    if (compiled !== undefined) condition.regex = compiled;
  }
  if (start !== undefined) {
    if (start === true || (typeof start === 'string' && start !== '')) condition.start = start;
    else report('start', `must be true, or the text of the link, got ${kindOf(start)}`);
  }
  if (payload !== undefined) condition.payload = canonicalJson(payload);
  if (channel !== undefined) {
    if (channel === 'vk' || channel === 'ok') condition.channel = channel;
    else report('channel', 'must be vk or ok');
  }
  if (fallback !== undefined) {
    if (fallback === true) condition.fallback = true;
    else report('fallback', `must be true or absent, got ${kindOf(fallback)}`);
  }
  return condition;
}

function phrasesOf(given: unknown, report: Report): Phrase[] {
  if (!Array.isArray(given) || given.length === 0) {
    report('keywords', `must be a list of words, for example [привет, добрый день], got ${kindOf(given)}`);
    return [];
  }
  if (given.length > LIMITS.keywordsPerCondition) report('keywords', `must be at most ${LIMITS.keywordsPerCondition}`);
  return given.map((keyword: unknown, index) => {
    const field = `keywords[${index}]`;
    if (typeof keyword !== 'string') {
      report(field, `must be a text, got ${kindOf(keyword)}: write it in quotes`);
      return [];
    }
    if (keyword.length > LIMITS.keywordCharacters) report(field, `must be at most ${LIMITS.keywordCharacters} characters`);
    const phrase = keyword.split(/\s+/).flatMap((part) => {
      const words = wordsOf(part);
      return words.map((word, at) => ({ word, isBeginning: part.endsWith('*') && at === words.length - 1 }));
    });
    if (phrase.length === 0) report(field, 'holds no letter and no digit');
    if (phrase.some(({ word, isBeginning }) => isBeginning && word.length < LIMITS.beginningCharactersMin)) {
      report(field, `must have at least ${LIMITS.beginningCharactersMin} letters before *`);
    }
    return phrase;
  });
}

function regexOf(given: unknown, report: Report): RE2JS | undefined {
  if (typeof given !== 'string' || given === '') return report('regex', `must be a text that is not empty, got ${kindOf(given)}`);
  if (given.length > LIMITS.regexCharacters) return report('regex', `must be at most ${LIMITS.regexCharacters} characters`);
  try {
    return RE2JS.compile(fold(given), RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    return report('regex', `is no RE2 expression (${(error as Error).message}); see github.com/google/re2/wiki/Syntax`);
  }
}

function repliesOf(given: unknown, report: Report): Reply[] {
  const list = Array.isArray(given) ? given : [given];
  if (list.length === 0 || list.length > LIMITS.repliesPerRule) {
    report('reply', `must be one reply or a list of 1 to ${LIMITS.repliesPerRule}`);
  }
  return list.map((item: unknown, index) => {
    const path = Array.isArray(given) ? `reply[${index}]` : 'reply';
    if (typeof item === 'string') return { text: textOf(item, path, report) };
    if (!isObject(item)) {
      report(path, `must be a text or an object with text and buttons, got ${kindOf(item)}`);
      return { text: '' };
    }
    const at: Report = (field, problem) => report(`${path}.${field}`, problem);
    refuseUnknown(item, ['text', 'buttons'], at);
    const text = textOf(item['text'], `${path}.text`, report);
    return item['buttons'] === undefined ? { text } : { text, buttons: rowsOf(item['buttons'], at) };
  });
}

function textOf(given: unknown, field: string, report: Report): string {
  if (typeof given !== 'string' || given.trim() === '') {
    report(field, `must be a text that is not empty, got ${kindOf(given)}`);
    return '';
  }
  if (given.length > LIMITS.textCharacters)
    report(field, `must be at most ${LIMITS.textCharacters} characters, got ${given.length}`);
  return given.trim();
}

function rowsOf(given: unknown, report: Report): Button[][] {
  if (!Array.isArray(given) || !given.every(Array.isArray)) {
    report('buttons', 'must be a list of rows, each a list of {label, payload}');
    return [];
  }
  const rows = given as unknown[][];
  const count = rows.flat().length;
  if (rows.length > LIMITS.rows) report('buttons', `must be at most ${LIMITS.rows} rows, got ${rows.length}`);
  if (count > LIMITS.buttons) report('buttons', `must be at most ${LIMITS.buttons} buttons in all, got ${count}`);
  return rows.map((row, rowIndex) => {
    if (row.length === 0 || row.length > LIMITS.buttonsPerRow) {
      report(`buttons[${rowIndex}]`, `must be 1 to ${LIMITS.buttonsPerRow} buttons, got ${row.length}`);
    }
    return row.map((button, index) => buttonOf(button, `buttons[${rowIndex}][${index}]`, report));
  });
}

function buttonOf(given: unknown, path: string, report: Report): Button {
  if (!isObject(given)) {
    report(path, `must be an object with label and payload, got ${kindOf(given)}`);
    return { label: '', payload: 'null' };
  }
  refuseUnknown(given, ['label', 'payload'], (field, problem) => report(`${path}.${field}`, problem));
  const { label, payload } = given;
  const isLabel = typeof label === 'string' && label.trim() !== '' && [...label].length <= LIMITS.labelCharacters;
  if (!isLabel) report(`${path}.label`, `must be a text of 1 to ${LIMITS.labelCharacters} characters`);
  if (payload === undefined || payload === null) report(`${path}.payload`, 'is missing: a rule recognises the button by it');
  const payloadText = canonicalJson(payload ?? null);
  if (payloadText.length > LIMITS.payloadCharacters)
    report(`${path}.payload`, `must be at most ${LIMITS.payloadCharacters} characters as JSON`);
  return { label: isLabel ? label.trim() : '', payload: payloadText };
}

function refuseUnknown(item: Readonly<Record<string, unknown>>, known: readonly string[], report: Report): void {
  for (const field of Object.keys(item)) {
    if (!known.includes(field)) report(field, `is not known here; there is ${known.join(', ')}`);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return value === '' ? 'an empty text' : `a ${typeof value === 'string' ? 'text' : typeof value}`;
}
